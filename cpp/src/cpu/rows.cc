// SPDX-License-Identifier: Apache-2.0
#include "cpu/rows.h"

namespace octet {
namespace cpu {

Rows::Rows(const TensorView& tensor, int row_dims) : data_(tensor.data), ndim_(0) {
  for (int d = 0; d < tensor.ndim - row_dims; ++d) {
    const int64_t size = tensor.shape[d];
    const int64_t stride = tensor.strides[d] * tensor.item_size();
    if (size == 1) continue;
    // Neighbours through which one stride leads are one dimension.
    if (ndim_ > 0 && strides_[ndim_ - 1] == stride * size) {
      shape_[ndim_ - 1] *= size;
      strides_[ndim_ - 1] = stride;
      continue;
    }
    shape_[ndim_] = size;
    strides_[ndim_] = stride;
    ++ndim_;
  }
  if (ndim_ > 0) return;
  ndim_ = 1;
  shape_[0] = 1;
  strides_[0] = 0;
}

}  // namespace cpu
}  // namespace octet
