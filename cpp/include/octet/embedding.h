/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Embeddings: rows of a table, of floats or of codes with 8 or 4 bits, by their numbers.
 *
 * Nothing is allocated. stream: null on the CPU. Safe to call from any thread.
 */
#ifndef OCTET_EMBEDDING_H_
#define OCTET_EMBEDDING_H_

#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A table of V rows of D values. Read during calls only. */
typedef struct octet_embedding_table {
  /** [V, D]: f32, f16 or bf16; or s8 or u8 codes; or with bits 4 u8 [V, (D + 1) / 2], made by octet_embedding_pack. The
   * last dimension has no gaps; rows may have any stride. */
  const DLTensor* rows;
  /** 4: two codes a byte. 8: a code a byte. 0 for floats. */
  int32_t bits;
  /** 1: indices below 0 count from the end, -1 is the last row. 0: they are outside of the table. */
  int32_t wrap;
  /** The grid of codes: axis -1, or 0 for one grid for each of g groups of V / g rows (g = V: a grid a row). int_min
   * and int_max lie within the type of rows, or with 4 bits within -8..7 (signed codes) or 0..15. Null for floats. */
  const octet_grid* grid;
} octet_embedding_table;

/**
 * Packs codes of 4 bits: byte i of a row holds codes 2i in its lower and 2i + 1 in its upper half; a last half is 0.
 *
 * @param codes   [V, D]: s8 codes -8..7 or u8 codes 0..15, any strides. OCTET_INVALID_ARGUMENT, with the place, for
 * others.
 * @param packed  out: u8 [V, (D + 1) / 2], the last dimension without gaps.
 */
OCTET_API octet_status octet_embedding_pack(const DLTensor* codes, DLTensor* packed);

/**
 * out[i, :] = the values of row indices[i], as they are or on out_grid: scale * (code - zero_point) for codes, in f32.
 *
 * @param indices   s32 or s64, any shape and strides, each within 0..V-1 (with wrap within -V..V-1). Else
 * OCTET_INVALID_ARGUMENT with the first place and its value, and out is not written. On a CUDA device, whose indices
 * the host does not see, rows of others are NaN (the zero point in codes) instead.
 * @param out       out: the shape of indices, then D: f32, f16 or bf16, or s8 or u8 on out_grid (NaN: the zero point).
 *                  The last dimension has no gaps.
 * @param out_grid  the grid of codes, axis -1; null for floats.
 */
OCTET_API octet_status octet_embedding(const octet_embedding_table* table, const DLTensor* indices, DLTensor* out,
                                       const octet_grid* out_grid, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_EMBEDDING_H_ */
