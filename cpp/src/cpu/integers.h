// SPDX-License-Identifier: Apache-2.0
// Elements of tensors of indices and lengths: s32 or s64, at any strides and alignment.
#ifndef OCTET_CPU_INTEGERS_H_
#define OCTET_CPU_INTEGERS_H_

#include <cstring>

#include "core/tensor_view.h"

namespace octet {
namespace cpu {

/** The s32 or s64 at an address. */
inline int64_t LoadInteger(const char* from, ElementType type) {
  if (type == ElementType::kS64) {
    int64_t value;
    std::memcpy(&value, from, sizeof(value));
    return value;
  }
  int32_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

/** Stores an s32, the lower half, or an s64. */
inline void StoreInteger(int64_t value, ElementType type, char* to) {
  if (type == ElementType::kS64) {
    std::memcpy(to, &value, sizeof(value));
    return;
  }
  const auto narrow = static_cast<int32_t>(value);
  std::memcpy(to, &narrow, sizeof(narrow));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_INTEGERS_H_
