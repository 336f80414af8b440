// SPDX-License-Identifier: Apache-2.0
// What a convolution's sources in pixels have in common: sizes, and the window of input pixels under an output pixel.
#ifndef OCTET_CUDA_CONV_PIXEL_WINDOW_H_
#define OCTET_CUDA_CONV_PIXEL_WINDOW_H_

#include <cstdint>

namespace octet {
namespace cuda {

/** Where a window begins: its image, and the line and column of its first tap, which may lie outside. */
struct WindowPlace {
  int image;
  int top;
  int left;
};

struct PixelWindow {
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
  /** Output pixels of all images. */
  int32_t rows;

  /** Of output pixel number `row`. */
  __device__ WindowPlace PlaceOf(int row) const {
    const int pixels = out_height * out_width;
    const int in_image = row % pixels;
    return {row / pixels, in_image / out_width * stride_h - pad_top, in_image % out_width * stride_w - pad_left};
  }

  __device__ bool IsInside(int line, int column) const {
    return static_cast<unsigned>(line) < static_cast<unsigned>(height) &&
           static_cast<unsigned>(column) < static_cast<unsigned>(width);
  }
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_PIXEL_WINDOW_H_
