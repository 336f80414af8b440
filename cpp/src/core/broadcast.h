// SPDX-License-Identifier: Apache-2.0
// Broadcasting as numpy does it: dimensions are aligned at the last one; those of size 1, and missing ones, repeat.
#ifndef OCTET_CORE_BROADCAST_H_
#define OCTET_CORE_BROADCAST_H_

#include "core/tensor_view.h"

namespace octet {

/** Whether a tensor can be broadcast to a shape; if so *result is the tensor in that shape, with strides of 0. */
inline bool BroadcastTo(const TensorView& tensor, int ndim, const int64_t* shape, TensorView* result) {
  if (tensor.ndim > ndim) return false;
  result->data = tensor.data;
  result->type = tensor.type;
  result->ndim = ndim;
  result->count = 1;
  const int missing = ndim - tensor.ndim;
  for (int d = 0; d < ndim; ++d) {
    const int64_t size = d < missing ? 1 : tensor.shape[d - missing];
    if (size != 1 && size != shape[d]) return false;
    result->shape[d] = shape[d];
    result->strides[d] = size == 1 ? 0 : tensor.strides[d - missing];
    result->count *= shape[d];
  }
  return true;
}

}  // namespace octet

#endif  // OCTET_CORE_BROADCAST_H_
