// SPDX-License-Identifier: Apache-2.0
// Tensor maps: what TMA copies know of an operand in global memory.
//
// The driver encodes them. Its function comes through the runtime, which has the driver loaded, so that this library
// needs no libcuda of its own to link or load.
#ifndef OCTET_CUDA_GEMM_HOPPER_TENSOR_MAP_H_
#define OCTET_CUDA_GEMM_HOPPER_TENSOR_MAP_H_

#include <cuda.h>
#include <cuda_runtime_api.h>

#include "cuda/gemm/operand_loader.h"

namespace octet {
namespace cuda {

/**
 * A map of boxes of box_rows rows of 128 codes, which lie in shared memory in the 128-byte swizzle. Codes and rows
 * outside of the operand are zeros. The operand has at least one row and code, and a stride of no less than its bytes.
 */
cudaError_t EncodeTensorMap(const OperandRows& operand, int box_rows, CUtensorMap* map);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_TENSOR_MAP_H_
