// SPDX-License-Identifier: Apache-2.0
// The kernel of a tiled matrix product: a tile of a product of the batch, by the steps of tile_steps.h.
#ifndef OCTET_CUDA_GEMM_TILE_KERNEL_H_
#define OCTET_CUDA_GEMM_TILE_KERNEL_H_

#include <cstdint>

#include "cuda/gemm/tile_steps.h"

namespace octet {
namespace cuda {

template <typename T, typename C, typename Source>
__global__ void __launch_bounds__(T::kThreads, 1) TileKernel(const __grid_constant__ TileProblem<Source> problem) {
  if constexpr (IsCompiled<T>()) {
    extern __shared__ __align__(128) int8_t shared[];
    const uint32_t tiles =
        static_cast<uint32_t>(problem.raster.by_activations) * static_cast<uint32_t>(problem.raster.by_weights);
    const BatchPlace product = PlaceOf(problem.batch, blockIdx.x, tiles);
    const TilePlace place = PlaceOf(problem.raster, blockIdx.x - static_cast<uint32_t>(product.number) * tiles);
    const TileSteps<T, C> steps(shared, {static_cast<int64_t>(place.by_activations) * T::kActivations,
                                         static_cast<int64_t>(place.by_weights) * T::kWeights,
                                         product.Of(problem.batch.activations), product.Of(problem.batch.weights)});
    typename TileSteps<T, C>::Sums sums = {};
    if (!steps.MakeSums(problem, sums)) return;
    steps.Store(problem.epilogue, PartOf(problem.epilogue, problem.batch, product), sums);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_TILE_KERNEL_H_
