// SPDX-License-Identifier: Apache-2.0
// The sm_90a kernel of a matrix product: TMA copies, wgmma, a block a multiprocessor that goes from tile to tile.
//
// One thread of the last warpgroup copies: for every stage it waits until consumers have given it back, announces its
// bytes to the stage's barrier and starts two copies. It runs ahead over the ends of tiles, so a tile's first stages
// are there when the epilogue of the tile before is over. Consumers wait for a stage, start its products, and give the
// stage before back when the products of that are done: one group of products is always under way.
//
// Blocks of a cluster copy parts of the weights for each other, so a stage is filled by the copies of all of them, and
// is empty when the consumers of all of them have given it back. (An emulator has run everything but clusters.)
//
// Where consumers share rows they leave the tensor cores alone together in the epilogue; where they take turns one of
// them always multiplies, but tiles are half as large, so shared memory moves more bytes for each product.
#ifndef OCTET_CUDA_GEMM_HOPPER_KERNEL_H_
#define OCTET_CUDA_GEMM_HOPPER_KERNEL_H_

#include <cuda.h>

#include <cstdint>

#include "cuda/gemm/hopper_epilogue.h"
#include "cuda/gemm/hopper_tile.h"
#include "cuda/gemm/raster.h"

namespace octet {
namespace cuda {

struct HopperProblem {
  /** Boxes of kDepth codes of a tile's rows. */
  CUtensorMap activations;
  CUtensorMap weights;
  /** Stages of a tile: at least 1. */
  int32_t depth;
  /** Tiles of clusters: one below the other for each of their blocks. */
  uint32_t tiles;
  Raster raster;
  Epilogue epilogue;
};

/** A stage, and the parity of its barriers' phase. */
template <int kStages>
struct StagePlace {
  int stage = 0;
  uint32_t parity = 0;

  __device__ void Advance() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }

  __device__ int Before() const { return (stage == 0 ? kStages : stage) - 1; }

  /** As often as there are stages of a tile that somebody else makes. */
  __device__ void Skip(int count) {
    const int beyond = stage + count;
    stage = beyond % kStages;
    parity ^= static_cast<uint32_t>(beyond / kStages) & 1;
  }
};

template <typename T, bool kSigned>
class HopperBlock {
 public:
  using Sums = int32_t[T::kRowParts][T::kColumnParts][4];

  __device__ HopperBlock(const HopperProblem& problem, int8_t* shared)
      : problem_(problem),
        shared_(shared),
        address_(SharedAddress(shared)),
        rank_(T::kCluster == 1 ? 0 : BlockOfCluster()),
        first_(blockIdx.x / T::kCluster),
        apart_(gridDim.x / T::kCluster) {}

  /** By one thread, before the others go on. */
  __device__ void InitBarriers() const {
    for (int stage = 0; stage < T::kStages; ++stage) {
      InitBarrier(Full(stage), 1);
      InitBarrier(Empty(stage), T::kCluster * T::kTileConsumers * kGroupWarps);
    }
    PublishBarriers();
  }

  /** By one thread. */
  __device__ void Produce() const {
    PrefetchMap(&problem_.activations);
    PrefetchMap(&problem_.weights);
    StagePlace<T::kStages> place;
    for (uint32_t tile = first_; tile < problem_.tiles; tile += apart_) {
      const TilePlace at = PlaceOf(problem_.raster, tile);
      for (int k = 0; k < problem_.depth; ++k) {
        // Stages are empty at first: the phase before the first one counts as over.
        WaitForPhase(Empty(place.stage), place.parity ^ 1);
        const uint32_t stage = Stage(place.stage);
        const uint32_t full = Full(place.stage);
        ArriveAndExpect(full, T::kStageBytes);
        CopyBox(stage, &problem_.activations, k * T::kDepth, FirstRow(at), full);
        if constexpr (T::kCluster == 1) {
          CopyBox(stage + T::kActivationBytes, &problem_.weights, k * T::kDepth, at.by_weights * T::kWeights, full);
        } else {
          const int part = static_cast<int>(rank_) * T::kCopiedWeights;
          CopyBoxToBlocks(stage + T::kActivationBytes + part * kBoxRowBytes, &problem_.weights, k * T::kDepth,
                          at.by_weights * T::kWeights + part, full, (1 << T::kCluster) - 1);
        }
        place.Advance();
      }
    }
  }

  /** By the warps of both consumers. */
  __device__ void Consume(int warp) const {
    const int group = warp / kGroupWarps;
    const HopperEpilogue<T> epilogue(problem_.epilogue, shared_ + T::kEpilogueOffset + warp * T::kEpilogueWarpBytes);
    StagePlace<T::kStages> place;
    Sums sums;
    if constexpr (T::kSharing == Sharing::kRows) {
      for (uint32_t tile = first_; tile < problem_.tiles; tile += apart_) {
        Multiply(group * T::kGroupRows * kBoxRowBytes, &place, sums);
        FinishProducts(place, sums);
        Store(epilogue, tile, group * T::kGroupRows + warp % kGroupWarps * 16, sums);
      }
    } else {
      if (group == 1) {
        PassTurn(0);
        place.Skip(problem_.depth);
      }
      for (uint32_t tile = first_ + group * apart_; tile < problem_.tiles; tile += kConsumers * apart_) {
        // Stages before this tile's have been filled when the turn comes: no barrier is two phases behind.
        WaitForTurn(group);
        Multiply(0, &place, sums);
        if (tile + apart_ < problem_.tiles) PassTurn(1 - group);
        FinishProducts(place, sums);
        Store(epilogue, tile, warp % kGroupWarps * 16, sums);
        place.Skip(problem_.depth);
      }
    }
  }

 private:
  __device__ uint32_t Stage(int stage) const { return address_ + stage * T::kStageBytes; }
  __device__ uint32_t Full(int stage) const { return address_ + T::kFullOffset + stage * 8; }
  __device__ uint32_t Empty(int stage) const { return address_ + T::kEmptyOffset + stage * 8; }

  /** Of the block's tile: less than 2^31, as rows of activations are, plus a cluster's tile. */
  __device__ int FirstRow(const TilePlace& at) const {
    return (at.by_activations * T::kCluster + static_cast<int>(rank_)) * T::kActivations;
  }

  /** Waits for the other consumer to pass the turn; by all threads of this one. */
  __device__ static void WaitForTurn(int group) { WaitAtBarrier(kTurnBarrier + group, kConsumers * kGroupThreads); }

  __device__ static void PassTurn(int to_group) {
    ArriveAtBarrier(kTurnBarrier + to_group, kConsumers * kGroupThreads);
  }

  /** Starts all products of a tile; offset: of the consumer's first activations in a stage. */
  __device__ void Multiply(uint32_t offset, StagePlace<T::kStages>* place, Sums& sums) const {
    for (int k = 0; k < problem_.depth; ++k) {
      WaitForPhase(Full(place->stage), place->parity);
      const uint32_t stage = Stage(place->stage);
      const uint64_t activations = RowsDescriptor(stage + offset);
      const uint64_t weights = RowsDescriptor(stage + T::kActivationBytes);
      BeginProducts();
#pragma unroll
      for (int step = 0; step < T::kSteps; ++step) {
#pragma unroll
        for (int part = 0; part < T::kRowParts; ++part) {
          constexpr int kPartBytes = kGroupProductRows * kBoxRowBytes;
          MultiplyRows<kSigned>(sums[part], activations + (part * kPartBytes + step * kStepDepth) / 16,
                                weights + step * kStepDepth / 16, k + step);
        }
      }
      CommitProducts();
      WaitForProducts<1>();
      if (k > 0) Release(place->Before());
      place->Advance();
    }
  }

  /** Waits for the last products. */
  __device__ void FinishProducts(const StagePlace<T::kStages>& place, Sums& sums) const {
    WaitForProducts<0>();
#pragma unroll
    for (int part = 0; part < T::kRowParts; ++part) HoldSums(sums[part]);
    Release(place.Before());
  }

  /** row: the warp's first one in the tile. */
  __device__ void Store(const HopperEpilogue<T>& epilogue, uint32_t tile, int row, const Sums& sums) const {
    const TilePlace at = PlaceOf(problem_.raster, tile);
    epilogue.Run(sums, static_cast<int64_t>(FirstRow(at)) + row, at.by_weights * T::kWeights);
  }

  /** Gives a stage back: each warp by itself, since each one knows only its own products to be done. */
  __device__ void Release(int stage) const {
    const uint32_t lane = threadIdx.x % kWarpSize;
    if constexpr (T::kCluster == 1) {
      if (lane == 0) Arrive(Empty(stage));
    } else {
      if (lane < T::kCluster) ArriveInBlock(Empty(stage), lane);
    }
  }

  const HopperProblem& problem_;
  int8_t* const shared_;
  const uint32_t address_;
  /** The block's number in its cluster. */
  const uint32_t rank_;
  /** The cluster's first tile, and from one of its tiles to the next. */
  const uint32_t first_;
  const uint32_t apart_;
};

template <typename T, bool kSigned>
__global__ void __launch_bounds__(T::kThreads, 1) HopperKernel(const __grid_constant__ HopperProblem problem) {
  extern __shared__ __align__(1024) int8_t hopper_shared[];
  const HopperBlock<T, kSigned> block(problem, hopper_shared);
  // The same in all threads of a warp, which the compiler can't know otherwise.
  const int warp = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / kWarpSize, 0);
  if (threadIdx.x == 0) block.InitBarriers();
  if constexpr (T::kCluster == 1) {
    __syncthreads();
  } else {
    SynchronizeCluster();
  }
  if (warp < kConsumerWarps) {
    TakeRegisters<kConsumerRegisters>();
    block.Consume(warp);
  } else {
    GiveRegisters<kProducerRegisters>();
    if (threadIdx.x == kConsumerWarps * kWarpSize) block.Produce();
  }
  // The shared memory of a block has to be there until the others have arrived at its barriers for the last time.
  if constexpr (T::kCluster > 1) SynchronizeCluster();
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_KERNEL_H_
