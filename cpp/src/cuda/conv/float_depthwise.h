// SPDX-License-Identifier: Apache-2.0
// Depthwise convolutions of floats: each output channel has a single input channel.
#ifndef OCTET_CUDA_CONV_FLOAT_DEPTHWISE_H_
#define OCTET_CUDA_CONV_FLOAT_DEPTHWISE_H_

#include <cuda_runtime.h>

#include "cuda/conv/float_pixels.h"
#include "cuda/float/finish.h"

namespace octet {
namespace cuda {

struct FloatDepthwiseProblem {
  /** Its runs, quads and channels are not looked at. */
  FloatPixels source;
  int32_t taps;
  /** [taps][stride], a multiple of 4. */
  const float* weights;
  int64_t stride;
  /** Output channels of an input channel. */
  int32_t multiplier;
  /** Whether four neighbouring channels, of one output channel each, can be read at once. */
  bool quads;
  FloatEpilogue epilogue;
};

/** forced_pieces: into how many a line is cut; 0: as many as is best. */
cudaError_t LaunchFloatDepthwise(const FloatDepthwiseProblem& problem, int multiprocessors, int forced_pieces,
                                 cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_FLOAT_DEPTHWISE_H_
