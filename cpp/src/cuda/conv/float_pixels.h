// SPDX-License-Identifier: Apache-2.0
// A convolution's input as the left operand of a product of floats, without a matrix of patches: a row is an output
// pixel, K is what core/device_conv2d_float.h says. What lies outside of the image is +0, and so is what fills up runs.
#ifndef OCTET_CUDA_CONV_FLOAT_PIXELS_H_
#define OCTET_CUDA_CONV_FLOAT_PIXELS_H_

#include <cstdint>

#include "cuda/divider.h"
#include "cuda/float/sources.h"

namespace octet {
namespace cuda {

/** Images [N, H, W, C] of any strides, in bytes. */
struct FloatPixels {
  const char* data;
  int64_t image;
  int64_t line;
  int64_t pixel;
  int64_t channel;
  ElementType type;
  numerics::Step step;
  /** Whether four neighbouring k are channels of a tap, at a multiple of the size of four. */
  bool quads;
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
  /** A run is a row of taps, or a single tap. */
  bool rows_are_runs;
  int32_t run_length;
  int32_t run_tiles;
  /** Of a group. */
  Divider channels;
  /** Output pixels of all images. */
  int32_t rows;
};

template <int kSide>
class FloatPixelLoader {
 public:
  static constexpr int kPieces = kSide * kFloatDepth / kQuad / kFloatThreads;
  static constexpr int kRowsApart = kFloatThreads / (kFloatDepth / kQuad);

  /** skipped: bytes before the first channel of the group. */
  __device__ FloatPixelLoader(const FloatPixels& source, int64_t first_row, int first_tile, int64_t skipped)
      : source_(source) {
    const int thread = static_cast<int>(threadIdx.x);
    const int own = thread / (kFloatDepth / kQuad);
    const int k = thread % (kFloatDepth / kQuad) * kQuad;
    to_ = k * kSide + PlaceInTile(own, k);
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      const int number = min(static_cast<int>(first_row) + own + i * kRowsApart, source.rows - 1);
      const int pixels = source.out_height * source.out_width;
      const int in_image = number % pixels;
      top_[i] = in_image / source.out_width * source.stride_h - source.pad_top;
      left_[i] = in_image % source.out_width * source.stride_w - source.pad_left;
      from_[i] =
          source.data + skipped + number / pixels * source.image + top_[i] * source.line + left_[i] * source.pixel;
    }
    run_ = source.run_tiles == 0 ? 0 : first_tile / source.run_tiles;
    k_ = source.run_tiles == 0 ? 0 : first_tile % source.run_tiles * kFloatDepth + k;
  }

  __device__ void Fetch() {
    Tap tap = FirstTap();
    inside_ = 0;
    if (source_.quads) {
      if (k_ < source_.run_length) FetchQuads(tap);
    } else {
      FetchOneByOne(tap);
    }
    k_ += kFloatDepth;
    if (k_ >= source_.run_tiles * kFloatDepth) {
      k_ -= source_.run_tiles * kFloatDepth;
      ++run_;
    }
  }

  __device__ void Put(float* tile) const {
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      float values[kQuad];
      ValuesOf(words_[i], source_.type, source_.step, values);
#pragma unroll
      for (int j = 0; j < kQuad; ++j) values[j] = (inside_ >> (i * kQuad + j) & 1u) != 0 ? values[j] : kLeftFill;
      PutAlongK<kSide>(tile + to_ + i * kRowsApart, values);
    }
  }

 private:
  /** A tap's distance from the first one in pixels, and a channel. */
  struct Tap {
    int down;
    int right;
    int channel;
  };

  __device__ Tap FirstTap() const {
    if (!source_.rows_are_runs) {
      return {run_ / source_.kernel_w * source_.dilation_h, run_ % source_.kernel_w * source_.dilation_w, k_};
    }
    const Divider::Result place = source_.channels.Divide(k_);
    return {run_ * source_.dilation_h, static_cast<int>(place.quotient) * source_.dilation_w,
            static_cast<int>(place.remainder)};
  }

  __device__ bool IsInside(int i, const Tap& tap) const {
    return static_cast<unsigned>(top_[i] + tap.down) < static_cast<unsigned>(source_.height) &&
           static_cast<unsigned>(left_[i] + tap.right) < static_cast<unsigned>(source_.width);
  }

  __device__ const char* From(int i, const Tap& tap) const {
    return from_[i] + (tap.down * source_.line + tap.right * source_.pixel + tap.channel * source_.channel);
  }

  __device__ void FetchQuads(const Tap& tap) {
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      if (!IsInside(i, tap)) continue;
      words_[i] = FetchQuad(From(i, tap), source_.type);
      inside_ |= 0xfu << (i * kQuad);
    }
  }

  __device__ void FetchOneByOne(Tap tap) {
    const int size = static_cast<int>(SizeOf(source_.type));
#pragma unroll
    for (int i = 0; i < kPieces; ++i) words_[i] = {0, 0, 0, 0};
#pragma unroll
    for (int j = 0; j < kQuad; ++j) {
      if (k_ + j >= source_.run_length) break;
#pragma unroll
      for (int i = 0; i < kPieces; ++i) {
        if (!IsInside(i, tap)) continue;
        const uint32_t word = FetchElements(From(i, tap), source_.type, 0, 1).x;
        if (size == 4) {
          SetWord(j, word, &words_[i]);
        } else if (size == 2) {
          (j < 2 ? words_[i].x : words_[i].y) |= word << (j % 2 * 16);
        } else {
          words_[i].x |= word << (j * 8);
        }
        inside_ |= 1u << (i * kQuad + j);
      }
      if (++tap.channel == source_.channels.divisor) {
        tap.channel = 0;
        tap.right += source_.dilation_w;
      }
    }
  }

  __device__ static void SetWord(int j, uint32_t word, uint4* words) {
    (j == 0 ? words->x : j == 1 ? words->y : j == 2 ? words->z : words->w) = word;
  }

  const FloatPixels& source_;
  const char* from_[kPieces];
  int top_[kPieces];
  int left_[kPieces];
  int to_;
  /** The run of the next tile, and the thread's first k of it. */
  int run_;
  int k_;
  /** Which of the elements fetched last there are: a bit for each. */
  uint32_t inside_ = 0;
  uint4 words_[kPieces];
};

template <int kSide>
struct FloatLoaderOf<FloatPixels, kSide, true> {
  using Type = FloatPixelLoader<kSide>;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_FLOAT_PIXELS_H_
