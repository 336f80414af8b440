// SPDX-License-Identifier: Apache-2.0
// Images whose channels do not lie side by side.
#ifndef OCTET_TEST_SUPPORT_CHANNELS_FIRST_H_
#define OCTET_TEST_SUPPORT_CHANNELS_FIRST_H_

#include <algorithm>
#include <vector>

#include "support/tensor.h"

namespace octet {
namespace test {

/** An image tensor [N, H, W, C] over memory in the order NCHW. */
class ChannelsFirst {
 public:
  explicit ChannelsFirst(Tensor* nchw) {
    const std::vector<int64_t>& s = nchw->shape();
    const int64_t shape[4] = {s[0], s[2], s[3], s[1]};
    const int64_t strides[4] = {s[1] * s[2] * s[3], s[3], 1, s[2] * s[3]};
    std::copy(shape, shape + 4, shape_);
    std::copy(strides, strides + 4, strides_);
    dl_ = *nchw->dl();
  }
  ChannelsFirst(const ChannelsFirst&) = delete;
  DLTensor* dl() {
    dl_.shape = shape_;
    dl_.strides = strides_;
    return &dl_;
  }

 private:
  int64_t shape_[4];
  int64_t strides_[4];
  DLTensor dl_;
};

/** Number in NCHW order of element number i in NHWC order. */
inline int64_t InChannelsFirst(int64_t i, int64_t h, int64_t w, int64_t c) {
  const int64_t pixel = i / c % (h * w);
  return (i / c / (h * w) * c + i % c) * h * w + pixel;
}

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_CHANNELS_FIRST_H_
