// SPDX-License-Identifier: Apache-2.0
// The kernel of a tiled matrix product: loaders, main loop, split K, epilogue.
#ifndef OCTET_CUDA_GEMM_TILE_KERNEL_H_
#define OCTET_CUDA_GEMM_TILE_KERNEL_H_

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

template <typename T, typename C, typename Source>
__global__ void __launch_bounds__(T::kThreads, 1) TileKernel(const __grid_constant__ TileProblem<Source> problem) {
  // Other architectures take tiles with other numbers of stages: nothing is compiled for them here.
#if __CUDA_ARCH__ >= 800
  constexpr bool kCompiled = T::kStages > 2;
#else
  constexpr bool kCompiled = T::kStages == 2;
#endif
  if constexpr (kCompiled) {
    extern __shared__ __align__(128) int8_t shared[];
    const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const uint32_t tiles =
        static_cast<uint32_t>(problem.raster.by_activations) * static_cast<uint32_t>(problem.raster.by_weights);
    const BatchPlace product = PlaceOf(problem.batch, blockIdx.x, tiles);
    const TilePlace place = PlaceOf(problem.raster, blockIdx.x - static_cast<uint32_t>(product.number) * tiles);
    const int64_t activation = static_cast<int64_t>(place.by_activations) * T::kActivations;
    const int64_t weight = static_cast<int64_t>(place.by_weights) * T::kWeights;
    const int part = static_cast<int>(blockIdx.y);
    const int first = static_cast<int>(static_cast<int64_t>(problem.depth) * part / problem.split.parts);
    const int last = static_cast<int>(static_cast<int64_t>(problem.depth) * (part + 1) / problem.split.parts);
    using ActivationLoader = typename LoaderOf<Source, T::kActivations, T::kThreads>::Type;
    using WeightLoader = RowLoader<T::kWeights, C::kWeightBits, T::kThreads, true>;
    ActivationLoader activations(problem.activations, activation, first, last - first,
                                 product.Of(problem.batch.activations));
    WeightLoader weights(problem.weights, weight, first, last - first, product.Of(problem.batch.weights));
    typename MainLoop<T, C>::Sums sums = {};
    MainLoop<T, C> loop(shared, warp, lane);
    if constexpr (T::kSwapped) {
      loop.Run(last - first, &weights, &activations, sums);
    } else {
      loop.Run(last - first, &activations, &weights, sums);
    }
    if (problem.split.parts > 1) {
      const bool came_last = Gather<T::kThreads>(
          problem.split, blockIdx.x, static_cast<int>(threadIdx.x), reinterpret_cast<int32_t*>(shared),
          [] { __syncthreads(); }, sums);
      if (!came_last) return;
    }
    const int by_rows = warp % T::kWarpsByRows * T::kWarpRows;
    const int by_columns = warp / T::kWarpsByRows * T::kWarpColumns;
    const EpiloguePart part_of_output = PartOf(problem.epilogue, problem.batch, product);
    TileEpilogue<T, SharedBytes<T, C::kWeightBits>(), C::kWeightBits == 8 ? 0 : kHalfByteShift> epilogue(
        problem.epilogue, part_of_output, shared, activation + (T::kSwapped ? by_columns : by_rows),
        static_cast<int32_t>(weight) + (T::kSwapped ? by_rows : by_columns));
    epilogue.Run(sums);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_TILE_KERNEL_H_
