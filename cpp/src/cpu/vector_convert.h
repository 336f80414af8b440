// SPDX-License-Identifier: Apache-2.0
// Rows to and from f32 over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_CONVERT_H_
#define OCTET_CPU_VECTOR_CONVERT_H_

#include <cstdint>

#include "cpu/row_kernels.h"
#include "cpu/vector_codes.h"
#include "cpu/vector_kernels.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorConvert {
  using Floats = typename V::Floats;
  using Step = numerics::Step;
  using Limits = numerics::Limits;

  static VectorStep<V> Steps(Step step) { return {V::Set(step.scale), V::Set(step.zero_point)}; }

  template <typename T>
  static void LoadFloats(const void* row, Step, int64_t count, void* values) {
    ForEachVector<V>(count, [&](auto lanes) { lanes.template Store<float>(values, lanes.template Load<T>(row)); });
  }

  template <typename T>
  static void LoadCodes(const void* row, Step step, int64_t count, void* values) {
    const VectorStep<V> steps = Steps(step);
    ForEachVector<V>(count, [&](auto lanes) {
      lanes.template Store<float>(values, ValueOfCodeVector<V>(lanes.template Load<T>(row), steps));
    });
  }

  template <typename T>
  static void AddFloats(const void* values, const void* row, Step, int64_t count, void* sums) {
    ForEachVector<V>(count, [&](auto lanes) {
      lanes.template Store<float>(sums, V::Add(lanes.template Load<float>(values), lanes.template Load<T>(row)));
    });
  }

  template <typename T>
  static void AddCodes(const void* values, const void* row, Step step, int64_t count, void* sums) {
    const VectorStep<V> steps = Steps(step);
    ForEachVector<V>(count, [&](auto lanes) {
      const Floats value = ValueOfCodeVector<V>(lanes.template Load<T>(row), steps);
      lanes.template Store<float>(sums, V::Add(lanes.template Load<float>(values), value));
    });
  }

  template <typename T>
  static void StoreFloats(const void* values, Step, Limits, int64_t count, void* row) {
    ForEachVector<V>(count, [&](auto lanes) { lanes.template Store<T>(row, lanes.template Load<float>(values)); });
  }

  template <typename T>
  static void StoreCodes(const void* values, Step step, Limits limits, int64_t count, void* row) {
    WithCodes<V>(step, limits, [&](const auto& codes) {
      ForEachVector<V>(count, [&](auto lanes) {
        lanes.template StoreIntegers<T>(row, codes.Of(lanes.template Load<float>(values)));
      });
    });
  }

  static constexpr ConvertKernels Make() {
    return {{LoadFloats<float>, LoadFloats<Float16>, LoadFloats<BFloat16>, LoadCodes<int8_t>, LoadCodes<uint8_t>},
            {AddFloats<float>, AddFloats<Float16>, AddFloats<BFloat16>, AddCodes<int8_t>, AddCodes<uint8_t>},
            {StoreFloats<float>, StoreFloats<Float16>, StoreFloats<BFloat16>, StoreCodes<int8_t>, StoreCodes<uint8_t>}};
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_CONVERT_H_
