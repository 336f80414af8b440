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

/** Rows of one product of a warpgroup. */
constexpr int kGroupProductRows = 64;
constexpr int kGroupWarps = 4;
constexpr int kGroupThreads = kGroupWarps * kWarpSize;
constexpr int kConsumers = 2;
constexpr int kConsumerWarps = kConsumers * kGroupWarps;

/** Barriers at which consumers wait for their turns, and at which each meets by itself: this one and the next one. */
constexpr int kTurnBarrier = 1;
constexpr int kMeetingBarrier = 3;

/** Registers of a thread at first: all of a multiprocessor's for one block, in eights. Others can't be moved. */
constexpr int kFirstRegisters = 65536 / ((kConsumers + 1) * kGroupThreads) / 8 * 8;
/** After they were moved: multiples of 8. A consumer would wait forever for one that nobody gives up. */
constexpr int kConsumerRegisters = 232;
constexpr int kProducerRegisters = 40;
static_assert(kConsumers * kConsumerRegisters + kProducerRegisters <= (kConsumers + 1) * kFirstRegisters);

/** How the consumers of a block share its work. */
enum class Sharing {
  /** Each makes its rows of the same tile. */
  kRows,
  /** Each makes tiles of its own in turn: while one is in its main loop, the other one is in its epilogue. */
  kTurns,
};

/**
 * Rows are what products have 64 of, columns what they have up to 256 of: activations and weights. Weights of half
 * bytes are the rows instead, which products take from registers as well, where half bytes become bytes:
 * hopper_half_bytes.h.
 *
 * kGroupParts: products of 64 rows of a consumer; its sums are of 64 * kGroupParts x kColumnCount.
 * kClusterBlocks: blocks of a cluster have tiles one below the other, so that each copies a part of the weights for
 * all.
 */
template <Sharing kShare, int kGroupParts, int kColumnCount, int kStageCount, int kClusterBlocks = 1, int kBits = 8>
struct HopperTile {
  static constexpr Sharing kSharing = kShare;
  static constexpr bool kSwapped = kBits == 4;
  static_assert(!kSwapped || (kShare == Sharing::kRows && kClusterBlocks == 1), "hopper_half_bytes.h");
  /** Whether activations may be boxes of pixels: boxed_pixels.h. */
  static constexpr bool kTakesPixels = !kSwapped && kClusterBlocks == 1;
  static constexpr int kRowParts = kGroupParts;
  static constexpr int kColumnParts = kColumnCount / 8;
  static constexpr int kGroupRows = kGroupProductRows * kGroupParts;
  /** Consumers of a tile. */
  static constexpr int kTileConsumers = kShare == Sharing::kRows ? kConsumers : 1;
  static constexpr int kActivations = kSwapped ? kColumnCount : kTileConsumers * kGroupRows;
  static constexpr int kWeights = kSwapped ? kTileConsumers * kGroupRows : kColumnCount;
  static constexpr int kStages = kStageCount;
  static constexpr int kCluster = kClusterBlocks;
  /** Weights that a block copies. */
  static constexpr int kCopiedWeights = kWeights / kCluster;
  static constexpr int kThreads = (kConsumerWarps + kGroupWarps) * kWarpSize;

  /** Codes of K of a stage, which are the bytes of a row of activations. */
  static constexpr int kDepth = kBoxRowBytes;
  static constexpr int kWeightRowBytes = kDepth * kBits / 8;

  static constexpr int kActivationBytes = kActivations * kBoxRowBytes;
  static constexpr int kStageBytes = kActivationBytes + kWeights * kWeightRowBytes;
  static_assert(kActivationBytes % 1024 == 0 && kCopiedWeights * kWeightRowBytes % 1024 == 0 && kStageBytes % 1024 == 0,
                "the swizzle repeats every 1024 bytes");

  /** A warp's part of the epilogue: rows of sums, further apart than they are long for the reason in tile_epilogue.h.
   */
  static constexpr int kEpilogueColumns = kSwapped ? 16 * kRowParts : 128;
  static constexpr int kEpilogueRows = kSwapped ? 16 : 8;
  static constexpr int kEpilogueRowWords = kEpilogueColumns + (kSwapped ? 4 : 8);
  static constexpr int kEpilogueWarpBytes = kEpilogueRows * kEpilogueRowWords * 4;

  // Shared memory: stages, epilogues, two barriers a stage, and a word for each consumer.
  static constexpr int kEpilogueOffset = kStages * kStageBytes;
  static constexpr int kFullOffset = kEpilogueOffset + kConsumerWarps * kEpilogueWarpBytes;
  static constexpr int kEmptyOffset = kFullOffset + kStages * 8;
  static constexpr int kWordOffset = kEmptyOffset + kStages * 8;
  static constexpr int kSharedBytes = kWordOffset + kConsumers * 4;
  static_assert(kSharedBytes <= 227 * 1024, "what a block of sm_90 may have");
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_TILE_H_
