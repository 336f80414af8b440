// SPDX-License-Identifier: Apache-2.0
// Tensor maps: what TMA copies know of an operand in global memory.
//
// The driver encodes them. Its function comes through the runtime, which has the driver loaded, so that this library
// needs no libcuda of its own to link or load.
#ifndef OCTET_CUDA_GEMM_HOPPER_TENSOR_MAP_H_
#define OCTET_CUDA_GEMM_HOPPER_TENSOR_MAP_H_

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstdint>

namespace octet {
namespace cuda {

/** A tensor of codes, of which copies take boxes. */
struct BoxedTensor {
  /** At a multiple of 16 bytes. */
  const int8_t* data;
  /** From 1. */
  int64_t sizes[4];
  /** Bytes along all dimensions but the first one, whose codes have no gaps: multiples of 16 below 2^40. */
  int64_t strides[3];
  /** Sides of a box; of the first dimension 16, 32, 64 or 128. */
  int32_t box[4];
};

/**
 * A map of boxes whose rows lie in shared memory in the swizzle of as many bytes as they have. What is outside of the
 * tensor is zeros.
 */
cudaError_t EncodeTensorMap(const BoxedTensor& tensor, CUtensorMap* map);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_TENSOR_MAP_H_
