// SPDX-License-Identifier: Apache-2.0
// The input of a convolution where its kernels can't read it as it is: floats, channels that are not neighbours or not
// a multiple of 16, addresses that are not one, padding that is not zeros for a kernel that takes it for that. Written
// once as codes [N, H, W, groups, channels of a group filled up with zeros], H and W with the padding if that is
// wanted.
#ifndef OCTET_CUDA_CONV_READY_IMAGE_H_
#define OCTET_CUDA_CONV_READY_IMAGE_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "core/tensor_view.h"
#include "numerics/grid.h"

namespace octet {
namespace cuda {

struct ReadyImage {
  const char* data;
  ElementType type;
  int64_t images;
  int64_t height;
  int64_t width;
  /** Lines and pixels of the zero point before the first ones, and sizes with them and those after the last ones. */
  int64_t pad_top;
  int64_t pad_left;
  int64_t padded_height;
  int64_t padded_width;
  /** In elements. */
  int64_t strides[4];
  int32_t groups;
  /** Channels of a group, and with what fills them up: a multiple of 4. */
  int32_t channels;
  int32_t filled;
  numerics::Step step;
  numerics::Limits limits;
  int8_t* codes;
};

/** Enqueues the pass; some pixels, padding counted. */
cudaError_t MakeImageReady(const ReadyImage& image, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_READY_IMAGE_H_
