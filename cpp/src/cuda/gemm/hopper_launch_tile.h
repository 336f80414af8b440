// SPDX-License-Identifier: Apache-2.0
// The launch of the sm_90a kernel with a tile.
#ifndef OCTET_CUDA_GEMM_HOPPER_LAUNCH_TILE_H_
#define OCTET_CUDA_GEMM_HOPPER_LAUNCH_TILE_H_

#include <algorithm>
#include <cstdint>

#include "cuda/gemm/hopper_kernel.h"
#include "cuda/gemm/hopper_launch.h"
#include "cuda/gemm/hopper_tensor_map.h"

namespace octet {
namespace cuda {

template <typename T, bool kSigned>
cudaError_t LaunchHopperKernel(const HopperProblem& problem, unsigned multiprocessors, cudaStream_t stream) {
  // Set with every launch: it belongs to the current device, and costs far less than the launch.
  const cudaError_t error =
      cudaFuncSetAttribute(HopperKernel<T, kSigned>, cudaFuncAttributeMaxDynamicSharedMemorySize, T::kSharedBytes);
  if (error != cudaSuccess) return error;
  const unsigned clusters = std::min(problem.tiles, multiprocessors / T::kCluster);
  if constexpr (T::kCluster == 1) {
    HopperKernel<T, kSigned><<<clusters, T::kThreads, T::kSharedBytes, stream>>>(problem);
    return cudaGetLastError();
  } else {
    cudaLaunchAttribute attribute;
    attribute.id = cudaLaunchAttributeClusterDimension;
    attribute.val.clusterDim.x = T::kCluster;
    attribute.val.clusterDim.y = 1;
    attribute.val.clusterDim.z = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(clusters * T::kCluster);
    config.blockDim = dim3(T::kThreads);
    config.dynamicSmemBytes = T::kSharedBytes;
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = 1;
    return cudaLaunchKernelEx(&config, HopperKernel<T, kSigned>, problem);
  }
}

template <typename T>
cudaError_t LaunchHopperTile(const TileLaunch<OperandRows>& launch) {
  const TileProblem<OperandRows>& tiles = *launch.problem;
  HopperProblem problem;
  cudaError_t error = EncodeTensorMap(tiles.activations, T::kActivations, &problem.activations);
  if (error == cudaSuccess) error = EncodeTensorMap(tiles.weights, T::kCopiedWeights, &problem.weights);
  int device = 0;
  int multiprocessors = 0;
  if (error == cudaSuccess) error = cudaGetDevice(&device);
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  }
  if (error != cudaSuccess) return error;
  constexpr int kTilesPerStage = T::kDepth / kTileDepth;
  problem.depth = (tiles.depth + kTilesPerStage - 1) / kTilesPerStage;
  problem.raster = tiles.raster;
  problem.tiles = static_cast<uint32_t>(tiles.raster.by_activations) * static_cast<uint32_t>(tiles.raster.by_weights);
  problem.epilogue = tiles.epilogue;
  const unsigned count = static_cast<unsigned>(multiprocessors);
  return launch.signed_activations ? LaunchHopperKernel<T, true>(problem, count, launch.stream)
                                   : LaunchHopperKernel<T, false>(problem, count, launch.stream);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_LAUNCH_TILE_H_
