// SPDX-License-Identifier: Apache-2.0
// The steps of attention between its two products over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_ATTENTION_H_
#define OCTET_CPU_VECTOR_ATTENTION_H_

#include <cstdint>

#include "core/packed_gemm.h"
#include "cpu/product_kernels.h"
#include "cpu/vector_codes.h"
#include "cpu/vector_kernels.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorAttention {
  using Floats = typename V::Floats;
  using Integers = typename V::Integers;
  using Mask = typename V::Mask;

  template <bool kBias, bool kMask>
  static void ScoresWith(const ScoreStep& step) {
    const Floats scale = V::Set(step.scale);
    const Floats none = V::Set(-numerics::Infinity());
    // Locals, which stores can't change as far as the compiler can tell.
    const int32_t* const column_offsets = step.column_offsets;
    const float* const column_scales = step.column_scales;
    for (int r = 0; r < step.rows; ++r) {
      const int64_t seen = step.visible[r] - step.first;
      const int64_t count = seen < step.columns ? seen : step.columns;
      if (count <= 0) continue;
      const Integers row_offset = V::SetInteger(step.row_offsets[r]);
      const Floats row_scale = V::Set(step.row_scales[r * step.row_scale_step]);
      const int32_t* const sums = step.sums + r * kPanelColumns;
      float* const terms = step.terms + r * step.stride + step.first;
      const char* const bias = kBias ? step.bias[r] + step.first * 4 : nullptr;
      const char* const mask = kMask ? step.mask[r] + step.first : nullptr;
      Floats most = V::Load(step.greatest + r * kWidth);
      // Buffers are padded: whole vectors but for what comes from outside.
      ForEachVector<V>(count, [&](auto lanes) {
        const int64_t c = lanes.first;
        const Integers sum = V::Sub(V::Sub(V::LoadIntegers(sums + c), V::LoadIntegers(column_offsets + c)), row_offset);
        Floats term = V::Mul(V::ToFloats(sum), V::Mul(row_scale, V::Load(column_scales + c)));
        term = V::Mul(term, scale);
        if constexpr (kBias) term = V::Add(term, lanes.template Load<float>(bias));
        if constexpr (kMask) term = V::Select(lanes.ZeroBytes(mask), none, term);
        // Max leaves NaN out: it is the first operand.
        most = V::Max(Present(lanes, term, none), most);
        V::Store(terms + c, term);
      });
      V::Store(step.greatest + r * kWidth, most);
    }
  }

  static Floats Present(AllLanes<V>, const Floats& term, const Floats&) { return term; }
  static Floats Present(FirstLanes<V> lanes, const Floats& term, const Floats& none) {
    return V::Select(V::FirstLanes(lanes.count), term, none);
  }

  static void Scores(const ScoreStep& step) {
    if (step.bias != nullptr && step.mask != nullptr) {
      ScoresWith<true, true>(step);
    } else if (step.bias != nullptr) {
      ScoresWith<true, false>(step);
    } else if (step.mask != nullptr) {
      ScoresWith<false, true>(step);
    } else {
      ScoresWith<false, false>(step);
    }
  }

  static void Greatest(const float* lanes, int rows, float* greatest) {
    for (int r = 0; r < rows; ++r) greatest[r] = V::GreatestLane(V::Load(lanes + r * kWidth));
  }

  static void Probabilities(const float* values, float factor, numerics::Step step, numerics::Limits limits,
                            int64_t count, uint8_t* codes) {
    const Floats factors = V::Set(factor);
    WithCodes<V>(step, limits, [&](const auto& coder) {
      for (int64_t i = 0; i < count; i += kWidth) {
        // Exponentials and their factor are numbers, or the row is NaN whatever its codes.
        V::StoreIntegersU8(codes + i, coder.OfNumbers(V::Mul(V::Load(values + i), factors)));
      }
    });
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_ATTENTION_H_
