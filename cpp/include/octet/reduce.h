/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reductions over dimensions, masked means, and normalisation to length 1.
 *
 * Strides, alignment, values with grids, streams and threads: as in elementwise.h, without broadcasting. Sums of floats
 * are taken in an order that depends on the number of terms alone: the same bits for any strides, threads, instruction
 * set and device, within 1e-6 of the sum of magnitudes. Sums of codes are exact. Nothing is allocated.
 */
#ifndef OCTET_REDUCE_H_
#define OCTET_REDUCE_H_

#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_reduction {
  OCTET_REDUCE_SUM = 0,
  /** NaN of no elements. */
  OCTET_REDUCE_MEAN = 1,
  /** NaN if any element is; of no elements OCTET_INVALID_ARGUMENT. */
  OCTET_REDUCE_MAX = 2,
  OCTET_REDUCE_MIN = 3,
} octet_reduction;

/**
 * out = the reduction of x over dimensions. Of codes: scale * (sum of codes - n * zero_point), the bracket exact in
 * integers and rounded to f32 once; a mean is that divided by n.
 *
 * @param x       f32, f16 or bf16, or s8 or u8 on x_grid.
 * @param dims    ndims different dimensions of x, 0..x.ndim - 1, in any order; with ndims 0 every element is its own
 *                result.
 * @param out     out: f32, f16 or bf16, or s8 or u8 on out_grid; the shape of x with sizes of 1 along dims, or without
 *                these dimensions. Shares no memory with x.
 */
OCTET_API octet_status octet_reduce(octet_reduction reduction, const DLTensor* x, const octet_grid* x_grid,
                                    const int32_t* dims, int32_t ndims, DLTensor* out, const octet_grid* out_grid,
                                    void* stream);

/**
 * out = the place of the greatest element along a dimension: the first one of several, or of the first NaN.
 *
 * @param x    f32, f16 or bf16, or s8 or u8 (codes are compared as they are); x.shape[dim] > 0.
 * @param dim  0..x.ndim - 1.
 * @param out  out: s32 or s64; the shape of x with a size of 1 along dim, or without this dimension.
 */
OCTET_API octet_status octet_argmax(const DLTensor* x, int32_t dim, DLTensor* out, void* stream);

/**
 * Mean over the places that a mask says, as sentence embeddings take it over tokens:
 *
 *     out[b, h] = (sum over t of x[b, t, h] * mask[b, t]) / max(sum over t of mask[b, t], eps)
 *
 * The sums are taken over t one after the other in f32 with fused multiply-adds, in blocks of 64 that are then added
 * one after the other.
 *
 * @param x     [B, T, H]: f32, f16 or bf16, or s8 or u8 on x_grid; the last dimension has no gaps. Where the mask is 0
 * x is not looked at.
 * @param mask  [B, T]: f32, bool, u8, s32 or s64.
 * @param eps   finite and > 0, for example 1e-9.
 * @param out   out: [B, H]: f32, f16 or bf16, or s8 or u8 on out_grid; the last dimension has no gaps.
 */
OCTET_API octet_status octet_masked_mean(const DLTensor* x, const octet_grid* x_grid, const DLTensor* mask, float eps,
                                         DLTensor* out, const octet_grid* out_grid, void* stream);

/**
 * out = x / max(sqrt(sum of x^2), eps) over the last dimension.
 *
 * @param x    f32, f16 or bf16, or s8 or u8 on x_grid; the last dimension has no gaps.
 * @param eps  finite and > 0, for example 1e-12.
 * @param out  out, shape of x, likewise without gaps: f32, f16 or bf16, or s8 or u8 on out_grid. May be the memory of x
 *             with the same strides and type.
 */
OCTET_API octet_status octet_l2_normalize(const DLTensor* x, const octet_grid* x_grid, float eps, DLTensor* out,
                                          const octet_grid* out_grid, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_REDUCE_H_ */
