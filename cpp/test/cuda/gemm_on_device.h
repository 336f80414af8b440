// SPDX-License-Identifier: Apache-2.0
// Products of tests on the device and on the CPU.
#ifndef OCTET_TEST_CUDA_GEMM_ON_DEVICE_H_
#define OCTET_TEST_CUDA_GEMM_ON_DEVICE_H_

#include <string>

#include "cuda/on_device.h"
#include "support/gemm.h"

namespace octet {
namespace test {

/** Memory of device 0, filled with bytes that mean nothing. */
class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes) { EXPECT_OK(octet_cuda_allocate(0, bytes, &data_)); }
  ~DeviceMemory() { octet_cuda_free(0, data_); }
  DeviceMemory(const DeviceMemory&) = delete;
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

/** Packed weights on device 0. */
class DeviceWeights {
 public:
  explicit DeviceWeights(const Weights& weights);
  const void* handle() const { return handle_.data(); }

 private:
  Aligned handle_;
  std::unique_ptr<DeviceMemory> block_;
};

/** How a product is made: on the CPU, or with the device's weights and a kernel of its. */
struct GemmRun {
  const Weights* weights;
  const DeviceWeights* device_weights;
  /** Null: a grid for every row, of 8 bits. */
  const octet_grid* a_grid;
};

/** Runs the product where a is. */
octet_status RunWhereItIs(const GemmRun& run, const DLTensor* a, const octet_epilogue* epilogue, DLTensor* out);

/** Chooses the kernel of all products on the device while it is there. */
class ForcedKernel {
 public:
  explicit ForcedKernel(const std::string& name, int32_t parts = 0) {
    EXPECT_OK(octet_gemm_force_kernel(0, name.empty() ? nullptr : name.c_str(), parts));
  }
  ~ForcedKernel() { octet_gemm_force_kernel(0, nullptr, 0); }
  ForcedKernel(const ForcedKernel&) = delete;
};

/** Names of the kernels that device 0 has. */
std::vector<std::string> GemmKernelNames();

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_GEMM_ON_DEVICE_H_
