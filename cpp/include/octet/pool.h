/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Pooling of images: the greatest value or the mean of each window, as PyTorch's max_pool2d, avg_pool2d and
 * adaptive_avg_pool2d have them.
 *
 * Images are tensors [N, H, W, C] with any strides, as in conv2d.h: "channels last" without gaps between channels is
 * the fastest by far, PyTorch's usual layout is passed as a view. Pooling in one dimension is one with H = 1.
 *
 * Strides, alignment, values with grids, streams and threads: as in elementwise.h, without broadcasting. Results do not
 * depend on strides, threads or instruction set. N and C may be 0, H and W may not. Nothing is allocated.
 */
#ifndef OCTET_POOL_H_
#define OCTET_POOL_H_

#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How windows lie over an image. Read during the call only. */
typedef struct octet_pool2d_params {
  /** At least 1. */
  int32_t kernel_h;
  int32_t kernel_w;
  /** At least 1. */
  int32_t stride_h;
  int32_t stride_w;
  /** At least 0, and less than the window, dilation * (kernel - 1) + 1: none lies in the padding alone. */
  int32_t pad_top;
  int32_t pad_left;
  int32_t pad_bottom;
  int32_t pad_right;
  /** At least 1; of averages 1. */
  int32_t dilation_h;
  int32_t dilation_w;
  /** Not 0: sizes of the output are rounded up, save that no window begins behind the image and the padding before it;
   * what lies beyond the padding is no part of a window. */
  int32_t ceil_mode;
} octet_pool2d_params;

/**
 * Height and width of the output for an input of height in_h and width in_w, 1 to 2^31 - 1 each:
 * floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1, or rounded up (see ceil_mode).
 * OCTET_INVALID_ARGUMENT if the window is larger than the padded input.
 */
OCTET_API octet_status octet_pool2d_out_size(const octet_pool2d_params* params, int64_t in_h, int64_t in_w,
                                             int64_t* out_h, int64_t* out_w);

/**
 * out = the greatest value of each window, without the padding. NaN if any is. Of a window all of whose taps are
 * dilated into the padding: minus infinity, or the least code of the type.
 *
 * @param x    [N, H, W, C]: f32, f16 or bf16, or s8 or u8; codes are compared as they are, and stay on their grid.
 * @param out  out, [N, H of the output, W of the output, C]: the type of x. Shares no memory with x.
 */
OCTET_API octet_status octet_max_pool2d(const DLTensor* x, const octet_pool2d_params* params, DLTensor* out,
                                        void* stream);

/**
 * out = the sum of each window, divided by the number of its elements.
 *
 * Floats are summed in f32, a row of the window from left to right, then the rows from top to bottom. Of codes:
 * scale * (sum of codes - elements * zero_point) / divisor, the bracket exact in integers and rounded to f32 once.
 *
 * @param x                  [N, H, W, C]: f32, f16 or bf16, or s8 or u8 on x_grid.
 * @param count_include_pad  not 0: padding counts as elements of value 0; else it does not count.
 * @param divisor            what to divide by in place of the number of elements; 0: that. Not negative.
 * @param out                out, [N, H of the output, W of the output, C]: f32, f16 or bf16, or s8 or u8 on out_grid.
 *                           Shares no memory with x.
 */
OCTET_API octet_status octet_avg_pool2d(const DLTensor* x, const octet_grid* x_grid, const octet_pool2d_params* params,
                                        int32_t count_include_pad, int64_t divisor, DLTensor* out,
                                        const octet_grid* out_grid, void* stream);

/**
 * The means of windows that share out the image: along H, window i of n spans floor(i * H / n) to
 * ceil((i + 1) * H / n) - 1, likewise along W. Sums as in octet_avg_pool2d.
 *
 * @param x    [N, H, W, C]: as there.
 * @param out  out, [N, any height, any width, C]: as there.
 */
OCTET_API octet_status octet_adaptive_avg_pool2d(const DLTensor* x, const octet_grid* x_grid, DLTensor* out,
                                                 const octet_grid* out_grid, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_POOL_H_ */
