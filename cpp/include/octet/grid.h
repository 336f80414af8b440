/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Quantization grids: from a range of real values to step and zero point, and the structure in which every quantizing
 * function takes them. The formulas are those of aihwkit's low_precision_modules (uniform symmetric and asymmetric
 * quantizers).
 *
 * A grid is integers int_min..int_max, a scale and a zero point:
 *
 *     q  = clamp(round_half_even(x / scale) + zero_point, int_min, int_max)
 *     x' = scale * (q - zero_point)
 *
 * in f32, with a true division and no fused operations. f16 and bf16 elements are widened to f32 before and rounded to
 * nearest even after. NaN stays NaN; infinities become the ends of the grid.
 */
#ifndef OCTET_GRID_H_
#define OCTET_GRID_H_

#include <stdint.h>

#include "octet/dlpack.h"
#include "octet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a range becomes a grid. */
typedef enum octet_scheme {
  /** Zero point 0. Signed, [-2^(n-1), 2^(n-1)-1], iff any minimum is below zero; else unsigned, [0, 2^n-1]. */
  OCTET_SYMMETRIC = 0,
  /** [0, 2^n-1] with a zero point. */
  OCTET_ASYMMETRIC = 1,
} octet_scheme;

/** What octet_grid.delta holds. */
typedef enum octet_scale_domain {
  /** The step: scale = max(delta, eps). */
  OCTET_SCALE_LINEAR = 0,
  /** Its natural logarithm: scale = exp(delta). */
  OCTET_SCALE_LOG = 1,
} octet_scale_domain;

/**
 * A grid, or one grid a channel. The tensors are f32, compact and on the device of the data (cuda.h: or, for one
 * element, in host memory); they are read during the call only.
 *
 * With axis = -1 delta has one element. With 0 <= axis < x.ndim delta has g elements, g a divisor of n = x.shape[axis]:
 * slices [k * n / g, (k + 1) * n / g) along the axis share element k. g = n is "per channel", 1 < g < n "per group".
 */
typedef struct octet_grid {
  /** Step or its logarithm. Shape [] or [g]. */
  const DLTensor* delta;
  /** Zero point before rounding, as many elements as delta; null: 0. Rounded half to even, then clamped to
   * int_min..int_max. */
  const DLTensor* zero_float;
  /** Ends of the integer grid, int_min <= int_max. Whole numbers of magnitude up to 2^24, save in degenerate cases (0
   * bits). */
  float int_min;
  float int_max;
  octet_scale_domain scale_domain;
  /** Smallest scale in the linear domain, > 0. */
  float eps;
  /** The dimension of x along which delta varies, or -1. */
  int32_t axis;
} octet_grid;

/**
 * Step, zero point and sign from ranges.
 *
 * lo = min(x_min, 0); hi = max(x_max, eps).
 * Symmetric: *is_signed = any lo < 0 and none is NaN; delta = max(|lo|, hi) / int_max.
 * Asymmetric: *is_signed = 0; delta = (hi - lo) / int_max; zero_float = -lo / delta, from the delta before the
 * logarithm. In the log domain delta is then replaced by its natural logarithm. NaN in a range gives NaN.
 *
 * @param x_min, x_max  f32, any shape, the same number of elements.
 * @param n_bits        0..24. 0 and 1 give the degenerate grids of the formulas (infinite steps, for example).
 * @param eps           > 0: the least upper end of a range.
 * @param delta         out: f32, compact, as many elements as x_min.
 * @param zero_float    out, asymmetric: like delta. Must be null for symmetric grids.
 * @param is_signed     out: 1 or 0. Not null.
 */
OCTET_API octet_status octet_grid_from_range(const DLTensor* x_min, const DLTensor* x_max, octet_scheme scheme,
                                             int32_t n_bits, octet_scale_domain scale_domain, float eps,
                                             DLTensor* delta, DLTensor* zero_float, int32_t* is_signed);

/**
 * int_min and int_max of a grid of n_bits bits: 0 and 2^n - 1, or -2^(n-1) and 2^(n-1) - 1 if is_signed. n_bits 0..24;
 * with 0 bits the signed ends are both -0.5.
 */
OCTET_API octet_status octet_grid_limits(int32_t n_bits, int32_t is_signed, float* int_min, float* int_max);

/**
 * The scale and zero point that the quantizing functions use for a grid: max(delta, eps) or exp(delta), and
 * clamp(round_half_even(zero_float)), or 0 without one. grid.axis is not looked at.
 *
 * @param scale, zero_point  out: f32, compact, as many elements as grid.delta. Either may be null.
 */
OCTET_API octet_status octet_grid_resolve(const octet_grid* grid, DLTensor* scale, DLTensor* zero_point);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_GRID_H_ */
