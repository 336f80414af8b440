// SPDX-License-Identifier: Apache-2.0
// Codes of values on one grid for all of them, over vectors of sixteen lanes: V as in vector_kernels.h.
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
// infinite nor denormal: scales are looked at, values are limited to 2^20 steps, beyond all codes of 8 bits, and of
// quotients so small that a remainder could be denormal the code is 0 in any case.
#ifndef OCTET_CPU_VECTOR_CODES_H_
#define OCTET_CPU_VECTOR_CODES_H_

#include "cpu/vector_kernels.h"

namespace octet {
namespace cpu {

/** Codes by true divisions. */
template <typename V>
class DividedCodes {
 public:
  using Floats = typename V::Floats;

  DividedCodes(numerics::Step step, numerics::Limits limits)
      : step_{V::Set(step.scale), V::Set(step.zero_point)}, limits_(limits) {}

  /** NaN is the zero point. */
  Floats Of(Floats x) const {
    const Floats code = CodeVector<V>(x, step_, limits_);
    return V::Select(V::IsNan(code), step_.zero_point, code);
  }

 private:
  VectorStep<V> step_;
  VectorLimits<V> limits_;
};

/** The same codes without divisions. */
template <typename V>
class CorrectedCodes {
 public:
  using Floats = typename V::Floats;

  static bool Fit(numerics::Step step) { return step.scale >= 0x1p-60f && step.scale <= 0x1p60f; }

  CorrectedCodes(numerics::Step step, numerics::Limits limits)
      : scale_(V::Set(step.scale)),
        reciprocal_(V::Set(1.0f / step.scale)),
        greatest_(V::Set(step.scale * 0x1p20f)),
        least_(V::Set(step.scale * -0x1p20f)),
        zero_point_(V::Set(step.zero_point)),
        limits_(limits) {}

  Floats Of(Floats x) const {
    const Floats limited = ClampVector<V>(x, least_, greatest_);
    Floats quotient = V::Mul(limited, reciprocal_);
    quotient = V::Fma(V::FmaMinus(quotient, scale_, limited), reciprocal_, quotient);
    quotient = V::Fma(V::FmaMinus(quotient, scale_, limited), reciprocal_, quotient);
    const Floats unclamped = V::Add(V::Round(quotient), zero_point_);
    const Floats code = ClampVector<V>(unclamped, limits_.int_min, limits_.int_max);
    return V::Select(V::IsNan(x), zero_point_, code);
  }

 private:
  Floats scale_;
  Floats reciprocal_;
  Floats greatest_;
  Floats least_;
  Floats zero_point_;
  VectorLimits<V> limits_;
};

/** Calls body with what makes codes of s8 or u8, by the fastest way there is for the step. */
template <typename V, typename Body>
__attribute__((always_inline)) inline void WithCodes(numerics::Step step, numerics::Limits limits, const Body& body) {
  if constexpr (V::kHasFma) {
    if (CorrectedCodes<V>::Fit(step)) {
      body(CorrectedCodes<V>(step, limits));
      return;
    }
  }
  body(DividedCodes<V>(step, limits));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_CODES_H_
