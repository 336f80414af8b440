// SPDX-License-Identifier: Apache-2.0
// Matrix products on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_GEMM_GEMM_H_
#define OCTET_CUDA_GEMM_GEMM_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

GemmFunctions TheGemmFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_GEMM_H_
