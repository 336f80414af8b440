// SPDX-License-Identifier: Apache-2.0
// The steps of LayerNorm and RMSNorm over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_NORM_H_
#define OCTET_CPU_VECTOR_NORM_H_

#include <cstdint>

#include "cpu/row_kernels.h"
#include "cpu/vector_block.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorNorm {
  using Floats = typename V::Floats;

  static float Sum(const void* values, int64_t count) {
    return SumOfBlock<V>(count,
                         [&](auto lanes, Floats sum) { return V::Add(sum, lanes.template Load<float>(values)); });
  }

  static float Squares(const void* values, float mean, int64_t count) {
    const Floats means = V::Set(mean);
    return SumOfBlock<V>(count, [&](auto lanes, Floats sum) {
      const Floats difference = V::Sub(lanes.template Load<float>(values), means);
      return V::Fma(difference, difference, sum);
    });
  }

  template <bool kWeight, bool kBias>
  static void NormalizeWith(const void* values, const NormRow& row, int64_t count, void* out) {
    const Floats mean = V::Set(row.mean);
    const Floats inverse = V::Set(row.inverse_deviation);
    ForEachVector<V>(count, [&](auto lanes) {
      Floats y = V::Mul(V::Sub(lanes.template Load<float>(values), mean), inverse);
      if constexpr (kWeight && kBias) {
        y = V::Fma(y, lanes.template Load<float>(row.weight), lanes.template Load<float>(row.bias));
      } else if constexpr (kWeight) {
        y = V::Mul(y, lanes.template Load<float>(row.weight));
      } else if constexpr (kBias) {
        y = V::Add(y, lanes.template Load<float>(row.bias));
      }
      lanes.template Store<float>(out, y);
    });
  }

  static void Normalize(const void* values, const NormRow& row, int64_t count, void* out) {
    if (row.weight != nullptr && row.bias != nullptr) {
      NormalizeWith<true, true>(values, row, count, out);
    } else if (row.weight != nullptr) {
      NormalizeWith<true, false>(values, row, count, out);
    } else if (row.bias != nullptr) {
      NormalizeWith<false, true>(values, row, count, out);
    } else {
      NormalizeWith<false, false>(values, row, count, out);
    }
  }

  static constexpr NormKernels Make() { return {Sum, Squares, Normalize}; }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_NORM_H_
