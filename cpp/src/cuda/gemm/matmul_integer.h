// SPDX-License-Identifier: Apache-2.0
// Products of codes by codes.
#ifndef OCTET_CUDA_GEMM_MATMUL_INTEGER_H_
#define OCTET_CUDA_GEMM_MATMUL_INTEGER_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status IntegerMatmulWorkspaceSize(const Call* call, const MatmulSizes& sizes, size_t* bytes);

octet_status IntegerMatmul(const Call* call, const MatmulCall& matmul, const MatmulOutput& output, char* workspace);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_MATMUL_INTEGER_H_
