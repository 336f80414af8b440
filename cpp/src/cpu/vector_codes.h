// SPDX-License-Identifier: Apache-2.0
// Codes of values on grids, over vectors of sixteen lanes: V as in vector_lanes.h.
//
// A code rounds the quotient x / scale, which must be the one of a true division: an error of one unit in its last
// place moves values next to a tie. Divisions of vectors are slow (16 cycles for sixteen f32 on Intel's server cores,
// where all else of an epilogue takes some 15), but the same quotient comes from the rounded reciprocal r of the scale
// in five operations, which start two a cycle:
//
//     q0 = x * r                     within 1.5 units in the last place
//     q1 = q0 + (x - q0 * scale) * r within one unit
//     q2 = q1 + (x - q1 * scale) * r the quotient, correctly rounded
//
// each bracket and each line rounded once. The last step is a theorem of Markstein (Computation of elementary functions
// on the IBM RISC System/6000 processor, 1990): a quotient within one unit, whose remainder is then exact, is corrected
// by a correctly rounded reciprocal to the correctly rounded quotient. It needs what lies between to be neither
// infinite nor denormal: scales and limits are looked at, and of quotients so small that a remainder could be denormal
// the code is 0 in any case.
//
// Values are clamped before that, not codes after it, to the ends low = (int_min - zero_point) * scale and high alike,
// each rounded. That is the same: the quotient of an end differs from its whole number by up to 2^-23 of it, an eighth
// as long as the number is below 2^20, so that it rounds to it; quotients between the ends, which a true division does
// not put in another order, round to whole numbers between them; and values beyond an end have the end's code.
//
// Then 1.5 * 2^23 is added, which rounds to the nearest whole number, ties to even, and leaves it in the lowest bits.
//
// Two operations in place of the five are enough for codes of up to eight bits on nearly every grid:
// numerics/quick_codes.h says why.
#ifndef OCTET_CPU_VECTOR_CODES_H_
#define OCTET_CPU_VECTOR_CODES_H_

#include "cpu/vector_lanes.h"
#include "numerics/grid.h"
#include "numerics/quick_codes.h"

namespace octet {
namespace cpu {

/** Parameters of one vector's elements. */
template <typename V>
struct VectorStep {
  typename V::Floats scale;
  typename V::Floats zero_point;
};

template <typename V>
struct VectorLimits {
  typename V::Floats int_min;
  typename V::Floats int_max;

  explicit VectorLimits(numerics::Limits limits) : int_min(V::Set(limits.int_min)), int_max(V::Set(limits.int_max)) {}
};

/** NaN goes through: it is the second operand of both. */
template <typename V>
typename V::Floats ClampVector(typename V::Floats a, typename V::Floats low, typename V::Floats high) {
  return V::Min(high, V::Max(low, a));
}

template <typename V>
typename V::Floats CodeVector(typename V::Floats x, VectorStep<V> step, const VectorLimits<V>& limits) {
  const auto unclamped = V::Add(V::Round(V::Div(x, step.scale)), step.zero_point);
  return ClampVector<V>(unclamped, limits.int_min, limits.int_max);
}

template <typename V>
typename V::Floats ValueOfCodeVector(typename V::Floats code, VectorStep<V> step) {
  return V::Mul(step.scale, V::Sub(code, step.zero_point));
}

/** By true divisions. */
template <typename V>
class DividedCodes {
 public:
  using Floats = typename V::Floats;
  using Integers = typename V::Integers;

  DividedCodes(numerics::Step step, numerics::Limits limits)
      : step_{V::Set(step.scale), V::Set(step.zero_point)}, limits_(limits) {}

  /** NaN is the zero point, 0 if that is NaN too. */
  Integers Of(Floats x) const {
    const Floats code = CodeVector<V>(x, step_, limits_);
    const Floats present = V::Select(V::IsNan(code), step_.zero_point, code);
    return V::Truncate(V::Select(V::IsNan(present), V::Set(0.0f), present));
  }

  Integers OfNumbers(Floats x) const { return Of(x); }

  /** The value of the code. NaN stays. */
  Floats ValueOf(Floats x) const { return ValueOfCodeVector<V>(CodeVector<V>(x, step_, limits_), step_); }

 private:
  VectorStep<V> step_;
  VectorLimits<V> limits_;
};

/** Quotients of numbers by a scale, in five operations. */
template <typename V>
class CorrectedQuotient {
 public:
  using Floats = typename V::Floats;

  /** Whether codes of all quotients are right. */
  static bool Fits(numerics::Step step, numerics::Limits limits) {
    return step.scale >= 0x1p-60f && step.scale <= 0x1p60f && IsSmallWholeNumber(step.zero_point) &&
           IsSmallWholeNumber(limits.int_min) && IsSmallWholeNumber(limits.int_max) && limits.int_min <= limits.int_max;
  }

  explicit CorrectedQuotient(float scale) : scale_(V::Set(scale)), reciprocal_(V::Set(1.0f / scale)) {}

  Floats Of(Floats x) const {
    Floats quotient = V::Mul(x, reciprocal_);
    quotient = V::Fma(V::FmaMinus(quotient, scale_, x), reciprocal_, quotient);
    return V::Fma(V::FmaMinus(quotient, scale_, x), reciprocal_, quotient);
  }

 private:
  /** Half of 2^20: a difference of two is below that. */
  static bool IsSmallWholeNumber(float a) {
    return a >= -0x1p19f && a <= 0x1p19f && static_cast<float>(static_cast<int32_t>(a)) == a;
  }

  Floats scale_;
  Floats reciprocal_;
};

/** Numbers with the codes of quotients, in two. */
template <typename V>
class QuickQuotient {
 public:
  using Floats = typename V::Floats;

  static bool Fits(numerics::Step step, numerics::Limits limits) { return numerics::FitsQuickGrid(step, limits); }

  explicit QuickQuotient(float scale)
      : reciprocal_(V::Set(1.0f / scale)), rest_(V::Set(numerics::ReciprocalRest(scale))) {}

  Floats Of(Floats x) const { return V::Fma(x, reciprocal_, V::Mul(x, rest_)); }

 private:
  Floats reciprocal_;
  Floats rest_;
};

/** The same codes without divisions, for grids that Quotient fits. */
template <typename V, typename Quotient>
class QuotientCodes {
 public:
  using Floats = typename V::Floats;
  using Integers = typename V::Integers;

  QuotientCodes(numerics::Step step, numerics::Limits limits)
      : quotient_(step.scale),
        scale_(V::Set(step.scale)),
        low_(V::Set((limits.int_min - step.zero_point) * step.scale)),
        high_(V::Set((limits.int_max - step.zero_point) * step.scale)),
        zero_point_(V::SetInteger(static_cast<int32_t>(step.zero_point))),
        offset_(V::SetInteger(kRoundingBits - static_cast<int32_t>(step.zero_point))) {}

  /** NaN is the zero point. */
  Integers Of(Floats x) const { return V::Select(V::IsNan(x), zero_point_, OfNumbers(x)); }

  /** Any number of NaN. */
  Integers OfNumbers(Floats x) const { return V::Sub(V::Bits(Rounded(x)), offset_); }

  /** The value of the code. NaN stays. */
  Floats ValueOf(Floats x) const { return V::Mul(scale_, V::Sub(Rounded(x), V::Set(numerics::kRounding))); }

 private:
  static constexpr int32_t kRoundingBits = 0x4b400000;

  Floats Rounded(Floats x) const {
    return V::Add(quotient_.Of(ClampVector<V>(x, low_, high_)), V::Set(numerics::kRounding));
  }

  Quotient quotient_;
  Floats scale_;
  Floats low_;
  Floats high_;
  Integers zero_point_;
  Integers offset_;
};

/** Calls body with what makes codes on a grid, by the fastest way there is for it. */
template <typename V, typename Body>
__attribute__((always_inline)) inline void WithCodes(numerics::Step step, numerics::Limits limits, const Body& body) {
  if constexpr (V::kHasFma) {
    if (QuickQuotient<V>::Fits(step, limits)) {
      body(QuotientCodes<V, QuickQuotient<V>>(step, limits));
      return;
    }
    if (CorrectedQuotient<V>::Fits(step, limits)) {
      body(QuotientCodes<V, CorrectedQuotient<V>>(step, limits));
      return;
    }
  }
  body(DividedCodes<V>(step, limits));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_CODES_H_
