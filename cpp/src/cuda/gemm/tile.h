// SPDX-License-Identifier: Apache-2.0
// Tiles of a matrix product, known when a kernel is compiled.
//
// "Rows" are what lies on the 16-wide side of mma.m16n8k32, "columns" what lies on its 8-wide side. Both operands are
// rows of codes along K. Usually the rows are activations and the columns weights; where kSwapped it is the other way
// round, so that few activations do not leave most of a tile empty.
#ifndef OCTET_CUDA_GEMM_TILE_H_
#define OCTET_CUDA_GEMM_TILE_H_

#include <cstdint>

namespace octet {
namespace cuda {

/** Codes of K that a stage of shared memory holds. */
constexpr int kTileDepth = 64;
/** Codes of K of a product of fragments. */
constexpr int kStepDepth = 32;
constexpr int kStepsPerTile = kTileDepth / kStepDepth;
constexpr int kWarpSize = 32;

template <int kRowCount, int kColumnCount, int kWarpRowCount, int kWarpColumnCount, int kStageCount, bool kSwap = false>
struct Tile {
  static constexpr int kRows = kRowCount;
  static constexpr int kColumns = kColumnCount;
  static constexpr int kWarpRows = kWarpRowCount;
  static constexpr int kWarpColumns = kWarpColumnCount;
  static constexpr int kStages = kStageCount;
  static constexpr bool kSwapped = kSwap;
  static constexpr int kWarpsByRows = kRows / kWarpRows;
  static constexpr int kWarpsByColumns = kColumns / kWarpColumns;
  static constexpr int kWarps = kWarpsByRows * kWarpsByColumns;
  static constexpr int kThreads = kWarps * kWarpSize;
  /** Products of fragments of a warp. */
  static constexpr int kRowParts = kWarpRows / 16;
  static constexpr int kColumnParts = kWarpColumns / 8;
  /** Of activations and of weights. */
  static constexpr int kActivations = kSwap ? kColumns : kRows;
  static constexpr int kWeights = kSwap ? kRows : kColumns;
  static_assert(kRows % kWarpRows == 0 && kColumns % kWarpColumns == 0, "whole warps");
  static_assert(kWarpRows % 16 == 0 && kWarpColumns % 16 == 0, "whole fragments");
  static_assert(kStages >= 2, "one stage is filled while another is read");
};

/**
 * Which of kTiles tiles in a row a copy is for. The loop over K is unrolled that far: between them, addresses differ by
 * a constant in the instruction, and move on once for all.
 */
template <int kNumber, int kTiles>
struct InTurn {};

/** Bytes of a row of an operand in a stage, and of its part for one step. */
constexpr int RowBytes(int bits) { return kTileDepth * bits / 8; }
constexpr int ChunksPerRow(int bits) { return RowBytes(bits) / 16; }

/** Bytes of a stage of shared memory. */
template <typename T, int kWeightBits>
constexpr int StageBytes() {
  return T::kActivations * RowBytes(8) + T::kWeights * RowBytes(kWeightBits);
}

/** Words of a row of sums in the epilogue, and rows that it takes at once at least: tile_epilogue.h. */
template <typename T>
constexpr int EpilogueRowWords() {
  return T::kSwapped ? T::kWarpRows + 4 : T::kWarpColumns + 8;
}
template <typename T>
constexpr int LeastEpilogueRows() {
  return T::kSwapped ? T::kWarpColumns : 16;
}

/** Bytes of dynamic shared memory: stages, which the epilogue uses after them. */
template <typename T, int kWeightBits>
constexpr int SharedBytes() {
  constexpr int kStageBytes = T::kStages * StageBytes<T, kWeightBits>();
  constexpr int kEpilogueBytes = T::kWarps * LeastEpilogueRows<T>() * EpilogueRowWords<T>() * 4;
  return kStageBytes > kEpilogueBytes ? kStageBytes : kEpilogueBytes;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_TILE_H_
