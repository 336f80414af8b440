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

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_INTEGERS_H_
