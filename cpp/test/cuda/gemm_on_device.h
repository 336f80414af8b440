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

/** Calls run(workspace) with a workspace of just this size, where the tensor is. */
template <typename Run>
octet_status WithWorkspace(const DLTensor* tensor, size_t bytes, const Run& run) {
  if (tensor->device.device_type == kDLCPU) {
    const Aligned workspace(bytes);
    return run(workspace.data());
  }
  const DeviceMemory workspace(bytes);
  return run(workspace.data());
}

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
  /** Null: a grid for every row, of these bits. */
  const octet_grid* a_grid;
  int32_t n_bits = 8;
};

/** Runs the product where a is. */
octet_status RunWhereItIs(const GemmRun& run, const DLTensor* a, const octet_epilogue* epilogue, DLTensor* out);

/** Weights [n, k] of floats, or of codes of a kind, packed and on device 0. */
class FloatOrCodes {
 public:
  FloatOrCodes(int64_t n, int64_t k, const std::vector<float>& values);
  FloatOrCodes(int64_t n, int64_t k, const WeightKind& kind);

  /** What calls are given as packed. */
  const void* packed(bool on_device) const {
    if (!on_device) return packed_->data();
    return codes_ != nullptr ? codes_->handle() : handle_.data();
  }
  size_t bytes(bool on_device) const { return on_device ? OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES : packed_->size(); }

 private:
  std::unique_ptr<Aligned> packed_;
  Aligned handle_{OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES};
  std::unique_ptr<DeviceMemory> block_;
  std::unique_ptr<DeviceWeights> codes_;
};

/** Runs octet_gemm_float where a is. */
octet_status RunWhereItIs(const FloatOrCodes& weights, const DLTensor* a, const octet_grid* a_grid,
                          const octet_epilogue* epilogue, DLTensor* out);

/** What a product of computed matrices is given beside them. */
struct MatmulGrids {
  const octet_grid* a_grid;
  const octet_grid* b_grid;
  bool transpose_b;
};

/** Runs octet_matmul where a is. */
octet_status RunWhereItIs(const MatmulGrids& grids, const DLTensor* a, const DLTensor* b,
                          const octet_epilogue* epilogue, DLTensor* out);

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
