// SPDX-License-Identifier: Apache-2.0
// Codes on grids of up to 255 steps on either side of the zero point, without divisions and bit for bit those of
// grid.h.
//
// A code rounds the quotient of a true division, q = RN(z) with z = x / scale, to a whole number, ties to even. Here
// the quotient is RN(x * reciprocal + RN(x * rest)), where the reciprocal is 1 / scale rounded and the rest what it
// lacks: two operations. It is not q for every x, but it has the code of q. Both round a number to a float and that to
// a whole number, and these numbers differ by a factor of 1 + d, |d| < 2^-46: rest is rounded by 2^-24 of itself, which
// is 2^-48 of the reciprocal, and its product by as much again. So codes differ only if one of the places where the
// code changes lies between the two numbers.
//
// Those places are half a unit in the last place away from ties: m = 2^(j-24) * M, M = (2n + 1) * 2^(23-j) +- 1, for
// the tie n + 1/2 between 2^j and 2^(j+1), j <= 7. With a and b, the 24-bit significands of x and scale, and a number e
// >= 24 that makes z and m about as large, z - m = 2^(j-24) / b * (a * 2^e - M * b), and the bracket is a multiple of
// 2^16, plus or minus b. So if b is at least 8 away from every multiple of 2^16, the bracket is at least 8 and z and m
// differ by 2^-46 of them. If b is a multiple itself, so is the bracket, and it is not 0: M is odd and has 25 bits,
// more than a. That leaves 15 of 65536 significands, whose grids do not fit. Checked once for every significand at the
// ties below 255 and the floats next to them, 6.4e9 quotients: all codes of grids that fit are right, and one of the
// others is not.
//
// Values are clamped before that, not codes after it, to the ends low = (int_min - zero_point) * scale and high alike,
// each rounded: the quotient of an end differs from its whole number by 2^-24 of it at most and rounds to it, and what
// lies beyond an end has the end's code. Then 1.5 * 2^23 is added, which rounds to a whole number, ties to even, and
// leaves it in the lowest bits.
//
// Scales between 2^-60 and 2^60 keep all of this from overflow, and from denormal numbers where the code is not 0.
#ifndef OCTET_NUMERICS_QUICK_CODES_H_
#define OCTET_NUMERICS_QUICK_CODES_H_

#include "numerics/grid.h"
#include "numerics/portable.h"
#include "numerics/rounding.h"

namespace octet {
namespace numerics {

/** Added to a small number it rounds it; the whole number is then in the lowest bits. */
constexpr float kRounding = 12582912.0f;

struct QuickGrid {
  /** 1 / scale, as a sum. */
  float reciprocal;
  float rest;
  /** Values whose codes are the ends of the grid. */
  float low;
  float high;
};

/** Whether a whole number, at most `most` in magnitude, and not -0. */
OCTET_MATH bool IsWholeUpTo(float value, float most) {
  return value >= -most && value <= most && static_cast<float>(static_cast<int32_t>(value)) == value &&
         BitsOf(value) != 0x80000000u;
}

/** Whether a grid has a QuickGrid. */
OCTET_MATH bool FitsQuickGrid(Step step, Limits limits) {
  const uint32_t low_bits = BitsOf(step.scale) & 0xffffu;
  const bool no_step_is_near = low_bits == 0 || (low_bits >= 8 && low_bits <= 0x10000u - 8);
  return step.scale >= 8.673617379884035e-19f && step.scale <= 1152921504606846976.0f && no_step_is_near &&
         IsWholeUpTo(step.zero_point, 32768.0f) && IsWholeUpTo(limits.int_min - step.zero_point, 255.0f) &&
         IsWholeUpTo(limits.int_max - step.zero_point, 255.0f) && limits.int_min <= limits.int_max;
}

/** Of a grid that fits; else any numbers. */
OCTET_MATH QuickGrid QuickGridOf(Step step, Limits limits) {
  return {1.0f / step.scale, ReciprocalRest(step.scale), (limits.int_min - step.zero_point) * step.scale,
          (limits.int_max - step.zero_point) * step.scale};
}

/** kRounding + (code - zero_point) of a value between the ends. NaN stays. */
OCTET_MATH float RoundedQuotient(float value, const QuickGrid& grid) {
  return Fma(value, grid.reciprocal, value * grid.rest) + kRounding;
}

/** The code of any value less the zero point. NaN stays. */
OCTET_MATH float QuickCodeFromZero(float value, const QuickGrid& grid) {
  return RoundedQuotient(Clamp(value, grid.low, grid.high), grid) - kRounding;
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_QUICK_CODES_H_
