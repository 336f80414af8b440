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

bool AsMatrix(const TensorView& tensor, RowsView* rows) {
  const int last = tensor.ndim - 1;
  if (tensor.shape[last] > 1 && tensor.strides[last] != 1) return false;
  int64_t expected = 0;
  bool found = false;
  for (int d = last - 1; d >= 0; --d) {
    if (tensor.shape[d] == 1) continue;
    if (found && tensor.strides[d] != expected) return false;
    if (!found) rows->stride = tensor.strides[d] * tensor.item_size();
    found = true;
    expected = tensor.strides[d] * tensor.shape[d];
  }
  rows->data = tensor.data;
  rows->type = tensor.type;
  return true;
}

}  // namespace cpu
}  // namespace octet
