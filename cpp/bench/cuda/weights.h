// SPDX-License-Identifier: Apache-2.0
// Weights of products and convolutions, packed and placed on the device.
#ifndef OCTET_BENCH_CUDA_WEIGHTS_H_
#define OCTET_BENCH_CUDA_WEIGHTS_H_

#include <functional>
#include <memory>

#include "tensors.h"

namespace octet {
namespace bench {

/** What calls are given in place of packed weights. */
class Weights {
 public:
  Weights(const Weights&) = delete;
  const void* handle() const { return handle_; }

 protected:
  Weights() = default;

  /** The functions that pack a kind of weights and place them. */
  struct Placing {
    std::function<octet_status(size_t* bytes)> pack_size;
    std::function<octet_status(void* packed, size_t bytes)> pack;
    decltype(&octet_gemm_device_size) device_size;
    decltype(&octet_gemm_to_device) to_device;
  };
  void Place(const Placing& placing);

 private:
  std::unique_ptr<Memory> block_;
  /** Of the longest handle: convolutions'. */
  Line handle_[OCTET_CONV2D_DEVICE_HANDLE_BYTES / sizeof(Line)];
};

/** [n, k], codes of 8 or 4 bits with a scale for each row, or (32) f32. */
class GemmWeights : public Weights {
 public:
  GemmWeights(int64_t n, int64_t k, int bits);
  size_t handle_bytes() const { return OCTET_GEMM_DEVICE_HANDLE_BYTES; }
};

/** [groups, n, k], codes of 8 or 4 bits. */
class GroupedWeights : public Weights {
 public:
  GroupedWeights(int64_t groups, int64_t n, int64_t k, int bits);
  size_t handle_bytes() const { return OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES; }
};

/** [out, in / groups, kernel, kernel], codes of 8 or 4 bits, or (32) f32. */
class Filters : public Weights {
 public:
  Filters(int64_t out, int64_t in, int64_t kernel, const octet_conv2d_params& params, int bits);
  size_t handle_bytes() const { return OCTET_CONV2D_DEVICE_HANDLE_BYTES; }
};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_WEIGHTS_H_
