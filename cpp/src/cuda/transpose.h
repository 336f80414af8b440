// SPDX-License-Identifier: Apache-2.0
// Transpositions: copies in which what lies side by side in the one tensor does not in the other.
#ifndef OCTET_CUDA_TRANSPOSE_H_
#define OCTET_CUDA_TRANSPOSE_H_

#include "cuda/backend.h"
#include "cuda/walk.h"

namespace octet {
namespace cuda {

/** Planes that are transposed: `rows` counts what lies side by side in x, `columns` what does in out. */
struct Transposition {
  const char* from;
  char* to;
  int64_t rows;
  int64_t columns;
  /** In bytes, from column to column of x and from row to row of out. */
  int64_t from_column;
  int64_t to_row;
  /** Tiles of a plane; set at the launch. */
  Divider row_tiles;
  Divider column_tiles;
  int64_t planes;
  int outer_dims;
  Divider outer[kMaxOuterDims];
  int64_t from_outer[kMaxOuterDims];
  int64_t to_outer[kMaxOuterDims];
};

/**
 * Whether a copy is a transposition with sides long enough that tiles pay. shape: simplified; item: bytes of an
 * element.
 */
bool IsTransposition(const WalkShape& shape, const WalkStrides& out, const WalkStrides& x, int64_t item,
                     Transposition* result);

/** item: 1, 2, 4 or 8 bytes. */
octet_status LaunchTransposition(const Call* call, int64_t item, Transposition transposition);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_TRANSPOSE_H_
