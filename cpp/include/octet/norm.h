/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * LayerNorm and RMSNorm, with an addition before and quantization after in the same pass.
 *
 * Everything is computed in f32, with sums whose order depends on the length of a row alone: the same bits for any
 * strides, threads, instruction set and device. Codes count as scale * (code - zero_point). Nothing is allocated.
 * stream: null on the CPU. Safe to call from any thread.
 */
#ifndef OCTET_NORM_H_
#define OCTET_NORM_H_

#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is normalised, and how. Tensors and grids are read during the call only; grids have axis -1 and lie within the
 * type of their codes. */
typedef struct octet_norm {
  /** A row is what the last `dims` dimensions span, 1..x.ndim. They lie without gaps in all tensors; the others may
   * have any strides. */
  int32_t dims;
  /** Added to the variance, in its units (those of x squared). Finite, >= 0. A row without variance and eps 0 gives
   * NaN. */
  float eps;
  /** f32, compact, of the shape of a row (or any with as many elements); null: 1. */
  const DLTensor* weight;
  /** Likewise; null: 0. */
  const DLTensor* bias;
  /** Added to x first: shape of x, f32, f16 or bf16, or s8 or u8 with residual_grid; null: nothing. */
  const DLTensor* residual;
  /** The grid of a residual of codes; null for others. */
  const octet_grid* residual_grid;
  /** out: x + residual, f32, f16 or bf16, or s8 or u8 with sum_grid (NaN: the zero point); null: not wanted. Where it
   * is given, what is normalised is the sum as stored: the result is that of an addition and a normalisation one after
   * the other. It may be the memory of the residual, or of x, with the same strides and type. */
  DLTensor* sum;
  /** The grid of a sum of codes; null for others. */
  const octet_grid* sum_grid;
} octet_norm;

/**
 * LayerNorm. With v = x + residual, over each row of n values:
 *
 *     mean = sum of v / n;   variance = sum of (v - mean)^2 / n
 *     out  = (v - mean) / sqrt(variance + eps) * weight + bias
 *
 * against exact arithmetic within 4e-7 * (1 + |mean| / deviation) * (1 + |normalised v|), before weight and bias. A row
 * with a NaN or an infinity is NaN throughout; so may be one whose values are so large that sums overflow f32.
 *
 * @param x       f32, f16 or bf16, or s8 or u8 codes on x_grid.
 * @param x_grid  the grid of codes; null for floats.
 * @param out     out, shape of x: f32, f16 or bf16, or s8 or u8 on out_grid (NaN: the zero point). May be the memory of
 *                x or of the residual with the same strides and type.
 */
OCTET_API octet_status octet_layer_norm(const DLTensor* x, const octet_grid* x_grid, const octet_norm* norm,
                                        DLTensor* out, const octet_grid* out_grid, void* stream);

/** RMSNorm: like octet_layer_norm with a mean of 0. */
OCTET_API octet_status octet_rms_norm(const DLTensor* x, const octet_grid* x_grid, const octet_norm* norm,
                                      DLTensor* out, const octet_grid* out_grid, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_NORM_H_ */
