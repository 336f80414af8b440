// SPDX-License-Identifier: Apache-2.0
// Sums of the codes that an output pixel is made of, which weights with zero points need: first of the channels of each
// input pixel, then of the taps of each output pixel, what lies outside of the image counting as the zero point.
#ifndef OCTET_CUDA_CONV_PATCH_SUMS_H_
#define OCTET_CUDA_CONV_PATCH_SUMS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/conv/pixel_source.h"

namespace octet {
namespace cuda {

struct PatchSums {
  PixelSource source;
  bool is_signed;
  /** Each group has source.channels of a pixel. */
  int64_t groups;
  /** Channels of a group that count, of source.channels. */
  int32_t channels;
  int64_t images;
  int32_t zero_point;
  /** [groups, images, height, width]: room for the first sums. */
  int32_t* of_pixels;
  /** [groups, source.rows]. */
  int32_t* sums;
};

/** Two launches, or one where there are no input pixels, for all groups. */
cudaError_t AddPatches(const PatchSums& patches, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_PATCH_SUMS_H_
