// SPDX-License-Identifier: Apache-2.0
// A convolution's input as the rows of a matrix product, without the matrix: a row is an output pixel, and a chunk of
// 16 codes along K is 16 channels of one tap, so it is one copy of 16 bytes from the input. Taps outside of the image
// are copied from 16 bytes of the zero point instead: they cost a choice of addresses and no branch.
#ifndef OCTET_CUDA_CONV_PIXEL_SOURCE_H_
#define OCTET_CUDA_CONV_PIXEL_SOURCE_H_

#include <cstdint>
#include <utility>

#include "cuda/gemm/instructions.h"
#include "cuda/gemm/operand_loader.h"
#include "cuda/gemm/shared_layout.h"

namespace octet {
namespace cuda {

/** Codes [N, H, W, C]; strides are bytes, multiples of 16, and the channels of a pixel have no gaps. */
struct PixelSource {
  const int8_t* data;
  int64_t image;
  int64_t line;
  int64_t pixel;
  int32_t height;
  int32_t width;
  int32_t out_height;
  int32_t out_width;
  int32_t stride_h;
  int32_t stride_w;
  int32_t pad_top;
  int32_t pad_left;
  int32_t dilation_h;
  int32_t dilation_w;
  int32_t kernel_w;
  int32_t taps;
  /** Codes of a tap, a multiple of 16. */
  int32_t channels;
  /** 16 codes of the zero point. */
  const int8_t* outside;
  /** Output pixels of all images. */
  int32_t rows;
};

template <int kRows, int kThreads>
class PixelLoader {
 public:
  static constexpr int kChunks = ChunksPerRow(8);
  static constexpr int kCopies = kRows * kChunks / kThreads;
  static constexpr int kRowsApart = kThreads / kChunks;
  static_assert(kRows * kChunks % kThreads == 0 && kRowsApart % 8 == 0, "as in RowLoader");

  /** skipped: bytes before the first channel, a multiple of 16. */
  __device__ PixelLoader(const PixelSource& source, int64_t first_row, int first_tile, int64_t skipped)
      : source_(source) {
    const int thread = static_cast<int>(threadIdx.x);
    const int row = thread / kChunks;
    const int chunk = thread % kChunks;
    to_ = ChunkOffset<8>(row, chunk);
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      const int number = min(static_cast<int>(first_row) + row + i * kRowsApart, source.rows - 1);
      const int pixels = source.out_height * source.out_width;
      const int in_image = number % pixels;
      top_[i] = in_image / source.out_width * source.stride_h - source.pad_top;
      left_[i] = in_image % source.out_width * source.stride_w - source.pad_left;
      // In units of 16 bytes: 32 bits reach as far as any device's memory.
      from_[i] = static_cast<int32_t>(
          (skipped + number / pixels * source.image + top_[i] * source.line + left_[i] * source.pixel) / 16);
    }
    const int first = first_tile * kTileDepth + chunk * 16;
    tap_ = first / source.channels;
    channel_ = first % source.channels;
  }

  /** Starts copying the next tile to a stage. */
  __device__ void Copy(uint32_t stage) {
    CopyAll(stage + to_, TheTap(), std::make_integer_sequence<int, kCopies>());
    Advance();
  }

  /** Reads the next tile into registers. */
  __device__ void Fetch() {
    const Tap tap = TheTap();
#pragma unroll
    for (int i = 0; i < kCopies; ++i) words_[i] = __ldg(reinterpret_cast<const uint4*>(From(i, tap)));
    Advance();
  }

  /** Writes what was fetched to a stage. */
  __device__ void Put(int8_t* stage) const {
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      *reinterpret_cast<uint4*>(stage + to_ + i * kRowsApart * RowBytes(8)) = words_[i];
    }
  }

 private:
  /** A tap's distance from the first one, in pixels and in bytes. */
  struct Tap {
    int down;
    int right;
    int64_t bytes;
  };

  template <int... kIndices>
  __device__ void CopyAll(uint32_t to, const Tap& tap, std::integer_sequence<int, kIndices...>) const {
    (CopyAsync<kIndices * kRowsApart * RowBytes(8)>(to, From(kIndices, tap)), ...);
  }

  __device__ Tap TheTap() const {
    // Beyond the last tap the weights are 0, and any codes will do.
    if (tap_ >= source_.taps) return {source_.height + source_.pad_top, 0, 0};
    const int down = tap_ / source_.kernel_w * source_.dilation_h;
    const int right = tap_ % source_.kernel_w * source_.dilation_w;
    return {down, right, down * source_.line + right * source_.pixel + channel_};
  }

  __device__ const int8_t* From(int i, const Tap& tap) const {
    const bool inside = static_cast<unsigned>(top_[i] + tap.down) < static_cast<unsigned>(source_.height) &&
                        static_cast<unsigned>(left_[i] + tap.right) < static_cast<unsigned>(source_.width);
    return inside ? source_.data + (static_cast<int64_t>(from_[i]) * 16 + tap.bytes) : source_.outside;
  }

  __device__ void Advance() {
    channel_ += kTileDepth;
    while (channel_ >= source_.channels) {
      channel_ -= source_.channels;
      ++tap_;
    }
  }

  const PixelSource& source_;
  uint32_t to_;
  int32_t from_[kCopies];
  int32_t top_[kCopies];
  int32_t left_[kCopies];
  int tap_;
  int channel_;
  uint4 words_[kCopies];
};

template <int kRows, int kThreads>
struct LoaderOf<PixelSource, kRows, kThreads> {
  using Type = PixelLoader<kRows, kThreads>;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_PIXEL_SOURCE_H_
