// SPDX-License-Identifier: Apache-2.0
// The steps of a softmax over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_SOFTMAX_H_
#define OCTET_CPU_VECTOR_SOFTMAX_H_

#include <cstdint>

#include "cpu/row_kernels.h"
#include "cpu/vector_block.h"
#include "numerics/activation.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorSoftmax {
  using Floats = typename V::Floats;
  using Mask = typename V::Mask;

  /** Lanes without an element are left out of the greatest. */
  static Mask Present(AllLanes<V>, const Floats& term) { return V::Equal(term, term); }
  static Mask Present(FirstLanes<V> lanes, const Floats& term) {
    return V::And(V::FirstLanes(lanes.count), V::Equal(term, term));
  }
  static Mask Nan(AllLanes<V>, const Floats& term) { return V::IsNan(term); }
  static Mask Nan(FirstLanes<V> lanes, const Floats& term) {
    return V::And(V::FirstLanes(lanes.count), V::IsNan(term));
  }

  template <bool kBias, bool kMask>
  static void TermsWith(const void* values, const SoftmaxTerms& terms, int64_t count, float* out,
                        GreatestTerm* greatest) {
    const Floats scale = V::Set(terms.scale);
    const Floats none = V::Set(-numerics::Infinity());
    Floats most = none;
    Mask nan = V::None();
    ForEachVector<V>(count, [&](auto lanes) {
      Floats term = V::Mul(lanes.template Load<float>(values), scale);
      if constexpr (kBias) term = V::Add(term, lanes.template Load<float>(terms.bias));
      if constexpr (kMask) {
        term = V::Select(lanes.ZeroBytes(terms.mask), none, term);
      }
      nan = V::Or(nan, Nan(lanes, term));
      most = V::Max(V::Select(Present(lanes, term), term, none), most);
      lanes.template Store<float>(out, term);
    });
    float lanes[kWidth];
    V::Store(lanes, most);
    for (float lane : lanes) greatest->value = lane > greatest->value ? lane : greatest->value;
    greatest->nan = greatest->nan || V::Any(nan);
  }

  static void Terms(const void* values, const SoftmaxTerms& terms, int64_t count, float* out, GreatestTerm* greatest) {
    if (terms.bias != nullptr && terms.mask != nullptr) {
      TermsWith<true, true>(values, terms, count, out, greatest);
    } else if (terms.bias != nullptr) {
      TermsWith<true, false>(values, terms, count, out, greatest);
    } else if (terms.mask != nullptr) {
      TermsWith<false, true>(values, terms, count, out, greatest);
    } else {
      TermsWith<false, false>(values, terms, count, out, greatest);
    }
  }

  static float Exponentials(float* values, float greatest, int64_t count) {
    const Floats most = V::Set(greatest);
    return SumOfBlock<V>(count, [&](auto lanes, Floats sum) {
      const Floats e = numerics::ExpOfNonPositiveLanes<V>(V::Sub(lanes.template Load<float>(values), most));
      lanes.template Store<float>(values, e);
      return V::Add(sum, e);
    });
  }

  static void Multiply(const float* values, float factor, int64_t count, void* out) {
    const Floats factors = V::Set(factor);
    ForEachVector<V>(count, [&](auto lanes) {
      lanes.template Store<float>(out, V::Mul(lanes.template Load<float>(values), factors));
    });
  }

  static constexpr SoftmaxKernels Make() { return {Terms, Exponentials, Multiply}; }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_SOFTMAX_H_
