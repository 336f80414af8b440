// SPDX-License-Identifier: Apache-2.0
// Rounding, clamping and the like, with NaN as PyTorch treats it: it goes through.
#ifndef OCTET_NUMERICS_ROUNDING_H_
#define OCTET_NUMERICS_ROUNDING_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

/** To the nearest whole number, ties to the even one. */
OCTET_MATH float RoundHalfEven(float value) {
  const float magnitude = FloatOf(BitsOf(value) & 0x7fffffffu);
  // From 2^23 on every float is whole; infinity and NaN take this way too.
  if (!(magnitude < 8388608.0f)) return value;
  const float rounded = (magnitude + 8388608.0f) - 8388608.0f;
  return FloatOf(BitsOf(rounded) | (BitsOf(value) & 0x80000000u));
}

OCTET_MATH float Clamp(float value, float low, float high) {
  const float raised = value < low ? low : value;
  return raised > high ? high : raised;
}

/** The lesser one; NaN if either is. */
OCTET_MATH float MinNan(float a, float b) {
  if (IsNan(a)) return a;
  return b < a || IsNan(b) ? b : a;
}

/** The greater one; NaN if either is. */
OCTET_MATH float MaxNan(float a, float b) {
  if (IsNan(a)) return a;
  return b > a || IsNan(b) ? b : a;
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_ROUNDING_H_
