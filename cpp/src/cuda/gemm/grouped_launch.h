// SPDX-License-Identifier: Apache-2.0
// Launches of the tiled kernel for groups: each shape of tile in a translation unit of its own (grouped_*.cu).
#ifndef OCTET_CUDA_GEMM_GROUPED_LAUNCH_H_
#define OCTET_CUDA_GEMM_GROUPED_LAUNCH_H_

#include <cuda_runtime.h>

#include "cuda/gemm/grouped_kernel.h"
#include "cuda/gemm/heuristics.h"
#include "cuda/gemm/tile_launch.h"

namespace octet {
namespace cuda {

struct GroupedLaunch {
  const GroupedProblem* problem;
  bool signed_activations;
  int weight_bits;
  cudaStream_t stream;
};

using GroupedLauncher = cudaError_t (*)(const GroupedLaunch& launch);

/** Null if the kernel is none for groups: TakesGroups. */
GroupedLauncher GroupedLauncherOf(GemmKernel kernel);

template <typename T, typename C>
cudaError_t LaunchGroupedCodes(const GroupedLaunch& launch) {
  constexpr int kBytes = SharedBytes<T, C::kWeightBits>();
  // Set with every launch: it belongs to the current device, and costs far less than the launch.
  cudaError_t error = cudaFuncSetAttribute(GroupedKernel<T, C>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  if (error != cudaSuccess) return error;
  const TileProblem<OperandRows>& tiles = launch.problem->tiles;
  const dim3 blocks(static_cast<unsigned>(tiles.raster.by_activations) * static_cast<unsigned>(tiles.raster.by_weights),
                    static_cast<unsigned>(tiles.split.parts));
  GroupedKernel<T, C><<<blocks, T::kThreads, kBytes, launch.stream>>>(*launch.problem);
  return cudaGetLastError();
}

template <typename T>
cudaError_t LaunchGrouped(const GroupedLaunch& launch) {
  if (launch.weight_bits == 8) {
    return launch.signed_activations ? LaunchGroupedCodes<T, Codes<true, 8>>(launch)
                                     : LaunchGroupedCodes<T, Codes<false, 8>>(launch);
  }
  return launch.signed_activations ? LaunchGroupedCodes<T, Codes<true, 4>>(launch)
                                   : LaunchGroupedCodes<T, Codes<false, 4>>(launch);
}

extern template cudaError_t LaunchGrouped<Tile16x128Swapped>(const GroupedLaunch& launch);
extern template cudaError_t LaunchGrouped<Tile64x64>(const GroupedLaunch& launch);
extern template cudaError_t LaunchGrouped<Tile128x128>(const GroupedLaunch& launch);
extern template cudaError_t LaunchGrouped<Turing32x64Swapped>(const GroupedLaunch& launch);
extern template cudaError_t LaunchGrouped<Turing64x64>(const GroupedLaunch& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_GROUPED_LAUNCH_H_
