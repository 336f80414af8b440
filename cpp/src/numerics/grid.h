// SPDX-License-Identifier: Apache-2.0
// The formulas of quantization grids: from a range to a grid, and from a value to its place on the grid. Every
// operation is one IEEE float operation in the order written.
#ifndef OCTET_NUMERICS_GRID_H_
#define OCTET_NUMERICS_GRID_H_

#include "numerics/exp_log.h"
#include "numerics/portable.h"
#include "numerics/rounding.h"

namespace octet {
namespace numerics {

/** Ends of the integer grid. */
struct Limits {
  float int_min;
  float int_max;
};

/** Step and zero point as they are stored: the step perhaps as its logarithm, the zero point not yet rounded. */
struct StoredGrid {
  float delta;
  float zero_float;
};

/** Step and zero point as they are used. */
struct Step {
  float scale;
  float zero_point;
};

/** What the nearest float to 1 / scale lacks, as the nearest float to that. */
OCTET_MATH float ReciprocalRest(float scale) {
  return static_cast<float>(1.0 / static_cast<double>(scale) - static_cast<double>(1.0f / scale));
}

/** 2^exponent for -126 <= exponent <= 127. */
OCTET_MATH float PowerOfTwo(int32_t exponent) { return FloatOf(static_cast<uint32_t>(exponent + 127) << 23); }

OCTET_MATH Limits GridLimits(int32_t n_bits, bool is_signed) {
  if (is_signed) return {-PowerOfTwo(n_bits - 1), PowerOfTwo(n_bits - 1) - 1.0f};
  return {0.0f, PowerOfTwo(n_bits) - 1.0f};
}

/** Whether a range makes a symmetric grid signed. False for NaN. */
OCTET_MATH bool RangeIsSigned(float x_min) { return x_min < 0.0f; }

OCTET_MATH StoredGrid SymmetricGrid(float x_min, float x_max, float int_max, float eps, bool log_domain) {
  const float low = MinNan(x_min, 0.0f);
  const float high = MaxNan(x_max, eps);
  const float delta = MaxNan(FloatOf(BitsOf(low) & 0x7fffffffu), high) / int_max;
  return {log_domain ? Log(delta) : delta, 0.0f};
}

OCTET_MATH StoredGrid AsymmetricGrid(float x_min, float x_max, float int_max, float eps, bool log_domain) {
  const float low = MinNan(x_min, 0.0f);
  const float high = MaxNan(x_max, eps);
  const float delta = (high - low) / int_max;
  return {log_domain ? Log(delta) : delta, -low / delta};
}

OCTET_MATH float ScaleOf(float delta, float eps, bool log_domain) {
  return log_domain ? Exp(delta) : MaxNan(delta, eps);
}

OCTET_MATH float ZeroPointOf(float zero_float, Limits limits) {
  return Clamp(RoundHalfEven(zero_float), limits.int_min, limits.int_max);
}

/** d scale / d delta. */
OCTET_MATH float ScaleSlope(float delta, float scale, float eps, bool log_domain) {
  if (log_domain) return scale;
  return delta < eps ? 0.0f : 1.0f;
}

/** Whether the zero point follows its float: it does not where rounding leads out of the grid (or to NaN). */
OCTET_MATH bool ZeroPointFollows(float zero_float, Limits limits) {
  const float rounded = RoundHalfEven(zero_float);
  return limits.int_min <= rounded && rounded <= limits.int_max;
}

/** The code before it is clamped. */
OCTET_MATH float UnclampedCode(float x, Step step) { return RoundHalfEven(x / step.scale) + step.zero_point; }

OCTET_MATH float Code(float x, Step step, Limits limits) {
  return Clamp(UnclampedCode(x, step), limits.int_min, limits.int_max);
}

OCTET_MATH float ValueOfCode(float code, Step step) { return step.scale * (code - step.zero_point); }

/** Fake quantization of one value with the derivatives that straight-through rounding gives. */
struct FakeQuantized {
  float out;
  /** Whether the unclamped code lies on the grid, ends included. */
  bool inside;
  /** d out / d scale. */
  float scale_slope;
  /** d out / d zero point. */
  float zero_slope;
};

OCTET_MATH FakeQuantized FakeQuantizeWithSlopes(float x, Step step, Limits limits) {
  const float quotient = x / step.scale;
  const float unclamped = RoundHalfEven(quotient) + step.zero_point;
  const bool inside = limits.int_min <= unclamped && unclamped <= limits.int_max;
  const float centred = Clamp(unclamped, limits.int_min, limits.int_max) - step.zero_point;
  return {step.scale * centred, inside, inside ? centred - quotient : centred, inside ? 0.0f : -step.scale};
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_GRID_H_
