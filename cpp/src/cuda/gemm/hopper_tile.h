// SPDX-License-Identifier: Apache-2.0
// Tiles of the sm_90a kernel, known when it is compiled.
//
// A block has three warpgroups of four warps: two consumers with their sums in registers, and a producer, one thread of
// which copies. The producer gives its registers to the consumers, whose 128 sums and epilogue do not fit in the third
// that each has at first. Tried in vain: one warp that copies instead of four. A quarter of a multiprocessor has three
// warps then as well, of 168 registers each: the epilogue spilled.
#ifndef OCTET_CUDA_GEMM_HOPPER_TILE_H_
#define OCTET_CUDA_GEMM_HOPPER_TILE_H_

#include <cstdint>

#include "cuda/gemm/hopper_instructions.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

/** Activations of one product of a warpgroup. */
constexpr int kGroupProductRows = 64;
constexpr int kGroupWarps = 4;
constexpr int kGroupThreads = kGroupWarps * kWarpSize;
constexpr int kConsumers = 2;
constexpr int kConsumerWarps = kConsumers * kGroupWarps;

/** Barriers at which consumers wait for their turns: this one and the next one. */
constexpr int kTurnBarrier = 1;

/** Registers of a thread after they were moved: multiples of 8, of whose sum a quarter of a multiprocessor has 512. */
constexpr int kConsumerRegisters = 232;
constexpr int kProducerRegisters = 40;
static_assert(kConsumers * kConsumerRegisters + kProducerRegisters <= 512);

/** How the consumers of a block share its work. */
enum class Sharing {
  /** Each makes its rows of the same tile. */
  kRows,
  /** Each makes tiles of its own in turn: while one is in its main loop, the other one is in its epilogue. */
  kTurns,
};

/**
 * kGroupParts: products of 64 activations of a consumer; its sums are of 64 * kGroupParts x kWeightCount.
 * kClusterBlocks: blocks of a cluster have tiles one below the other, so that each copies a part of the weights for
 * all.
 */
template <Sharing kShare, int kGroupParts, int kWeightCount, int kStageCount, int kClusterBlocks = 1>
struct HopperTile {
  static constexpr Sharing kSharing = kShare;
  static constexpr int kRowParts = kGroupParts;
  static constexpr int kColumnParts = kWeightCount / 8;
  static constexpr int kGroupRows = kGroupProductRows * kGroupParts;
  /** Consumers of a tile. */
  static constexpr int kTileConsumers = kShare == Sharing::kRows ? kConsumers : 1;
  static constexpr int kActivations = kTileConsumers * kGroupRows;
  static constexpr int kWeights = kWeightCount;
  static constexpr int kStages = kStageCount;
  static constexpr int kCluster = kClusterBlocks;
  /** Weights that a block copies. */
  static constexpr int kCopiedWeights = kWeights / kCluster;
  static constexpr int kThreads = (kConsumerWarps + kGroupWarps) * kWarpSize;

  /** Codes of K of a stage, which are the bytes of a row, and products of a stage along K. */
  static constexpr int kDepth = kBoxRowBytes;
  static constexpr int kSteps = kDepth / kStepDepth;

  static constexpr int kActivationBytes = kActivations * kBoxRowBytes;
  static constexpr int kStageBytes = kActivationBytes + kWeights * kBoxRowBytes;
  static_assert(kActivationBytes % 1024 == 0 && kCopiedWeights * kBoxRowBytes % 1024 == 0 && kStageBytes % 1024 == 0,
                "the swizzle repeats every 1024 bytes");

  /** A warp's part of the epilogue: eight rows of sums, 8 words apart for the reason in tile_epilogue.h. */
  static constexpr int kEpilogueColumns = 128;
  static constexpr int kEpilogueRows = 8;
  static constexpr int kEpilogueRowWords = kEpilogueColumns + 8;
  static constexpr int kEpilogueWarpBytes = kEpilogueRows * kEpilogueRowWords * 4;

  // Shared memory: stages, epilogues, and two barriers a stage.
  static constexpr int kEpilogueOffset = kStages * kStageBytes;
  static constexpr int kFullOffset = kEpilogueOffset + kConsumerWarps * kEpilogueWarpBytes;
  static constexpr int kEmptyOffset = kFullOffset + kStages * 8;
  static constexpr int kSharedBytes = kEmptyOffset + kStages * 8;
  static_assert(kSharedBytes <= 227 * 1024, "what a block of sm_90 may have");
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_TILE_H_
