// SPDX-License-Identifier: Apache-2.0
// LayerNorm and RMSNorm of a row of n values:
//
//     mean    = f32(sum of x / n)                                  sums as in summation.h; RMSNorm: 0
//     inverse = f32(1 / sqrt(sum of (x - mean)^2 / n + eps))       the difference in f32, its square added by an fma
//     y       = (x - mean) * inverse, then fma(y, weight, bias)    without a bias y * weight
//
// The sums come in f64, and so does all up to the rounding written as f32().
//
// Two passes, because one (sum and sum of squares) would lose the variance of rows whose mean is large beside it. The
// error of y against the same formula in exact arithmetic is below 4e-7 * (1 + |mean| / deviation) * (1 + |y|).
#ifndef OCTET_NUMERICS_NORM_H_
#define OCTET_NUMERICS_NORM_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

OCTET_MATH float MeanOf(double sum, int64_t count) { return static_cast<float>(sum / static_cast<double>(count)); }

OCTET_MATH float InverseDeviation(double squares, int64_t count, float eps) {
  return static_cast<float>(1.0 / SquareRoot(squares / static_cast<double>(count) + static_cast<double>(eps)));
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_NORM_H_
