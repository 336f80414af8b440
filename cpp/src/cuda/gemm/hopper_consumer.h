// SPDX-License-Identifier: Apache-2.0
// The products of a block of the sm_90a kernel. Consumers wait for a stage, start its products, and give the stage
// before back when the products of that are done: one group of products is always under way. With half bytes it is the
// other consumer's (hopper_half_bytes.h).
#ifndef OCTET_CUDA_GEMM_HOPPER_CONSUMER_H_
#define OCTET_CUDA_GEMM_HOPPER_CONSUMER_H_

#include <cstdint>

#include "cuda/gemm/hopper_block.h"
#include "cuda/gemm/hopper_epilogue.h"
#include "cuda/gemm/hopper_half_bytes.h"

namespace octet {
namespace cuda {

template <typename T, bool kSigned>
class HopperConsumer {
 public:
  using Sums = int32_t[T::kRowParts][T::kColumnParts][4];

  /** warp: of all consumers'. */
  __device__ HopperConsumer(const HopperBlock<T>& block, int warp)
      : block_(block),
        problem_(block.problem),
        group_(warp / kGroupWarps),
        warp_(warp % kGroupWarps),
        epilogue_(problem_.epilogue, block.shared + T::kEpilogueOffset + warp * T::kEpilogueWarpBytes) {}

  __device__ void Run() {
    Sums sums;
    if constexpr (T::kSharing == Sharing::kRows) {
      for (uint32_t number = block_.first; number < block_.units; number += block_.apart) {
        Multiply(DepthOf(problem_, number), group_ * T::kGroupRows, sums);
        FinishProducts(sums);
        Store(number, group_, sums);
      }
    } else {
      if (group_ == 1) {
        PassTurn(0);
        place_.Skip(DepthOf(problem_, block_.first));
      }
      for (uint32_t number = block_.first + group_ * block_.apart; number < block_.units;
           number += kConsumers * block_.apart) {
        const uint32_t next = number + block_.apart;
        // Stages before this unit's have been filled when the turn comes: no barrier is two phases behind.
        WaitForTurn();
        Multiply(DepthOf(problem_, number), 0, sums);
        if (next < block_.units) PassTurn(1 - group_);
        FinishProducts(sums);
        Store(number, 0, sums);
        if (next < block_.units) place_.Skip(DepthOf(problem_, next));
      }
    }
  }

 private:
  /** Waits for the other consumer to pass the turn; by all threads of this one. */
  __device__ void WaitForTurn() const { WaitAtBarrier(kTurnBarrier + group_, kConsumers * kGroupThreads); }

  __device__ static void PassTurn(int to_group) {
    ArriveAtBarrier(kTurnBarrier + to_group, kConsumers * kGroupThreads);
  }

  /** Starts all products of a unit of so many stages; first_row: the consumer's in a stage. */
  __device__ void Multiply(int depth, int first_row, Sums& sums) {
    if constexpr (T::kSwapped) {
      MultiplyHalfBytes(depth, first_row, sums);
    } else {
      MultiplyBytes(depth, first_row, sums);
    }
  }

  __device__ void MultiplyBytes(int depth, int first_row, Sums& sums) {
    const uint32_t offset = static_cast<uint32_t>(first_row * problem_.layout.box_codes);
    const uint32_t part_chunks = static_cast<uint32_t>(kGroupProductRows * problem_.layout.box_codes) / 16;
    for (int k = 0; k < depth; ++k) {
      WaitForPhase(block_.Full(place_.stage), place_.parity);
      const uint32_t stage = block_.Stage(place_.stage);
      const uint64_t activations = problem_.layout.descriptor | DescriptorAddress(stage + offset);
      const uint64_t weights =
          RowsDescriptor(kBoxRowBytes, T::kWeights * kBoxRowBytes) | DescriptorAddress(stage + T::kActivationBytes);
      BeginProducts();
#pragma unroll
      for (int step = 0; step < kStageSteps; ++step) {
#pragma unroll
        for (int part = 0; part < T::kRowParts; ++part) {
          MultiplyRows<kSigned>(sums[part], activations + problem_.layout.steps[step] + part * part_chunks,
                                weights + step * kStepDepth / 16, k + step);
        }
      }
      CommitProducts();
      WaitForProducts<1>();
      if (k > 0) Release(place_.Before());
      place_.Advance();
    }
  }

  __device__ void MultiplyHalfBytes(int depth, int first_row, Sums& sums) {
    HalfByteRows<T::kRowParts> rows(first_row + warp_ * 16 * T::kRowParts, static_cast<int>(threadIdx.x) % kWarpSize);
    for (int k = 0; k < depth; ++k) {
      WaitForPhase(block_.Full(place_.stage), place_.parity);
      const uint32_t stage = block_.Stage(place_.stage);
      rows.Load(stage + T::kActivationBytes);
      WaitForProducts<0>();
      if (k > 0) Release(place_.Before());
      uint32_t words[kStageSteps][T::kRowParts][4];
#pragma unroll
      for (int step = 0; step < kStageSteps; ++step) {
#pragma unroll
        for (int part = 0; part < T::kRowParts; ++part) rows.Unpack(step, part, words[step][part]);
        HoldWords(words[step]);
      }
      const uint64_t activations = problem_.layout.descriptor | DescriptorAddress(stage);
      BeginProducts();
#pragma unroll
      for (int step = 0; step < kStageSteps; ++step) {
#pragma unroll
        for (int part = 0; part < T::kRowParts; ++part) {
          MultiplyWords<kSigned>(sums[part], words[step][part], activations + problem_.layout.steps[step], k + step);
        }
      }
      CommitProducts();
      place_.Advance();
    }
  }

  /** Waits for the last products. */
  __device__ void FinishProducts(Sums& sums) const {
    WaitForProducts<0>();
#pragma unroll
    for (int part = 0; part < T::kRowParts; ++part) HoldSums(sums[part]);
    Release(place_.Before());
  }

  /** tile_group: number of the consumer among those of the tile. */
  __device__ void Store(uint32_t number, int tile_group, Sums& sums) const {
    const HopperUnit unit = UnitAt(problem_, number);
    if (problem_.split.parts > 1) {
      const int64_t tile = (static_cast<int64_t>(unit.tile) * T::kCluster + block_.rank) * T::kTileConsumers;
      const int barrier = kMeetingBarrier + group_;
      int32_t* word = reinterpret_cast<int32_t*>(block_.shared + T::kWordOffset) + group_;
      const bool came_last = Gather<kGroupThreads>(
          problem_.split, tile + tile_group, static_cast<int>(threadIdx.x) % kGroupThreads, word,
          [barrier] { WaitAtBarrier(barrier, kGroupThreads); }, sums);
      if (!came_last) return;
    }
    const TileRows<T::kTakesPixels> rows(problem_, unit, block_.FirstRow(unit.at));
    const int first = tile_group * T::kGroupRows;
    const int32_t column = unit.at.by_weights * T::kWeights;
    if constexpr (T::kSwapped) {
      epilogue_.Run(sums, rows, 0, column + first + warp_ * T::kEpilogueColumns);
    } else {
      epilogue_.Run(sums, rows, first + warp_ * 16, column);
    }
  }

  /** Gives a stage back: each warp by itself, since each one knows only its own products to be done. */
  __device__ void Release(int stage) const {
    const uint32_t lane = threadIdx.x % kWarpSize;
    if constexpr (T::kCluster == 1) {
      ArriveIf(lane == 0, block_.Empty(stage));
    } else {
      ArriveInBlockIf(lane < T::kCluster, block_.Empty(stage), lane);
    }
  }

  const HopperBlock<T>& block_;
  const HopperProblem& problem_;
  /** Number of the consumer, and of the warp in it. */
  const int group_;
  const int warp_;
  const HopperEpilogue<T> epilogue_;
  StagePlace<T::kStages> place_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_CONSUMER_H_
