// SPDX-License-Identifier: Apache-2.0
// Steps of masked means and normalisations over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_REDUCE_H_
#define OCTET_CPU_VECTOR_REDUCE_H_

#include <cstdint>

#include "cpu/row_kernels.h"
#include "cpu/vector_kernels.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorReduce {
  static void Accumulate(const void* values, float factor, int64_t count, float* sums) {
    const auto factors = V::Set(factor);
    ForEachVector<V>(count, [&](auto lanes) {
      const auto sum = V::Fma(lanes.template Load<float>(values), factors, lanes.template Load<float>(sums));
      lanes.template Store<float>(sums, sum);
    });
  }

  static void Divide(const void* values, float divisor, int64_t count, void* out) {
    const auto divisors = V::Set(divisor);
    ForEachVector<V>(count, [&](auto lanes) {
      lanes.template Store<float>(out, V::Div(lanes.template Load<float>(values), divisors));
    });
  }

  static constexpr ReduceKernels Make() { return {Accumulate, Divide}; }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_REDUCE_H_
