// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/patch_sums.h"

#include <algorithm>

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMostBlocks = 65535;

/** A warp adds up the channels of a group of a pixel; its neighbours have those beside. */
__global__ void __launch_bounds__(kThreads) SumChannels(const __grid_constant__ PatchSums patches) {
  const PixelSource& source = patches.source;
  const int64_t pixels = patches.images * source.height * source.width;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int64_t warps = static_cast<int64_t>(gridDim.x) * (kThreads / kWarpSize);
  for (int64_t item = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / kWarpSize;
       item < pixels * patches.groups; item += warps) {
    const int64_t pixel = item / patches.groups;
    const int64_t group = item % patches.groups;
    const int64_t line = pixel / source.width;
    const int8_t* from = source.data + line / source.height * source.image + line % source.height * source.line +
                         pixel % source.width * source.pixel + group * source.channels;
    int32_t sum = 0;
    for (int32_t c = lane; c < patches.channels; c += kWarpSize) {
      sum += patches.is_signed ? from[c] : static_cast<int32_t>(static_cast<uint8_t>(from[c]));
    }
#pragma unroll
    for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(0xffffffffu, sum, distance);
    }
    if (lane == 0) patches.of_pixels[group * pixels + pixel] = sum;
  }
}

__global__ void __launch_bounds__(kThreads) SumTaps(const __grid_constant__ PatchSums patches) {
  const PixelSource& source = patches.source;
  const int32_t pixels = source.out_height * source.out_width;
  for (int64_t number = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
       number < source.rows * patches.groups; number += static_cast<int64_t>(gridDim.x) * kThreads) {
    const int64_t row = number % source.rows;
    const int32_t in_image = static_cast<int32_t>(row % pixels);
    const int top = in_image / source.out_width * source.stride_h - source.pad_top;
    const int left = in_image % source.out_width * source.stride_w - source.pad_left;
    // Of the images of all groups.
    const int64_t image = (number / source.rows * patches.images + row / pixels) * source.height;
    uint32_t sum = 0;
    for (int tap = 0; tap < source.taps; ++tap) {
      const int y = top + tap / source.kernel_w * source.dilation_h;
      const int x = left + tap % source.kernel_w * source.dilation_w;
      const bool inside = static_cast<unsigned>(y) < static_cast<unsigned>(source.height) &&
                          static_cast<unsigned>(x) < static_cast<unsigned>(source.width);
      sum += static_cast<uint32_t>(inside ? patches.of_pixels[(image + y) * source.width + x]
                                          : patches.channels * patches.zero_point);
    }
    patches.sums[number] = static_cast<int32_t>(sum);
  }
}

}  // namespace

cudaError_t AddPatches(const PatchSums& patches, cudaStream_t stream) {
  const int64_t sums = patches.groups * patches.images * patches.source.height * patches.source.width;
  if (sums > 0) {
    const int64_t blocks = (sums + kThreads / kWarpSize - 1) / (kThreads / kWarpSize);
    SumChannels<<<static_cast<unsigned>(std::min(kMostBlocks, blocks)), kThreads, 0, stream>>>(patches);
  }
  const int64_t blocks = (patches.groups * patches.source.rows + kThreads - 1) / kThreads;
  SumTaps<<<static_cast<unsigned>(std::min(kMostBlocks, blocks)), kThreads, 0, stream>>>(patches);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
