// SPDX-License-Identifier: Apache-2.0
// A candidate range of octet_range_mse as its search takes it:
//
//     c     = round_half_even(clamp(quotient, low, high))      quotient: x * inverse, or x / scale if inverse is 0
//     error = fma(-scale, c, x);   loss = sum of error^2       each square added with an fma
#ifndef OCTET_NUMERICS_MSE_CANDIDATE_H_
#define OCTET_NUMERICS_MSE_CANDIDATE_H_

#include "numerics/grid.h"

namespace octet {
namespace numerics {

struct MseCandidate {
  float scale;
  /** 1 / scale, or 0: then quotients are divisions. */
  float inverse;
  /** Ends of the grid less the zero point. */
  float low;
  float high;
};

OCTET_MATH MseCandidate MakeCandidate(float x_min, float x_max, bool asymmetric, int32_t n_bits, bool log_domain,
                                      float eps) {
  const bool is_signed = !asymmetric && RangeIsSigned(x_min);
  const Limits limits = GridLimits(n_bits, is_signed);
  const StoredGrid stored = asymmetric ? AsymmetricGrid(x_min, x_max, limits.int_max, eps, log_domain)
                                       : SymmetricGrid(x_min, x_max, limits.int_max, eps, log_domain);
  const float scale = ScaleOf(stored.delta, eps, log_domain);
  const float zero_point = asymmetric ? ZeroPointOf(stored.zero_float, limits) : 0.0f;
  // Between these ends scale and 1 / scale are normal numbers.
  const bool invertible = scale >= PowerOfTwo(-126) && scale <= PowerOfTwo(126);
  return {scale, invertible ? 1.0f / scale : 0.0f, limits.int_min - zero_point, limits.int_max - zero_point};
}

/** The sum of a lane with the squared error of x added. */
OCTET_MATH float AddSquaredError(float x, const MseCandidate& candidate, float lane) {
  const float quotient = candidate.inverse != 0.0f ? x * candidate.inverse : x / candidate.scale;
  const float centred = RoundHalfEven(Clamp(quotient, candidate.low, candidate.high));
  const float error = Fma(-candidate.scale, centred, x);
  return Fma(error, error, lane);
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_MSE_CANDIDATE_H_
