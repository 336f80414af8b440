// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/ready_image.h"

#include <algorithm>

#include "cuda/bits.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMostBlocks = 65535;
constexpr int kQuad = 4;

/** A thread makes four neighbouring codes. kByPixels: neighbouring threads have neighbouring pixels, not channels. */
template <typename T, bool kByPixels>
__global__ void __launch_bounds__(kThreads) ReadyImageKernel(const __grid_constant__ ReadyImage image) {
  const int64_t pixels = image.images * image.padded_height * image.padded_width;
  const uint32_t padding = (static_cast<uint32_t>(static_cast<int32_t>(image.step.zero_point)) & 0xffu) * 0x01010101u;
  const int64_t quads = static_cast<int64_t>(image.groups) * (image.filled / kQuad);
  const T* data = reinterpret_cast<const T*>(image.data);
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < pixels * quads;
       i += static_cast<int64_t>(gridDim.x) * kThreads) {
    const int64_t pixel = kByPixels ? i % pixels : i / quads;
    const int64_t quad = kByPixels ? i / pixels : i % quads;
    const int64_t group = quad / (image.filled / kQuad);
    const int32_t channel = static_cast<int32_t>(quad % (image.filled / kQuad)) * kQuad;
    const int64_t line = pixel / image.padded_width;
    const int64_t y = line % image.padded_height - image.pad_top;
    const int64_t x = pixel % image.padded_width - image.pad_left;
    uint32_t* to = reinterpret_cast<uint32_t*>(image.codes) + pixel * quads + quad;
    if (y < 0 || y >= image.height || x < 0 || x >= image.width) {
      *to = padding;
      continue;
    }
    const T* from = data + line / image.padded_height * image.strides[0] + y * image.strides[1] + x * image.strides[2] +
                    group * image.channels * image.strides[3];
    uint32_t word = 0;
#pragma unroll
    for (int c = 0; c < kQuad; ++c) {
      if (channel + c >= image.channels) break;
      const int32_t code = CodeOf(from[(channel + c) * image.strides[3]], image.step, image.limits);
      word |= (static_cast<uint32_t>(code) & 0xffu) << (8 * c);
    }
    *to = word;
  }
}

template <typename T>
void Launch(const ReadyImage& image, cudaStream_t stream) {
  const int64_t count = image.images * image.padded_height * image.padded_width * image.groups *
                        static_cast<int64_t>(image.filled / kQuad);
  const unsigned blocks = static_cast<unsigned>(std::min(kMostBlocks, (count + kThreads - 1) / kThreads));
  if (image.strides[3] == 1) {
    ReadyImageKernel<T, false><<<blocks, kThreads, 0, stream>>>(image);
  } else {
    ReadyImageKernel<T, true><<<blocks, kThreads, 0, stream>>>(image);
  }
}

}  // namespace

cudaError_t MakeImageReady(const ReadyImage& image, cudaStream_t stream) {
  switch (image.type) {
    case ElementType::kF16:
      Launch<Float16>(image, stream);
      break;
    case ElementType::kBF16:
      Launch<BFloat16>(image, stream);
      break;
    case ElementType::kS8:
      Launch<int8_t>(image, stream);
      break;
    case ElementType::kU8:
      Launch<uint8_t>(image, stream);
      break;
    default:
      Launch<float>(image, stream);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
