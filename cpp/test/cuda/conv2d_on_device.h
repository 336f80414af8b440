// SPDX-License-Identifier: Apache-2.0
// Convolutions of tests on the device and on the CPU.
#ifndef OCTET_TEST_CUDA_CONV2D_ON_DEVICE_H_
#define OCTET_TEST_CUDA_CONV2D_ON_DEVICE_H_

#include <memory>

#include "cuda/gemm_on_device.h"
#include "support/conv2d.h"

namespace octet {
namespace test {

/** A packed convolution on device 0. */
class DeviceFilters {
 public:
  explicit DeviceFilters(const ConvWeights& weights);
  const void* handle() const { return handle_.data(); }

 private:
  Aligned handle_;
  std::unique_ptr<DeviceMemory> block_;
};

/** Runs the convolution where x is. */
octet_status RunWhereItIs(const DLTensor* x, const octet_grid* x_grid, const ConvWeights& weights,
                          const DeviceFilters& filters, const octet_epilogue* epilogue, DLTensor* out);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_CONV2D_ON_DEVICE_H_
