// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv2d_on_device.h"

namespace octet {
namespace test {

DeviceFilters::DeviceFilters(const ConvWeights& weights) : handle_(OCTET_CONV2D_DEVICE_HANDLE_BYTES) {
  const Aligned& packed = *weights.packed;
  size_t bytes = 0;
  EXPECT_OK(octet_conv2d_device_size(packed.data(), packed.size(), &bytes));
  block_ = std::make_unique<DeviceMemory>(bytes);
  EXPECT_OK(octet_conv2d_to_device(packed.data(), packed.size(), 0, block_->data(), bytes, handle_.data(), nullptr));
}

octet_status RunWhereItIs(const DLTensor* x, const octet_grid* x_grid, const ConvWeights& weights,
                          const DeviceFilters& filters, const octet_epilogue* epilogue, DLTensor* out) {
  if (x->device.device_type == kDLCPU) return RunConv2d(x, x_grid, weights, epilogue, out);
  constexpr size_t kBytes = OCTET_CONV2D_DEVICE_HANDLE_BYTES;
  size_t bytes = 0;
  const octet_status status = octet_conv2d_workspace_size(x, filters.handle(), kBytes, &bytes);
  if (status != OCTET_OK) return status;
  const DeviceMemory workspace(bytes);
  return octet_conv2d(x, x_grid, filters.handle(), kBytes, epilogue, out, workspace.data(), bytes, nullptr);
}

}  // namespace test
}  // namespace octet
