// SPDX-License-Identifier: Apache-2.0
// Grouped products of tests on the device and on the CPU.
#ifndef OCTET_TEST_CUDA_GEMM_GROUPED_ON_DEVICE_H_
#define OCTET_TEST_CUDA_GEMM_GROUPED_ON_DEVICE_H_

#include <memory>

#include "cuda/gemm_on_device.h"
#include "support/grouped.h"

namespace octet {
namespace test {

/** Weights of groups on device 0. */
class DeviceGroups {
 public:
  explicit DeviceGroups(const GroupedWeights& weights) : handle_(OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES) {
    const Aligned& packed = *weights.packed;
    size_t bytes = 0;
    EXPECT_OK(octet_gemm_grouped_device_size(packed.data(), packed.size(), &bytes));
    block_ = std::make_unique<DeviceMemory>(bytes);
    EXPECT_OK(
        octet_gemm_grouped_to_device(packed.data(), packed.size(), 0, block_->data(), bytes, handle_.data(), nullptr));
  }
  const void* handle() const { return handle_.data(); }

 private:
  Aligned handle_;
  std::unique_ptr<DeviceMemory> block_;
};

/** Runs the products where a is; a_grid null: dynamic with 8 bits. */
inline octet_status RunWhereItIs(const GroupedWeights& weights, const DeviceGroups& device_weights, const DLTensor* a,
                                 const octet_grid* a_grid, const DLTensor* offsets, const octet_epilogue* epilogue,
                                 DLTensor* out) {
  if (a->device.device_type == kDLCPU) return RunGrouped(a, a_grid, offsets, weights, epilogue, out);
  const void* handle = device_weights.handle();
  constexpr size_t kBytes = OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES;
  size_t bytes = 0;
  const octet_status status = octet_gemm_grouped_workspace_size(a, handle, kBytes, &bytes);
  if (status != OCTET_OK) return status;
  const DeviceMemory workspace(bytes);
  if (a_grid == nullptr) {
    return octet_gemm_grouped_dynamic(a, 8, 1e-8f, offsets, handle, kBytes, epilogue, out, workspace.data(), bytes,
                                      nullptr);
  }
  return octet_gemm_grouped(a, a_grid, offsets, handle, kBytes, epilogue, out, workspace.data(), bytes, nullptr);
}

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_GEMM_GROUPED_ON_DEVICE_H_
