// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/tap_rows.h"

#include <algorithm>

#include "core/device_conv2d.h"
#include "cuda/bits.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kPixels = static_cast<int>(kTapRowPixels);
constexpr int64_t kMostBlocks = 65535;
/** Codes behind the last pixel that are read with it: of a chunk, and of the word that it ends in. */
constexpr int kBehind = 20;

/** Codes of the input pixels under kPixels neighbouring pixels of the output. */
int SpanOf(const TapRows& rows) { return ((kPixels - 1) * rows.stride_w + rows.kernel_w) * rows.channels; }

/**
 * A thread block makes the rows of taps of kPixels neighbouring pixels: it brings the codes under them to shared
 * memory, each input element read and quantized once, and takes 16 of them a thread from there. Codes behind a row's
 * last tap, which have weights of 0, are those of the next pixel.
 */
template <typename T>
__global__ void __launch_bounds__(kThreads) TapRowsKernel(const __grid_constant__ TapRows rows, int span) {
  extern __shared__ uint32_t words[];
  auto* const codes = reinterpret_cast<int8_t*>(words);
  const int segments = (rows.out_width + kPixels - 1) / kPixels;
  const int chunks = rows.run / 16;
  const int64_t items = rows.images * rows.height * segments * rows.groups;
  for (int64_t item = blockIdx.x; item < items; item += gridDim.x) {
    const int group = static_cast<int>(item % rows.groups);
    const int first = static_cast<int>(item / rows.groups % segments) * kPixels;
    const int64_t line = item / rows.groups / segments;
    const T* const from = reinterpret_cast<const T*>(rows.data) + line / rows.height * rows.strides[0] +
                          line % rows.height * rows.strides[1] + group * rows.channels * rows.strides[3];
    const int64_t left = static_cast<int64_t>(first) * rows.stride_w - rows.pad_left;
    for (int i = static_cast<int>(threadIdx.x); i < span + kBehind; i += kThreads) {
      const int64_t x = left + i / rows.channels;
      int32_t code = static_cast<int32_t>(rows.step.zero_point);
      if (i < span && x >= 0 && x < rows.width) {
        code = CodeOf(from[x * rows.strides[2] + i % rows.channels * rows.strides[3]], rows.step, rows.limits);
      }
      codes[i] = static_cast<int8_t>(code);
    }
    __syncthreads();
    const int pixels = min(kPixels, rows.out_width - first);
    for (int i = static_cast<int>(threadIdx.x); i < pixels * chunks; i += kThreads) {
      const int pixel = i / chunks;
      const int start = pixel * rows.stride_w * rows.channels + i % chunks * 16;
      uint32_t next[5];
#pragma unroll
      for (int w = 0; w < 5; ++w) next[w] = words[start / 4 + w];
      uint32_t out[4];
#pragma unroll
      for (int w = 0; w < 4; ++w) out[w] = __funnelshift_r(next[w], next[w + 1], start % 4 * 8);
      int8_t* const to =
          rows.codes + ((line * rows.out_width + first + pixel) * rows.groups + group) * rows.run + i % chunks * 16;
      *reinterpret_cast<uint4*>(to) = {out[0], out[1], out[2], out[3]};
    }
    __syncthreads();
  }
}

template <typename T>
void Launch(const TapRows& rows, cudaStream_t stream) {
  const int64_t items = rows.images * rows.height * ((rows.out_width + kPixels - 1) / kPixels) * rows.groups;
  const int span = SpanOf(rows);
  // Words that begin with the last code are whole.
  const size_t bytes = static_cast<size_t>(RoundUp(span + kBehind, 4));
  TapRowsKernel<T><<<static_cast<unsigned>(std::min(kMostBlocks, items)), kThreads, bytes, stream>>>(rows, span);
}

}  // namespace

cudaError_t MakeTapRows(const TapRows& rows, cudaStream_t stream) {
  switch (rows.type) {
    case ElementType::kF16:
      Launch<Float16>(rows, stream);
      break;
    case ElementType::kBF16:
      Launch<BFloat16>(rows, stream);
      break;
    case ElementType::kS8:
      Launch<int8_t>(rows, stream);
      break;
    case ElementType::kU8:
      Launch<uint8_t>(rows, stream);
      break;
    default:
      Launch<float>(rows, stream);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
