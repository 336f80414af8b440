// SPDX-License-Identifier: Apache-2.0
// Tensors of truth values.
#ifndef OCTET_TEST_SUPPORT_MASKS_H_
#define OCTET_TEST_SUPPORT_MASKS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {

/** Bytes of 0 and 1 of a shape, about three quarters of them 1, as a compact bool tensor. */
class BoolMask {
 public:
  BoolMask(std::vector<int64_t> shape, uint32_t seed) : shape_(std::move(shape)) {
    int64_t count = 1;
    for (int64_t size : shape_) count *= size;
    for (float value : RandomValues(count, 1.0f, seed)) bytes_.push_back(value < 0.7f ? 1 : 0);
    // An empty tensor has an address too.
    if (count == 0) bytes_.push_back(0);
    dl_ = {bytes_.data(), {kDLCPU, 0}, static_cast<int32_t>(shape_.size()), kBool, shape_.data(), nullptr, 0};
  }
  BoolMask(const BoolMask&) = delete;
  DLTensor* dl() { return &dl_; }
  bool At(int64_t index) const { return bytes_[static_cast<size_t>(index)] != 0; }

 private:
  std::vector<int64_t> shape_;
  std::vector<uint8_t> bytes_;
  DLTensor dl_;
};

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_MASKS_H_
