// SPDX-License-Identifier: Apache-2.0
// The input of a convolution with few channels as rows of taps: for each line of the input and column of the output the
// codes of all taps of a row, side by side, filled up to a multiple of 16; taps beside the image are the zero point.
// What is left is a convolution whose filters are one tap wide, of an image with so many channels: see
// core/device_conv2d.h. An input with few channels has to be copied in any case, since copies of 16 bytes can't read it
// as it is; filled up tap by tap the copy would be about as large, and the product several times so.
//
// Tried on paper alone: packing by 4 channels, so that 16 bytes are four taps. A row of 7 taps of 3 channels is 32
// codes either way, but 5 taps are 32 codes instead of 16; and with strides that are no multiple of 4 pixels, what lies
// at multiples of 16 bytes in the input does not for the output, so that copies would be of 4 bytes.
#ifndef OCTET_CUDA_CONV_TAP_ROWS_H_
#define OCTET_CUDA_CONV_TAP_ROWS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "core/tensor_view.h"
#include "numerics/grid.h"

namespace octet {
namespace cuda {

struct TapRows {
  const char* data;
  ElementType type;
  int64_t images;
  int64_t height;
  int64_t width;
  /** In elements. */
  int64_t strides[4];
  int32_t groups;
  /** Channels of a group. */
  int32_t channels;
  int32_t kernel_w;
  int32_t stride_w;
  int32_t pad_left;
  int32_t out_width;
  /** Codes of a row of taps, filled up. */
  int32_t run;
  numerics::Step step;
  numerics::Limits limits;
  /** [images, height, out_width, groups, run]. */
  int8_t* codes;
};

/** Enqueues the pass; some pixels. The codes of kTapRowPixels rows lie within kMostTapRowBytes. */
cudaError_t MakeTapRows(const TapRows& rows, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_TAP_ROWS_H_
