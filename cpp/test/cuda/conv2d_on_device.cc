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

int64_t FilterValues(const ConvShape& shape) {
  return shape.out_c * (shape.c / shape.params.groups) * shape.kernel_h * shape.kernel_w;
}

FloatFilters::FloatFilters(const ConvShape& shape, const std::vector<float>& values) {
  Tensor weights(kF32, {shape.out_c, shape.c / shape.params.groups, shape.kernel_h, shape.kernel_w});
  weights.Fill(values);
  size_t bytes = 0;
  EXPECT_OK(octet_conv2d_float_pack_size(weights.dl(), &shape.params, &bytes));
  packed_ = std::make_unique<Aligned>(bytes);
  EXPECT_OK(octet_conv2d_float_pack(weights.dl(), nullptr, &shape.params, packed_->data(), bytes));
  EXPECT_OK(octet_conv2d_float_device_size(packed_->data(), packed_->size(), &bytes));
  block_ = std::make_unique<DeviceMemory>(bytes);
  EXPECT_OK(octet_conv2d_float_to_device(packed_->data(), packed_->size(), 0, block_->data(), bytes, handle_.data(),
                                         nullptr));
}

octet_status RunWhereItIs(const DLTensor* x, const octet_grid* x_grid, const FloatFilters& filters,
                          const octet_epilogue* epilogue, DLTensor* out) {
  const bool on_device = x->device.device_type != kDLCPU;
  const void* packed = filters.packed(on_device);
  const size_t packed_bytes = filters.bytes(on_device);
  size_t bytes = 0;
  const octet_status status = octet_conv2d_float_workspace_size(x, packed, packed_bytes, &bytes);
  if (status != OCTET_OK) return status;
  return WithWorkspace(x, bytes, [&](void* workspace) {
    return octet_conv2d_float(x, x_grid, packed, packed_bytes, epilogue, out, workspace, bytes, nullptr);
  });
}

}  // namespace test
}  // namespace octet
