// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/matmul.h"

#include "cuda/float/float_matmul.h"
#include "cuda/gemm/matmul_integer.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

octet_status WorkspaceSize(const Call* call, const MatmulSizes* sizes, size_t* bytes) {
  *bytes = 0;
  if (sizes->count == 0 || sizes->m == 0 || sizes->n == 0) return OCTET_OK;
  return sizes->integer ? IntegerMatmulWorkspaceSize(call, *sizes, bytes)
                        : FloatMatmulWorkspaceSize(call, *sizes, bytes);
}

octet_status Run(const Call* call, const MatmulCall* matmul, const MatmulOutput* output, void* workspace,
                 size_t workspace_bytes) {
  if (output->out.count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  char* const memory = static_cast<char*>(workspace);
  return matmul->integer() ? IntegerMatmul(call, *matmul, *output, memory)
                           : FloatMatmul(call, *matmul, *output, memory, workspace_bytes);
}

}  // namespace

MatmulFunctions TheMatmulFunctions() { return {WorkspaceSize, Run}; }

}  // namespace cuda
}  // namespace octet
