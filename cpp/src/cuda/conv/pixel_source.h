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
  /** From a tap to the one beside it, and from behind the last one of a row to the first one of the next: in bytes. */
  int64_t next_tap;
  int64_t next_row;
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
  __device__ PixelLoader(const PixelSource& source, int64_t first_row, int first_tile, int, int64_t skipped)
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
    const int tap = first / source.channels;
    channel_ = first % source.channels;
    down_ = tap / source.kernel_w * source.dilation_h;
    right_ = tap % source.kernel_w * source.dilation_w;
    tap_ = source.data + down_ * source.line + right_ * source.pixel + channel_;
  }

  __device__ void Attach(uint32_t address) { to_ += address; }

  /** As RowLoader::Copy. */
  template <int kOffset, int kNumber, int kTiles>
  __device__ void Copy(InTurn<kNumber, kTiles>, uint32_t stage, bool) {
    CopyAll<kOffset>(stage + to_, std::make_integer_sequence<int, kCopies>());
    Advance();
  }

  /** Reads the next tile into registers. */
  __device__ void Fetch(bool) {
#pragma unroll
    for (int i = 0; i < kCopies; ++i) words_[i] = __ldg(reinterpret_cast<const uint4*>(From(i)));
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
  template <int kOffset, int... kIndices>
  __device__ void CopyAll(uint32_t to, std::integer_sequence<int, kIndices...>) const {
    (CopyAsync<kOffset + kIndices * kRowsApart * RowBytes(8)>(to, From(kIndices)), ...);
  }

  __device__ const int8_t* From(int i) const {
    const bool inside = static_cast<unsigned>(top_[i] + down_) < static_cast<unsigned>(source_.height) &&
                        static_cast<unsigned>(left_[i] + right_) < static_cast<unsigned>(source_.width);
    return inside ? tap_ + static_cast<int64_t>(from_[i]) * 16 : source_.outside;
  }

  /** Beyond the last tap too, where weights are 0 and any pixel, or none, will do. */
  __device__ void Advance() {
    channel_ += kTileDepth;
    tap_ += kTileDepth;
    while (channel_ >= source_.channels) {
      channel_ -= source_.channels;
      tap_ += source_.next_tap - source_.channels;
      right_ += source_.dilation_w;
      if (right_ < source_.kernel_w * source_.dilation_w) continue;
      right_ = 0;
      down_ += source_.dilation_h;
      tap_ += source_.next_row;
    }
  }

  const PixelSource& source_;
  uint32_t to_;
  int32_t from_[kCopies];
  int32_t top_[kCopies];
  int32_t left_[kCopies];
  int channel_;
  /** The tap's distance from the first one in pixels. */
  int down_;
  int right_;
  /** The chunk of the pixel that an output pixel with an offset of 0 has under the tap. */
  const int8_t* tap_;
  uint4 words_[kCopies];
};

template <int kRows, int kThreads>
struct LoaderOf<PixelSource, kRows, kThreads> {
  using Type = PixelLoader<kRows, kThreads>;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_PIXEL_SOURCE_H_
