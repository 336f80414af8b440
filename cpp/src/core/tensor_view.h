// SPDX-License-Identifier: Apache-2.0
// A checked tensor as backends see it: what a DLTensor says, with strides and element count filled in.
#ifndef OCTET_CORE_TENSOR_VIEW_H_
#define OCTET_CORE_TENSOR_VIEW_H_

#include <cstddef>
#include <cstdint>

namespace octet {

/** Dimensions a tensor may have. */
constexpr int kMaxDims = 32;

enum class ElementType { kF32, kF16, kBF16, kS8, kU8, kS32, kF64, kS64, kBool };

constexpr int64_t SizeOf(ElementType type) {
  switch (type) {
    case ElementType::kF64:
    case ElementType::kS64:
      return 8;
    case ElementType::kF32:
    case ElementType::kS32:
      return 4;
    case ElementType::kF16:
    case ElementType::kBF16:
      return 2;
    case ElementType::kS8:
    case ElementType::kU8:
    case ElementType::kBool:
      return 1;
  }
  return 0;
}

/** Whether elements are codes on a grid. */
constexpr bool IsCode(ElementType type) { return type == ElementType::kS8 || type == ElementType::kU8; }

struct TensorView {
  /** First element. */
  char* data = nullptr;
  ElementType type = ElementType::kF32;
  int ndim = 0;
  /** Number of elements. */
  int64_t count = 0;
  /** ndim values are set. */
  int64_t shape[kMaxDims];
  /** In elements; ndim values are set. */
  int64_t strides[kMaxDims];

  int64_t item_size() const { return SizeOf(type); }
};

}  // namespace octet

#endif  // OCTET_CORE_TENSOR_VIEW_H_
