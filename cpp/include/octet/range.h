/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Range estimation: extreme values, percentiles, and the squared error of many candidate ranges.
 *
 * x is f32, f16 or bf16 with any strides and alignment. axis = -1: one result for all of x, outputs have one element. 0
 * <= axis < x.ndim: one result for every index k along the axis, outputs have n = x.shape[axis] elements. Outputs are
 * f32 and compact. A slice without elements is OCTET_INVALID_ARGUMENT (it has no range); n = 0 is fine. stream: null on
 * the CPU. Safe to call from any thread.
 */
#ifndef OCTET_RANGE_H_
#define OCTET_RANGE_H_

#include <stddef.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Least and greatest value. A slice with a NaN gives NaN for both. Of zeros of both signs either may be returned. */
OCTET_API octet_status octet_min_max(const DLTensor* x, int32_t axis, DLTensor* out_min, DLTensor* out_max,
                                     void* stream);

/** Bytes of workspace that octet_percentile needs for x and axis. */
OCTET_API octet_status octet_percentile_workspace_size(const DLTensor* x, int32_t axis, size_t* bytes);

/**
 * Two percentiles, numpy's "linear" method: with n values a[0] <= a[1] <= ..., the virtual index is v = p / 100 * (n -
 * 1) in double, i = floor(v), t = v - i, d = a[i + 1] - a[i] in f32; the result is a[i] + d * t, or a[i + 1] - d * (1 -
 * t) for t >= 0.5, in double, rounded to f32. A slice with a NaN gives NaN.
 *
 * @param low, high   percentages, 0 <= p <= 100.
 * @param workspace   workspace_bytes bytes where x is, aligned to 64, at least what octet_percentile_workspace_size
 * said.
 */
OCTET_API octet_status octet_percentile(const DLTensor* x, int32_t axis, double low, double high, DLTensor* out_low,
                                        DLTensor* out_high, void* workspace, size_t workspace_bytes, void* stream);

/** How octet_range_mse turns a candidate range into a grid, as octet_grid_from_range does. */
typedef struct octet_range_mse_options {
  octet_scheme scheme;
  /** 1..24. */
  int32_t n_bits;
  octet_scale_domain scale_domain;
  /** As in octet_grid_from_range and octet_grid. */
  float eps;
} octet_range_mse_options;

/**
 * Sum of squared errors of x against its fake quantization, for many candidate ranges in one pass over x.
 *
 *     loss[g][k] = sum over slice g of (x - fake_quantize(x; range candidate_min[g][k]..candidate_max[g][k]))^2
 *
 * Symmetric candidates are signed iff their own minimum is below zero. The error of an element is computed in f32 with
 * one fused multiply-add, x - scale * (q - zero_point), and the quotient may be x * (1 / scale): next to a tie the
 * other neighbour may be taken, whose error is the same up to rounding. Sums are in a fixed order that depends on shape
 * alone; relative error against exact sums below 1e-6.
 *
 * @param candidate_min, candidate_max  f32, compact, [candidates] (the same for all slices) or [n, candidates].
 * @param loss                          out: f32 or f64, compact, [n, candidates] (n = 1 with axis = -1). NaN in x gives
 * NaN.
 */
OCTET_API octet_status octet_range_mse(const DLTensor* x, int32_t axis, const octet_range_mse_options* options,
                                       const DLTensor* candidate_min, const DLTensor* candidate_max, DLTensor* loss,
                                       void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_RANGE_H_ */
