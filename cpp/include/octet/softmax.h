/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Softmax over the last dimension, with masks before and quantization after in the same pass.
 */
#ifndef OCTET_SOFTMAX_H_
#define OCTET_SOFTMAX_H_

#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a softmax is taken of. Tensors are read during the call only. bias and mask are broadcast to the shape of x:
 * dims are aligned at the last one, which is that of x and has no gaps; the others are those of x, 1, or missing.
 */
typedef struct octet_softmax_terms {
  /** Factor of x, finite; 1 for none. */
  float scale;
  /** f32, added to x * scale; null: 0. */
  const DLTensor* bias;
  /** bool or u8: elements where it is 0 do not take part; null: all do. */
  const DLTensor* mask;
  /** s32 or s64 [x.shape[0]], x of 2 dimensions or more: elements from lengths[b] on do not take part in rows of index
   * b of the first dimension. Negative numbers count as 0, large ones as all. Null: all take part. */
  const DLTensor* lengths;
  /** 1: element j of row i (of the last dimension but one) takes part iff j <= i + causal_offset. 0: no such mask. */
  int32_t causal;
  /** 0 where rows and elements count from the same place; the number of earlier positions where the elements have a
   * history in front. */
  int64_t causal_offset;
} octet_softmax_terms;

/**
 * With t = x * scale + bias over the elements of a row that take part:
 *
 *     out = exp(t - max(t)) / sum of exp(t - max(t))
 *
 * and 0 for those that do not. Rows of which no element takes part, or whose terms are all minus infinity, are 0
 * throughout. A NaN or plus infinity among the terms makes those that take part NaN. In f32, relative error against
 * exact arithmetic below 1e-6 + 1.2e-7 * max|t|; the order of sums depends on the length of a row alone: the same bits
 * for any strides, threads, instruction set and device, and for a length as for the mask that says the same.
 *
 * Nothing is allocated. stream: null on the CPU. Safe to call from any thread.
 *
 * @param x         f32, f16 or bf16, or s8 or u8 codes on x_grid. The last dimension has no gaps; others have any
 *                  strides.
 * @param x_grid    the grid of codes, axis -1; null for floats.
 * @param terms     null: scale 1, nothing else.
 * @param out       out, shape of x, likewise without gaps: f32, f16 or bf16, or s8 or u8 on out_grid (NaN: the zero
 *                  point), for example u8 with scale 1 / 255. May be the memory of x with the same strides and type.
 * @param out_grid  the grid of codes, axis -1; null for floats.
 */
OCTET_API octet_status octet_softmax(const DLTensor* x, const octet_grid* x_grid, const octet_softmax_terms* terms,
                                     DLTensor* out, const octet_grid* out_grid, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_SOFTMAX_H_ */
