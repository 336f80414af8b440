// SPDX-License-Identifier: Apache-2.0
// Depthwise convolutions: a single input channel for an output channel, so that there is nothing for mma to share.
#ifndef OCTET_CUDA_CONV_DEPTHWISE_H_
#define OCTET_CUDA_CONV_DEPTHWISE_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/conv/pixel_source.h"
#include "cuda/gemm/epilogue_values.h"

namespace octet {
namespace cuda {

struct DepthwiseProblem {
  /** channels: of a pixel, filled up. */
  PixelSource source;
  bool is_signed;
  int32_t kernel_h;
  /** [taps][stride]. */
  const int8_t* weights;
  int64_t stride;
  /** Output channels of an input channel. */
  int32_t multiplier;
  int32_t zero_point;
  Epilogue epilogue;
  /** Whether four neighbouring elements of the output can be written at once. */
  bool out_quads;
};

/** forced_pieces: into how many a line is cut; 0: as many as is best. */
cudaError_t LaunchDepthwise(const DepthwiseProblem& problem, int multiprocessors, int forced_pieces,
                            cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_DEPTHWISE_H_
