// SPDX-License-Identifier: Apache-2.0
// One float with the operations of the vectors in cpu/vector_kernels.h: formulas that are templates over a vector are
// evaluated with it in scalar code, and so with the same operations in the same order.
#ifndef OCTET_NUMERICS_ONE_LANE_H_
#define OCTET_NUMERICS_ONE_LANE_H_

#include "numerics/portable.h"
#include "numerics/rounding.h"

namespace octet {
namespace numerics {

struct OneLane {
  using Floats = float;
  using Mask = bool;

  OCTET_MATH Floats Set(float value) { return value; }
  OCTET_MATH Floats Add(Floats a, Floats b) { return a + b; }
  OCTET_MATH Floats Sub(Floats a, Floats b) { return a - b; }
  OCTET_MATH Floats Mul(Floats a, Floats b) { return a * b; }
  OCTET_MATH Floats Div(Floats a, Floats b) { return a / b; }
  /** a * b + c, rounded once. */
  OCTET_MATH Floats Fma(Floats a, Floats b, Floats c) { return numerics::Fma(a, b, c); }
  /** c - a * b, rounded once. */
  OCTET_MATH Floats FmaMinus(Floats a, Floats b, Floats c) { return numerics::Fma(-a, b, c); }
  /** b if either is NaN or they are equal. */
  OCTET_MATH Floats Min(Floats a, Floats b) { return a < b ? a : b; }
  /** b if either is NaN or they are equal. */
  OCTET_MATH Floats Max(Floats a, Floats b) { return a > b ? a : b; }
  OCTET_MATH Floats Sqrt(Floats a) { return SquareRoot(a); }
  OCTET_MATH Floats Round(Floats a) { return RoundHalfEven(a); }
  OCTET_MATH Floats Abs(Floats a) { return FloatOf(BitsOf(a) & 0x7fffffffu); }
  OCTET_MATH Floats CopySign(Floats magnitude, Floats sign) {
    return FloatOf((BitsOf(magnitude) & 0x7fffffffu) | (BitsOf(sign) & 0x80000000u));
  }
  /** 2^k of kExponentShift + k for whole -126 <= k <= 127; any number for what else there is. */
  OCTET_MATH Floats ShiftedPowerOfTwo(Floats shifted) { return FloatOf(BitsOf(shifted) << 23); }
  /** k of a = m * 2^k, 1 <= |m| < 2, for normal numbers; any number for what else there is. */
  OCTET_MATH Floats Exponent(Floats a) { return static_cast<float>((BitsOf(a) >> 23) & 0xffu) - 127.0f; }
  /** m of a = m * 2^k for normal positive numbers; any number for what else there is. */
  OCTET_MATH Floats Mantissa(Floats a) { return FloatOf((BitsOf(a) & 0x7fffffu) | 0x3f800000u); }
  OCTET_MATH Mask Equal(Floats a, Floats b) { return a == b; }
  OCTET_MATH Mask LessEqual(Floats a, Floats b) { return a <= b; }
  OCTET_MATH Floats Select(Mask mask, Floats yes, Floats no) { return mask ? yes : no; }
};

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_ONE_LANE_H_
