// SPDX-License-Identifier: Apache-2.0
// Products of computed matrices on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_GEMM_MATMUL_H_
#define OCTET_CUDA_GEMM_MATMUL_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

MatmulFunctions TheMatmulFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_MATMUL_H_
