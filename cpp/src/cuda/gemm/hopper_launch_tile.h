// SPDX-License-Identifier: Apache-2.0
// The launch of the sm_90a kernel with a tile: the operands' tensor maps, and what the kernel is told of the problem.
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
  const unsigned units = problem.tiles * static_cast<unsigned>(problem.split.parts);
  const unsigned clusters = std::min(units, multiprocessors / T::kCluster);
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

/** Boxes of box_rows rows of box_codes bytes; batch: the operand's strides in it, of sizes outer and inner. */
inline BoxedTensor BoxedRows(const OperandRows& operand, const BatchStrides& batch, int32_t outer, int32_t inner,
                             int32_t box_codes, int32_t box_rows) {
  // Dimensions without a stride are matrices that are shared: they have one, at any distance.
  return {operand.data,
          {operand.bytes, operand.rows, batch.inner == 0 ? 1 : inner, batch.outer == 0 ? 1 : outer},
          {operand.stride, batch.inner == 0 ? operand.stride : batch.inner,
           batch.outer == 0 ? operand.stride : batch.outer},
          {box_codes, box_rows, 1, 1}};
}

/** What does not depend on the kind of activations; their maps are there. */
template <typename T, typename Source>
cudaError_t LaunchHopperProblem(const TileLaunch<Source>& launch, HopperProblem* problem) {
  const TileProblem<Source>& tiles = *launch.problem;
  int device = 0;
  int multiprocessors = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  }
  const int32_t products = std::max(tiles.batch.count, 1);
  const int32_t inner = std::max(tiles.batch.inner, 1);
  if (error == cudaSuccess) {
    error = EncodeTensorMap(
        BoxedRows(tiles.weights, tiles.batch.weights, products / inner, inner, T::kWeightRowBytes, T::kCopiedWeights),
        &problem->weights);
  }
  if (error != cudaSuccess) return error;
  constexpr int kTilesPerStage = T::kDepth / kTileDepth;
  const int32_t depth = (tiles.depth + kTilesPerStage - 1) / kTilesPerStage;
  problem->part_depth = depth / tiles.split.parts;
  problem->longer_parts = depth % tiles.split.parts;
  problem->raster = tiles.raster;
  problem->tiles = static_cast<uint32_t>(products) * static_cast<uint32_t>(tiles.raster.by_activations) *
                   static_cast<uint32_t>(tiles.raster.by_weights);
  problem->split = tiles.split;
  problem->batch = tiles.batch;
  problem->epilogue = tiles.epilogue;
  const unsigned count = static_cast<unsigned>(multiprocessors);
  return launch.signed_activations ? LaunchHopperKernel<T, true>(*problem, count, launch.stream)
                                   : LaunchHopperKernel<T, false>(*problem, count, launch.stream);
}

template <typename T>
cudaError_t LaunchHopperTile(const TileLaunch<OperandRows>& launch) {
  const TileProblem<OperandRows>& tiles = *launch.problem;
  HopperProblem problem = {};
  problem.layout = StageLayoutOf(kBoxRowBytes, T::kActivations);
  const int32_t inner = std::max(tiles.batch.inner, 1);
  const int32_t outer = std::max(tiles.batch.count, 1) / inner;
  const cudaError_t error = EncodeTensorMap(
      BoxedRows(tiles.activations, tiles.batch.activations, outer, inner, kBoxRowBytes, T::kActivations),
      &problem.activations[0]);
  if (error != cudaSuccess) return error;
  return LaunchHopperProblem<T>(launch, &problem);
}

/** The pixels of one place in the stride, and boxes of them. */
inline BoxedTensor PixelsOf(const BoxedPixels& pixels, int32_t y, int32_t x) {
  const PixelBoxes& boxes = pixels.boxes;
  const int32_t stride_h = boxes.stride_h_log + 1;
  const int32_t stride_w = boxes.stride_w_log + 1;
  return {pixels.data + y * pixels.line + x * pixels.pixel,
          {pixels.channels, (pixels.width - x + stride_w - 1) / stride_w, (pixels.height - y + stride_h - 1) / stride_h,
           boxes.images},
          {pixels.pixel * stride_w, pixels.line * stride_h, pixels.image},
          {pixels.box_channels, 1 << boxes.width_log, 1 << boxes.height_log,
           1 << (kBoxedRowsLog - boxes.width_log - boxes.height_log)}};
}

template <typename T>
cudaError_t LaunchHopperPixels(const TileLaunch<BoxedPixels>& launch) {
  static_assert(T::kActivations == 1 << kBoxedRowsLog && T::kTakesPixels, "a box is a tile");
  const BoxedPixels& pixels = launch.problem->activations;
  HopperProblem problem = {};
  problem.layout = StageLayoutOf(pixels.box_channels, T::kActivations);
  problem.pixels = pixels.boxes;
  for (int32_t y = 0; y <= pixels.boxes.stride_h_log; ++y) {
    for (int32_t x = 0; x <= pixels.boxes.stride_w_log; ++x) {
      const cudaError_t error = EncodeTensorMap(PixelsOf(pixels, y, x), &problem.activations[y * 2 + x]);
      if (error != cudaSuccess) return error;
    }
  }
  return LaunchHopperProblem<T>(launch, &problem);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_LAUNCH_TILE_H_
