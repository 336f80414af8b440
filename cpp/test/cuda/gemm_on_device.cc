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
  if (a->device.device_type == kDLCPU) return RunGemm(a, run.a_grid, *run.weights, epilogue, out);
  const void* handle = run.device_weights->handle();
  constexpr size_t kBytes = OCTET_GEMM_DEVICE_HANDLE_BYTES;
  size_t bytes = 0;
  const octet_status status = octet_gemm_workspace_size(a, handle, kBytes, &bytes);
  if (status != OCTET_OK) return status;
  const DeviceMemory workspace(bytes);
  if (run.a_grid == nullptr) {
    return octet_gemm_dynamic(a, 8, 1e-8f, handle, kBytes, epilogue, out, workspace.data(), bytes, nullptr);
  }
  return octet_gemm(a, run.a_grid, handle, kBytes, epilogue, out, workspace.data(), bytes, nullptr);
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
