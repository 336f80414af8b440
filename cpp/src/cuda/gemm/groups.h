// SPDX-License-Identifier: Apache-2.0
// Groups of rows with weights of their own in one launch: octet/gemm_grouped.h.
//
// How many tiles there are is known on the device alone, where offsets are. The host launches blocks for the most that
// M rows in G groups can have: of T rows, (M + G (T - 1)) / T, and M at most. A block looks for its group when it
// starts, and those beyond the last tile end there. Groups are few and offsets lie in the second-level cache: 32 groups
// are one load and some 20 shuffles, less than a thousandth of what follows in a tile of K = 4096. So there is neither
// a launch that would write a table of tiles before, nor a loop of blocks that stay, which would have to keep places
// between tiles in registers that the main loop is short of.
#ifndef OCTET_CUDA_GEMM_GROUPS_H_
#define OCTET_CUDA_GEMM_GROUPS_H_

#include <cstdint>

#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

struct Groups {
  /** [count]: where groups end, of any values. */
  const int32_t* ends;
  int32_t count;
  /** Of the activations. */
  int32_t rows;
  /** From group to group: of weights, in bytes, and of the arrays over columns, in elements. */
  int64_t weights;
  int64_t terms;
};

/** A tile's part of a group. */
struct GroupRows {
  /** -1: the tile is beyond the last one. */
  int32_t group;
  int32_t first_row;
  /** Of the group. */
  int32_t rows_end;
};

/** Row tiles of kTileRows rows that are launched. */
inline int64_t MostGroupTiles(int64_t rows, int64_t groups, int64_t tile_rows) {
  const int64_t tiles = (rows + groups * (tile_rows - 1)) / tile_rows;
  return tiles < rows ? tiles : rows;
}

/**
 * Finds the row tile number `tile` of all groups, each of which begins with a tile of its own; every warp by itself.
 * Ends count as the nearest in 0..rows and no less than those before them, so that groups share no rows.
 */
template <int kTileRows>
__device__ inline GroupRows FindGroup(const Groups& groups, int32_t tile) {
  constexpr uint32_t kAll = 0xffffffffu;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  int32_t end_before = 0;
  int32_t tiles_before = 0;
  for (int32_t first = 0; first < groups.count; first += kWarpSize) {
    int32_t end = first + lane < groups.count ? __ldg(groups.ends + first + lane) : 0;
    end = max(min(end, groups.rows), end_before);
#pragma unroll
    for (int distance = 1; distance < kWarpSize; distance *= 2) {
      const int32_t before = __shfl_up_sync(kAll, end, distance);
      if (lane >= distance) end = max(end, before);
    }
    int32_t begin = __shfl_up_sync(kAll, end, 1);
    if (lane == 0) begin = end_before;
    const int32_t tiles = static_cast<int32_t>((static_cast<uint32_t>(end - begin) + (kTileRows - 1)) / kTileRows);
    int32_t tiles_end = tiles;
#pragma unroll
    for (int distance = 1; distance < kWarpSize; distance *= 2) {
      const int32_t before = __shfl_up_sync(kAll, tiles_end, distance);
      if (lane >= distance) tiles_end += before;
    }
    tiles_end += tiles_before;
    const uint32_t later = __ballot_sync(kAll, tile < tiles_end);
    if (later != 0) {
      const int found = __ffs(static_cast<int>(later)) - 1;
      const int32_t first_tile = __shfl_sync(kAll, tiles_end - tiles, found);
      const int32_t first_row = __shfl_sync(kAll, begin, found);
      const int32_t rows_end = __shfl_sync(kAll, end, found);
      return {first + found, first_row + (tile - first_tile) * kTileRows, rows_end};
    }
    end_before = __shfl_sync(kAll, end, kWarpSize - 1);
    tiles_before = __shfl_sync(kAll, tiles_end, kWarpSize - 1);
  }
  return {-1, 0, 0};
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_GROUPS_H_
