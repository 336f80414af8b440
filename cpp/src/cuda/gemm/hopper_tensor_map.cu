// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/hopper_tensor_map.h"

#include <cudaTypedefs.h>

#include "cuda/gemm/hopper_instructions.h"

namespace octet {
namespace cuda {
namespace {

using EncodeTiled = PFN_cuTensorMapEncodeTiled_v12000;

/** Null if the driver has no such function. */
EncodeTiled FindEncodeTiled() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result;
  const cudaError_t error =
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &result);
  if (error != cudaSuccess || result != cudaDriverEntryPointSuccess) return nullptr;
  return reinterpret_cast<EncodeTiled>(function);
}

}  // namespace

cudaError_t EncodeTensorMap(const OperandRows& operand, int box_rows, CUtensorMap* map) {
  static const EncodeTiled encode = FindEncodeTiled();
  if (encode == nullptr) return cudaErrorCallRequiresNewerDriver;
  const cuuint64_t sizes[2] = {static_cast<cuuint64_t>(operand.bytes), static_cast<cuuint64_t>(operand.rows)};
  const cuuint64_t strides[1] = {static_cast<cuuint64_t>(operand.stride)};
  const cuuint32_t box[2] = {kBoxRowBytes, static_cast<cuuint32_t>(box_rows)};
  const cuuint32_t every[2] = {1, 1};
  const CUresult result = encode(map, CU_TENSOR_MAP_DATA_TYPE_UINT8, 2, const_cast<int8_t*>(operand.data), sizes,
                                 strides, box, every, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                 CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return result == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace cuda
}  // namespace octet
