// SPDX-License-Identifier: Apache-2.0
// Elements of small compact tensors (parameters, results), which may lie at any address.
#ifndef OCTET_CPU_COMPACT_H_
#define OCTET_CPU_COMPACT_H_

#include <cstring>

#include "core/tensor_view.h"

namespace octet {
namespace cpu {

inline float LoadCompact(const TensorView& tensor, int64_t index) {
  float value;
  std::memcpy(&value, tensor.data + index * 4, sizeof(value));
  return value;
}

inline void StoreCompact(const TensorView& tensor, int64_t index, float value) {
  std::memcpy(tensor.data + index * 4, &value, sizeof(value));
}

inline void StoreCompact(const TensorView& tensor, int64_t index, double value) {
  std::memcpy(tensor.data + index * 8, &value, sizeof(value));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_COMPACT_H_
