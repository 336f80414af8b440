// SPDX-License-Identifier: Apache-2.0
// Where the 16-byte chunks of an operand lie in a stage of shared memory.
//
// Rows of 64 bytes (32 with half-byte codes) follow each other without gaps. The chunks of a row are exchanged by an
// XOR with the number of the 128-byte line it lies in, so that the eight rows of a matrix of ldmatrix, and the eight
// threads whose 16-byte copies go together, touch all 32 banks once:
//
//     64 bytes: line = row / 2, chunk ^ (line % 4)       32 bytes: line = row / 4, chunk ^ (line % 2)
//
// The pattern repeats every eight rows, so a thread adds a constant for rows a multiple of eight further on.
#ifndef OCTET_CUDA_GEMM_SHARED_LAYOUT_H_
#define OCTET_CUDA_GEMM_SHARED_LAYOUT_H_

#include <cstdint>

#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

/** The offset of a chunk in bytes. */
template <int kBits>
__device__ inline uint32_t ChunkOffset(int row, int chunk) {
  constexpr int kRowsPerLine = 128 / RowBytes(kBits);
  const int swizzled = chunk ^ (row / kRowsPerLine % ChunksPerRow(kBits));
  return static_cast<uint32_t>(row * RowBytes(kBits) + swizzled * 16);
}

/**
 * The offset at which a lane of a warp reads the first fragments of a step, for ldmatrix.x4. Codes of 8 bits: 16 rows
 * of 32 codes, words 0 and 1 of rows 0..7 and 8..15 and of the first 16 codes, words 2 and 3 of the others. Half bytes:
 * 32 rows of 32 codes, a word for every eight rows.
 */
template <int kBits>
__device__ inline uint32_t FragmentOffset(int first_row, int lane, int step) {
  if constexpr (kBits == 8) {
    return ChunkOffset<8>(first_row + lane % 16, 2 * step + lane / 16);
  } else {
    return ChunkOffset<4>(first_row + lane, step);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_SHARED_LAYOUT_H_
