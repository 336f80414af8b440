// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/matmul.h"

#include <cstdio>

#include "cuda/gemm/matmul_integer.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

octet_status NoFloats(const Call* call) {
  std::snprintf(call->message, call->message_bytes,
                "there is no CUDA kernel for products of floats yet; copy the tensors to the cpu");
  return OCTET_UNSUPPORTED;
}

octet_status WorkspaceSize(const Call* call, const MatmulSizes* sizes, size_t* bytes) {
  *bytes = 0;
  if (sizes->count == 0 || sizes->m == 0 || sizes->n == 0) return OCTET_OK;
  return sizes->integer ? IntegerMatmulWorkspaceSize(call, *sizes, bytes) : NoFloats(call);
}

octet_status Run(const Call* call, const MatmulCall* matmul, const MatmulOutput* output, void* workspace) {
  if (output->out.count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  if (!matmul->integer()) return NoFloats(call);
  return IntegerMatmul(call, *matmul, *output, static_cast<char*>(workspace));
}

}  // namespace

MatmulFunctions TheMatmulFunctions() { return {WorkspaceSize, Run}; }

}  // namespace cuda
}  // namespace octet
