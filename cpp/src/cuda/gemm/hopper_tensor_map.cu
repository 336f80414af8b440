// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/hopper_tensor_map.h"

#include <cudaTypedefs.h>

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

CUtensorMapSwizzle SwizzleOf(int32_t bytes) {
  switch (bytes) {
    case 128:
      return CU_TENSOR_MAP_SWIZZLE_128B;
    case 64:
      return CU_TENSOR_MAP_SWIZZLE_64B;
    case 32:
      return CU_TENSOR_MAP_SWIZZLE_32B;
    default:
      return CU_TENSOR_MAP_SWIZZLE_NONE;
  }
}

}  // namespace

cudaError_t EncodeTensorMap(const BoxedTensor& tensor, CUtensorMap* map) {
  static const EncodeTiled encode = FindEncodeTiled();
  if (encode == nullptr) return cudaErrorCallRequiresNewerDriver;
  cuuint64_t sizes[4];
  cuuint64_t strides[3];
  cuuint32_t box[4];
  for (int i = 0; i < 4; ++i) {
    sizes[i] = static_cast<cuuint64_t>(tensor.sizes[i]);
    box[i] = static_cast<cuuint32_t>(tensor.box[i]);
    if (i < 3) strides[i] = static_cast<cuuint64_t>(tensor.strides[i]);
  }
  const cuuint32_t every[4] = {1, 1, 1, 1};
  const CUresult result = encode(map, CU_TENSOR_MAP_DATA_TYPE_UINT8, 4, const_cast<int8_t*>(tensor.data), sizes,
                                 strides, box, every, CU_TENSOR_MAP_INTERLEAVE_NONE, SwizzleOf(tensor.box[0]),
                                 CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return result == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace cuda
}  // namespace octet
