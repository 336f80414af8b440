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
// Two operations are enough for nearly every scale, with the rest 1 / scale - r in a float of its own
// (TwoProductCodes):
//
//     q = x * r + x * rest           the bracket (x * rest) and the line rounded once
//
// Before the last rounding that is within some 2^-47 of the quotient, so that q is the rounded quotient or its
// neighbour, and differs where the quotient lies as close as that to the middle of two floats. For codes it matters
// only next to the ties between them. There are at most 255, and a value more than two units in the last place from the
// float next to a tie times the scale is on the same side of the tie in both ways; so five values a tie tell whether a
// scale has the right codes for all.
#ifndef OCTET_CPU_VECTOR_CODES_H_
#define OCTET_CPU_VECTOR_CODES_H_

#include "cpu/vector_lanes.h"
#include "numerics/grid.h"

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

/** The same without divisions. */
template <typename V>
class CorrectedCodes {
 public:
  using Floats = typename V::Floats;
  using Integers = typename V::Integers;

  /** For every x. */
  static bool Fit(numerics::Step step, numerics::Limits limits) {
    return step.scale >= 0x1p-60f && step.scale <= 0x1p60f && IsSmallWholeNumber(step.zero_point) &&
           IsSmallWholeNumber(limits.int_min) && IsSmallWholeNumber(limits.int_max) && limits.int_min <= limits.int_max;
  }

  CorrectedCodes(numerics::Step step, numerics::Limits limits)
      : scale_(V::Set(step.scale)),
        reciprocal_(V::Set(1.0f / step.scale)),
        low_(V::Set((limits.int_min - step.zero_point) * step.scale)),
        high_(V::Set((limits.int_max - step.zero_point) * step.scale)),
        zero_point_(V::SetInteger(static_cast<int32_t>(step.zero_point))),
        offset_(V::SetInteger(kRoundingBits - static_cast<int32_t>(step.zero_point))) {}

  /** NaN is the zero point. */
  Integers Of(Floats x) const { return V::Select(V::IsNan(x), zero_point_, OfNumbers(x)); }

  /** Any number of NaN. */
  Integers OfNumbers(Floats x) const { return V::Sub(V::Bits(Rounded(x)), offset_); }

  /** The value of the code. NaN stays. */
  Floats ValueOf(Floats x) const { return V::Mul(scale_, V::Sub(Rounded(x), V::Set(kRounding))); }

 private:
  static constexpr float kRounding = 0x1.8p23f;
  static constexpr int32_t kRoundingBits = 0x4b400000;

  /** Half of 2^20: a difference of two is below that. */
  static bool IsSmallWholeNumber(float a) {
    return a >= -0x1p19f && a <= 0x1p19f && static_cast<float>(static_cast<int32_t>(a)) == a;
  }

  Floats Rounded(Floats x) const {
    const Floats limited = ClampVector<V>(x, low_, high_);
    Floats quotient = V::Mul(limited, reciprocal_);
    quotient = V::Fma(V::FmaMinus(quotient, scale_, limited), reciprocal_, quotient);
    quotient = V::Fma(V::FmaMinus(quotient, scale_, limited), reciprocal_, quotient);
    return V::Add(quotient, V::Set(kRounding));
  }

  Floats scale_;
  Floats reciprocal_;
  Floats low_;
  Floats high_;
  Integers zero_point_;
  Integers offset_;
};

/** The same by two operations, before clamps, where they are the same. */
template <typename V>
class TwoProductCodes {
 public:
  using Floats = typename V::Floats;

  /** Whether all values have the codes that they should. Limits at most 255 apart. */
  static bool Fit(numerics::Step step, numerics::Limits limits) {
    if constexpr (!V::kHasFma) return false;
    if (!CorrectedCodes<V>::Fit(step, limits) || limits.int_max - limits.int_min > 255.0f) return false;
    const Floats scale = V::Set(step.scale);
    const Floats reciprocal = V::Set(1.0f / step.scale);
    const Floats rest = V::Set(numerics::ReciprocalRest(step.scale));
    const Floats rounding = V::Set(0x1.8p23f);
    const float first_tie = limits.int_min - step.zero_point + 0.5f;
    Floats greatest = V::Set(0.0f);
    for (int i = 0; i < static_cast<int>(limits.int_max - limits.int_min); i += static_cast<int>(kWidth)) {
      int32_t middle[kWidth];
      for (int lane = 0; lane < kWidth; ++lane) {
        const float x = (first_tie + static_cast<float>(i + lane)) * step.scale;
        __builtin_memcpy(middle + lane, &x, sizeof(x));
      }
      for (int32_t units = -2; units <= 2; ++units) {
        float near[kWidth];
        for (int lane = 0; lane < kWidth; ++lane) {
          const int32_t bits = middle[lane] + units;
          __builtin_memcpy(near + lane, &bits, sizeof(bits));
        }
        const Floats x = V::Load(near);
        const Floats quotient = V::Fma(x, reciprocal, V::Mul(x, rest));
        const Floats difference = V::Sub(V::Add(V::Div(x, scale), rounding), V::Add(quotient, rounding));
        greatest = V::Max(greatest, V::Abs(difference));
      }
    }
    return V::GreatestLane(greatest) == 0.0f;
  }
};

/** Calls body with what makes codes on a grid, by the fastest way there is for it. */
template <typename V, typename Body>
__attribute__((always_inline)) inline void WithCodes(numerics::Step step, numerics::Limits limits, const Body& body) {
  if constexpr (V::kHasFma) {
    if (CorrectedCodes<V>::Fit(step, limits)) {
      body(CorrectedCodes<V>(step, limits));
      return;
    }
  }
  body(DividedCodes<V>(step, limits));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_CODES_H_
