// SPDX-License-Identifier: Apache-2.0
// The steps of a block that makes a tile, the same in all kernels of tiles once they know where it lies: its part of K,
// loaders, main loop, the gathering of parts, epilogue.
#ifndef OCTET_CUDA_GEMM_TILE_STEPS_H_
#define OCTET_CUDA_GEMM_TILE_STEPS_H_

#include <cstdint>

#include "cuda/gemm/batch.h"
#include "cuda/gemm/main_loop.h"
#include "cuda/gemm/operand_loader.h"
#include "cuda/gemm/raster.h"
#include "cuda/gemm/split_k.h"
#include "cuda/gemm/tile_epilogue.h"

namespace octet {
namespace cuda {

/** Source: where activations come from, OperandRows or what else has a loader (LoaderOf). */
template <typename Source>
struct TileProblem {
  Source activations;
  OperandRows weights;
  /** Tiles of K. */
  int32_t depth;
  Raster raster;
  SplitK split;
  Batch batch;
  Epilogue epilogue;
};

/** Whether the architecture takes tiles of so many stages: kernels of others are compiled without a body. */
template <typename T>
constexpr bool IsCompiled() {
#if __CUDA_ARCH__ >= 800
  return T::kStages > 2;
#else
  return T::kStages == 2;
#endif
}

/** Where a tile begins: its first rows, and the bytes before row 0 of its product or group. */
struct TileOperands {
  int64_t activation;
  int64_t weight;
  int64_t skipped_activations;
  int64_t skipped_weights;
};

template <typename T, typename C>
class TileSteps {
 public:
  using Sums = typename MainLoop<T, C>::Sums;

  __device__ TileSteps(int8_t* shared, const TileOperands& at)
      : shared_(shared),
        at_(at),
        warp_(static_cast<int>(threadIdx.x) / kWarpSize),
        lane_(static_cast<int>(threadIdx.x) % kWarpSize) {}

  /** The tile's sums, zeros at first; all threads of the block together. False: a block that comes later has them. */
  template <typename Source>
  __device__ bool MakeSums(const TileProblem<Source>& problem, Sums& sums) const {
    const SplitK& split = problem.split;
    const int part = static_cast<int>(blockIdx.y);
    const int first = static_cast<int>(static_cast<int64_t>(problem.depth) * part / split.parts);
    const int last = static_cast<int>(static_cast<int64_t>(problem.depth) * (part + 1) / split.parts);
    using ActivationLoader = typename LoaderOf<Source, T::kActivations, T::kThreads>::Type;
    using WeightLoader = RowLoader<T::kWeights, C::kWeightBits, T::kThreads, true>;
    ActivationLoader activations(problem.activations, at_.activation, first, last - first, at_.skipped_activations);
    WeightLoader weights(problem.weights, at_.weight, first, last - first, at_.skipped_weights);
    MainLoop<T, C> loop(shared_, warp_, lane_);
    if constexpr (T::kSwapped) {
      loop.Run(last - first, &weights, &activations, sums);
    } else {
      loop.Run(last - first, &activations, &weights, sums);
    }
    if (split.parts == 1) return true;
    return Gather<T::kThreads>(
        split, blockIdx.x, static_cast<int>(threadIdx.x), reinterpret_cast<int32_t*>(shared_), [] { __syncthreads(); },
        sums);
  }

  /** Stores the tile's sums, which it uses up, to what its product or group has of the output. */
  __device__ void Store(const Epilogue& epilogue, const EpiloguePart& part, Sums& sums) const {
    const int by_rows = warp_ % T::kWarpsByRows * T::kWarpRows;
    const int by_columns = warp_ / T::kWarpsByRows * T::kWarpColumns;
    TileEpilogue<T, SharedBytes<T, C::kWeightBits>(), C::kWeightBits == 8 ? 0 : kHalfByteShift> of_warp(
        epilogue, part, shared_, at_.activation + (T::kSwapped ? by_columns : by_rows),
        static_cast<int32_t>(at_.weight) + (T::kSwapped ? by_rows : by_columns));
    of_warp.Run(sums);
  }

 private:
  int8_t* const shared_;
  const TileOperands at_;
  const int warp_;
  const int lane_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_TILE_STEPS_H_
