// SPDX-License-Identifier: Apache-2.0
// From weights packed for the CPU to the block on a device that core/device_gemm.h describes.
#ifndef OCTET_CUDA_GEMM_DEVICE_WEIGHTS_H_
#define OCTET_CUDA_GEMM_DEVICE_WEIGHTS_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

/** The code of a row of the weights and a k. */
int32_t PackedCode(const PackedGemm& packed, int64_t row, int64_t k);

/** Writes all bytes of a block: size and bits as DeviceLayoutOf and DeviceBitsOf say. */
void WriteDeviceBlock(const PackedGemm& packed, char* block);

octet_status PlaceGemm(const Call* call, const PackedGemm* packed, void* block);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_DEVICE_WEIGHTS_H_
