// SPDX-License-Identifier: Apache-2.0
// Launches of the tiled kernel: a function for each shape of tile, each in a translation unit of its own
// (tile_*.cu), which compile side by side.
#ifndef OCTET_CUDA_GEMM_TILE_LAUNCH_H_
#define OCTET_CUDA_GEMM_TILE_LAUNCH_H_

#include <cuda_runtime.h>

#include "cuda/gemm/tile_kernel.h"

namespace octet {
namespace cuda {

template <typename Source>
struct TileLaunch {
  const TileProblem<Source>* problem;
  bool signed_activations;
  int weight_bits;
  cudaStream_t stream;
};

using TileLauncher = cudaError_t (*)(const TileLaunch<OperandRows>& launch);

template <typename T, typename C, typename Source>
cudaError_t LaunchCodes(const TileLaunch<Source>& launch) {
  constexpr int kBytes = SharedBytes<T, C::kWeightBits>();
  // Set with every launch: it belongs to the current device, and costs far less than the launch.
  cudaError_t error =
      cudaFuncSetAttribute(TileKernel<T, C, Source>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  if (error != cudaSuccess) return error;
  const TileProblem<Source>& problem = *launch.problem;
  const dim3 blocks(static_cast<unsigned>(problem.raster.by_activations) *
                        static_cast<unsigned>(problem.raster.by_weights) *
                        static_cast<unsigned>(problem.batch.count > 1 ? problem.batch.count : 1),
                    static_cast<unsigned>(problem.split.parts));
  TileKernel<T, C, Source><<<blocks, T::kThreads, kBytes, launch.stream>>>(problem);
  return cudaGetLastError();
}

template <typename T>
cudaError_t LaunchTile(const TileLaunch<OperandRows>& launch) {
  if (launch.weight_bits == 8) {
    return launch.signed_activations ? LaunchCodes<T, Codes<true, 8>>(launch) : LaunchCodes<T, Codes<false, 8>>(launch);
  }
  return launch.signed_activations ? LaunchCodes<T, Codes<true, 4>>(launch) : LaunchCodes<T, Codes<false, 4>>(launch);
}

// sm_80 and later.
using Tile256x128 = Tile<256, 128, 64, 64, 3>;
using Tile128x128 = Tile<128, 128, 64, 64, 5>;
using Tile128x128Shallow = Tile<128, 128, 64, 64, 3>;
using Tile128x64 = Tile<128, 64, 64, 32, 5>;
using Tile64x64 = Tile<64, 64, 32, 32, 6>;
using Tile32x64Swapped = Tile<64, 32, 32, 16, 8, true>;
using Tile16x128Swapped = Tile<128, 16, 32, 16, 8, true>;
// sm_75.
using Turing128x128 = Tile<128, 128, 64, 64, 2>;
using Turing64x64 = Tile<64, 64, 32, 32, 2>;
using Turing32x64Swapped = Tile<64, 32, 32, 16, 2, true>;

extern template cudaError_t LaunchTile<Tile256x128>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Tile128x128>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Tile128x128Shallow>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Tile128x64>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Tile64x64>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Tile32x64Swapped>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Tile16x128Swapped>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Turing128x128>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Turing64x64>(const TileLaunch<OperandRows>& launch);
extern template cudaError_t LaunchTile<Turing32x64Swapped>(const TileLaunch<OperandRows>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_TILE_LAUNCH_H_
