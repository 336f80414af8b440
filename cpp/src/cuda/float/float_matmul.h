// SPDX-License-Identifier: Apache-2.0
// Products of computed matrices of which one is floats.
#ifndef OCTET_CUDA_FLOAT_FLOAT_MATMUL_H_
#define OCTET_CUDA_FLOAT_FLOAT_MATMUL_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status FloatMatmulWorkspaceSize(const Call* call, const MatmulSizes& sizes, size_t* bytes);

/** workspace_bytes: what the size said, or more. */
octet_status FloatMatmul(const Call* call, const MatmulCall& matmul, const MatmulOutput& output, char* workspace,
                         size_t workspace_bytes);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_FLOAT_MATMUL_H_
