// SPDX-License-Identifier: Apache-2.0
// exp and log of floats, computed in double and rounded once: within 0.5001 ulp over the whole range. They are for the
// parameters of grids, of which there are few; a function for every element of a tensor would be made of floats.
#ifndef OCTET_NUMERICS_EXP_LOG_H_
#define OCTET_NUMERICS_EXP_LOG_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

/** e^value. */
OCTET_MATH float Exp(float value) {
  if (IsNan(value)) return value;
  // Beyond these ends the result is infinite or rounds to zero; within them 2^k below is a normal double.
  if (value > 89.0f) return Infinity();
  if (value < -104.0f) return 0.0f;
  const double x = static_cast<double>(value);
  // e^x = 2^k * e^r, |r| <= ln(2) / 2. The magic addend rounds x / ln(2) to a whole number.
  const double magic = 6755399441055744.0;
  const double k = (x * 1.4426950408889634 + magic) - magic;
  const double r = (x - k * 0.6931471805599453) - k * 2.3190468138462996e-17;
  // Taylor series to r^11: the rest is below 1e-14 of the sum.
  double sum = 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  const double power = DoubleOf(static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52);
  return static_cast<float>(sum * power);
}

/** Natural logarithm: -infinity of zeros, NaN of what lies below. */
OCTET_MATH float Log(float value) {
  if (IsNan(value)) return value;
  if (value == 0.0f) return -Infinity();
  if (value < 0.0f) return QuietNan();
  if (value == Infinity()) return value;
  // value = 2^k * m with m in [sqrt(1/2), sqrt(2)); every positive float is a normal double.
  const uint64_t bits = BitsOf(static_cast<double>(value));
  int64_t k = static_cast<int64_t>(bits >> 52) - 1023;
  double m = DoubleOf((bits & 0xfffffffffffffu) | 0x3ff0000000000000u);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k += 1;
  }
  // log(m) = 2 * atanh(s), s = (m - 1) / (m + 1), |s| <= 0.1716: series to s^19, the rest is below 1e-16 of the sum.
  const double s = (m - 1.0) / (m + 1.0);
  const double t = s * s;
  double sum = 1.0 / 19.0;
  sum = sum * t + 1.0 / 17.0;
  sum = sum * t + 1.0 / 15.0;
  sum = sum * t + 1.0 / 13.0;
  sum = sum * t + 1.0 / 11.0;
  sum = sum * t + 1.0 / 9.0;
  sum = sum * t + 1.0 / 7.0;
  sum = sum * t + 1.0 / 5.0;
  sum = sum * t + 1.0 / 3.0;
  sum = sum * t + 1.0;
  return static_cast<float>(static_cast<double>(k) * 0.6931471805599453 + 2.0 * s * sum);
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_EXP_LOG_H_
