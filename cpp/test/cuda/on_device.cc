// SPDX-License-Identifier: Apache-2.0
#include "cuda/on_device.h"

#include <algorithm>

namespace octet {
namespace test {

OnDevice::OnDevice(Tensor* tensor) : tensor_(tensor), dl_(*tensor->dl()) {
  EXPECT_OK(octet_cuda_allocate(0, tensor->memory_bytes(), &memory_));
  EXPECT_OK(octet_cuda_copy(0, memory_, tensor->memory(), tensor->memory_bytes(), nullptr));
  dl_.data = memory_;
  dl_.device = {kDLCUDA, 0};
}

void OnDevice::Fetch() {
  EXPECT_OK(octet_cuda_copy(0, tensor_->memory(), memory_, tensor_->memory_bytes(), nullptr));
  EXPECT_OK(octet_cuda_synchronize(0, nullptr));
}

bool OnDevice::IsUnchanged() const {
  std::vector<uint8_t> bytes(tensor_->memory_bytes());
  EXPECT_OK(octet_cuda_copy(0, bytes.data(), memory_, bytes.size(), nullptr));
  EXPECT_OK(octet_cuda_synchronize(0, nullptr));
  return std::equal(bytes.begin(), bytes.end(), tensor_->memory());
}

}  // namespace test
}  // namespace octet
