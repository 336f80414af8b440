// SPDX-License-Identifier: Apache-2.0
// Order statistics: floats as integers of the same order, and interpolation between neighbours as numpy's percentile
// (method "linear") does it.
#ifndef OCTET_NUMERICS_ORDER_H_
#define OCTET_NUMERICS_ORDER_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

/** Unsigned integers in the order of the floats: -infinity < ... < -0 < +0 < ... < infinity. Not for NaN. */
OCTET_MATH uint32_t OrderKey(float value) {
  const uint32_t bits = BitsOf(value);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

OCTET_MATH float FloatOfOrderKey(uint32_t key) { return FloatOf((key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key); }

/** Where a percentile lies among n sorted values: between index and index + 1, a part `fraction` of the way. */
struct Rank {
  int64_t index;
  double fraction;
};

OCTET_MATH Rank RankOf(double percent, int64_t n) {
  const double position = percent / 100.0 * static_cast<double>(n - 1);
  int64_t index = static_cast<int64_t>(position);
  // A position that rounding took to the end or past it means the last value.
  if (index >= n - 1) return {n - 1, 0.0};
  return {index, position - static_cast<double>(index)};
}

/** The value a part `fraction` of the way from a to b. As in numpy, infinite values give NaN (inf - inf, 0 * inf). */
OCTET_MATH float Interpolate(float a, float b, double fraction) {
  const double difference = static_cast<double>(b - a);
  if (fraction >= 0.5) return static_cast<float>(static_cast<double>(b) - difference * (1.0 - fraction));
  return static_cast<float>(static_cast<double>(a) + difference * fraction);
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_ORDER_H_
