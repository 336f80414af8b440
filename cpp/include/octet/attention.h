/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Scaled dot-product attention in integers: softmax(scale * q * k^T + masks) * v, head by head in one pass.
 */
#ifndef OCTET_ATTENTION_H_
#define OCTET_ATTENTION_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/grid.h"
#include "octet/softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What attention is paid with. Read during the call only.
 *
 * q, k and v are s8 or u8 codes on their grids, or f32, f16 or bf16, which are quantized while they are read: on their
 * grids (axis -1, whole numbers within s8 or u8; NaN becomes the zero point), or, where there is no grid, on symmetric
 * ones of 8 bits that are taken from the values as octet_gemm_dynamic takes them: one for each query, one for each key
 * and one for all values of a head that take part (the first of a length).
 *
 * Their last dimension has no gaps, others have any strides: heads may lie within [batch, tokens, heads, dim] or
 * [batch, tokens, 3, heads, dim].
 */
typedef struct octet_attention_inputs {
  /** [batch, heads, queries, dim]. */
  const DLTensor* q;
  const octet_grid* q_grid;
  /** [batch, kv_heads, keys, dim]; kv_heads divides heads: query head h meets key head h / (heads / kv_heads). */
  const DLTensor* k;
  const octet_grid* k_grid;
  /** [batch, kv_heads, keys, v_dim]. */
  const DLTensor* v;
  const octet_grid* v_grid;
  /** Least scale of grids taken from the values, finite and > 0; not looked at where there are none. */
  float eps;
  /** Of scores [batch, heads, queries, keys]: bias and mask are broadcast to that shape, but for the last dimension,
   * which they have; lengths count keys. Null: scale 1, nothing else. */
  const octet_softmax_terms* terms;
  /** The grid on which probabilities meet v, axis -1, within u8 or s8, with 0 or a zero point in it; null: 0..255 with
   * scale 1 / 255. */
  const octet_grid* p_grid;
} octet_attention_inputs;

/**
 * Bytes of workspace for octet_attention: for each thread a head's keys and values as codes and some queries' scores,
 * for few long sequences all heads' keys and values. Asks for as many threads as the calling one may use now. On a CUDA
 * device: q, k and v as codes, with their scales; s8 and u8 codes whose rows begin at multiples of 16 bytes are read
 * where they lie. Where the keys of few queries are cut between thread blocks, 4 bytes for each score besides.
 *
 * @param inputs  the shapes of q, k and v alone are looked at, and where they are; their data may be null.
 */
OCTET_API octet_status octet_attention_workspace_size(const octet_attention_inputs* inputs, size_t* bytes);

/**
 * For each batch, head and query, in this order of roundings:
 *
 *     x    = f32(exact sum of (q - q_zero) * (k - k_zero)) * (q_scale * k_scale)
 *     p    = softmax of x as octet_softmax computes it
 *     c    = code of p on p_grid
 *     y    = f32(exact sum of (c - p_zero) * (v - v_zero)) * (p_scale * v_scale)
 *     out  = y rounded to its type, or its code on out_grid
 *
 * which are the operations of a graph of quantizers, f32 matrix products and softmax: only the products' own rounding
 * errors are missing. Queries for which no key takes part give 0, those with a NaN or plus infinity among their terms
 * NaN. The same bits for any strides, threads, instruction set and device, and for a length as for the mask that says
 * the same.
 *
 * dim and keys are at most 33025, so that no sum overflows; any of the dimensions may be 0 (without keys out is 0).
 * Nothing is allocated. Safe to call from any thread.
 *
 * @param out        out, [batch, heads, queries, v_dim], last dimension without gaps: f32, f16 or bf16, or s8 or u8 on
 *                   out_grid (NaN: the zero point). Shares no memory with the inputs.
 * @param out_grid   the grid of codes, axis -1; null for floats.
 * @param workspace  aligned to 64, at least what octet_attention_workspace_size said with one thread; what it says with
 *                   more lets more of them work. For one call at a time. On a CUDA device memory of it, for one call
 *                   of a stream at a time.
 * @param stream     null on the CPU; on a CUDA device its stream, null for the default one. Nothing is waited for.
 */
OCTET_API octet_status octet_attention(const octet_attention_inputs* inputs, DLTensor* out, const octet_grid* out_grid,
                                       void* workspace, size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_ATTENTION_H_ */
