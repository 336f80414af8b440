// SPDX-License-Identifier: Apache-2.0
// Attention of tests on the device and on the CPU.
#ifndef OCTET_TEST_CUDA_ATTENTION_ON_DEVICE_H_
#define OCTET_TEST_CUDA_ATTENTION_ON_DEVICE_H_

#include "cuda/gemm_on_device.h"

namespace octet {
namespace test {

/** Runs attention where its inputs are, in a workspace of just the size that is asked for. */
inline octet_status RunWhereItIs(const octet_attention_inputs& inputs, DLTensor* out, const octet_grid* out_grid) {
  size_t bytes = 0;
  const octet_status status = octet_attention_workspace_size(&inputs, &bytes);
  if (status != OCTET_OK) return status;
  return WithWorkspace(inputs.q, bytes, [&](void* workspace) {
    return octet_attention(&inputs, out, out_grid, workspace, bytes, nullptr);
  });
}

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_ATTENTION_ON_DEVICE_H_
