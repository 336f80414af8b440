// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm_on_device.h"

#include <sstream>

namespace octet {
namespace test {

DeviceWeights::DeviceWeights(const Weights& weights) : handle_(OCTET_GEMM_DEVICE_HANDLE_BYTES) {
  const Aligned& packed = *weights.packed;
  size_t bytes = 0;
  EXPECT_OK(octet_gemm_device_size(packed.data(), packed.size(), &bytes));
  block_ = std::make_unique<DeviceMemory>(bytes);
  EXPECT_OK(octet_gemm_to_device(packed.data(), packed.size(), 0, block_->data(), bytes, handle_.data(), nullptr));
}

octet_status RunWhereItIs(const GemmRun& run, const DLTensor* a, const octet_epilogue* epilogue, DLTensor* out) {
  const bool on_device = a->device.device_type != kDLCPU;
  const void* packed = on_device ? run.device_weights->handle() : run.weights->packed->data();
  const size_t packed_bytes = on_device ? OCTET_GEMM_DEVICE_HANDLE_BYTES : run.weights->packed->size();
  size_t bytes = 0;
  const octet_status status = octet_gemm_workspace_size(a, packed, packed_bytes, &bytes);
  if (status != OCTET_OK) return status;
  return WithWorkspace(a, bytes, [&](void* workspace) {
    if (run.a_grid == nullptr) {
      return octet_gemm_dynamic(a, run.n_bits, 1e-8f, packed, packed_bytes, epilogue, out, workspace, bytes, nullptr);
    }
    return octet_gemm(a, run.a_grid, packed, packed_bytes, epilogue, out, workspace, bytes, nullptr);
  });
}

FloatOrCodes::FloatOrCodes(int64_t n, int64_t k, const std::vector<float>& values) {
  Tensor weights(kF32, {n, k});
  weights.Fill(values);
  size_t bytes = 0;
  EXPECT_OK(octet_gemm_float_pack_size(weights.dl(), &bytes));
  packed_ = std::make_unique<Aligned>(bytes);
  EXPECT_OK(octet_gemm_float_pack(weights.dl(), packed_->data(), bytes));
  EXPECT_OK(octet_gemm_float_device_size(packed_->data(), packed_->size(), &bytes));
  block_ = std::make_unique<DeviceMemory>(bytes);
  EXPECT_OK(
      octet_gemm_float_to_device(packed_->data(), packed_->size(), 0, block_->data(), bytes, handle_.data(), nullptr));
}

FloatOrCodes::FloatOrCodes(int64_t n, int64_t k, const WeightKind& kind) {
  Weights weights(n, k, kind, 5);
  weights.Pack();
  codes_ = std::make_unique<DeviceWeights>(weights);
  packed_ = std::move(weights.packed);
}

octet_status RunWhereItIs(const FloatOrCodes& weights, const DLTensor* a, const octet_grid* a_grid,
                          const octet_epilogue* epilogue, DLTensor* out) {
  const bool on_device = a->device.device_type != kDLCPU;
  const void* packed = weights.packed(on_device);
  const size_t packed_bytes = weights.bytes(on_device);
  size_t bytes = 0;
  const octet_status status = octet_gemm_float_workspace_size(a, packed, packed_bytes, &bytes);
  if (status != OCTET_OK) return status;
  return WithWorkspace(a, bytes, [&](void* workspace) {
    return octet_gemm_float(a, a_grid, packed, packed_bytes, epilogue, out, workspace, bytes, nullptr);
  });
}

octet_status RunWhereItIs(const MatmulGrids& grids, const DLTensor* a, const DLTensor* b,
                          const octet_epilogue* epilogue, DLTensor* out) {
  const int32_t transpose_b = grids.transpose_b ? 1 : 0;
  size_t bytes = 0;
  const octet_status status = octet_matmul_workspace_size(a, b, transpose_b, &bytes);
  if (status != OCTET_OK) return status;
  return WithWorkspace(a, bytes, [&](void* workspace) {
    return octet_matmul(a, grids.a_grid, b, grids.b_grid, transpose_b, epilogue, out, workspace, bytes, nullptr);
  });
}

std::vector<std::string> GemmKernelNames() {
  EXPECT_EQ(octet_gemm_force_kernel(0, "no such kernel", 0), OCTET_INVALID_ARGUMENT);
  const std::string message = octet_last_error();
  const std::string before = "there are ";
  std::istringstream words(message.substr(message.find(before) + before.size()));
  std::vector<std::string> names;
  for (std::string name; words >> name;) names.push_back(name);
  EXPECT_FALSE(names.empty());
  return names;
}

}  // namespace test
}  // namespace octet
