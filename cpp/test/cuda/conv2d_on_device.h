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

/** A packed convolution of floats, [Cout, Cin / groups, height, width], on the host and on device 0. */
class FloatFilters {
 public:
  FloatFilters(const ConvShape& shape, const std::vector<float>& values);

  const void* packed(bool on_device) const { return on_device ? handle_.data() : packed_->data(); }
  size_t bytes(bool on_device) const { return on_device ? handle_.size() : packed_->size(); }

 private:
  std::unique_ptr<Aligned> packed_;
  Aligned handle_{OCTET_CONV2D_FLOAT_DEVICE_HANDLE_BYTES};
  std::unique_ptr<DeviceMemory> block_;
};

/** How many values FloatFilters takes. */
int64_t FilterValues(const ConvShape& shape);

/** Runs octet_conv2d_float where x is. */
octet_status RunWhereItIs(const DLTensor* x, const octet_grid* x_grid, const FloatFilters& filters,
                          const octet_epilogue* epilogue, DLTensor* out);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_CONV2D_ON_DEVICE_H_
