// SPDX-License-Identifier: Apache-2.0
// A softmax as backends take it: checked arguments.
#ifndef OCTET_CORE_SOFTMAX_CALL_H_
#define OCTET_CORE_SOFTMAX_CALL_H_

#include <cstdint>

#include "core/operand.h"

namespace octet {

/** Null: none. Shapes are that of x, with strides of 0 where broadcast; last dimensions lie without gaps. */
struct SoftmaxCall {
  const Operand* x = nullptr;
  const Operand* out = nullptr;
  float scale = 1.0f;
  const TensorView* bias = nullptr;
  const TensorView* mask = nullptr;
  /** s32 or s64 [x.shape[0]]. */
  const TensorView* lengths = nullptr;
  bool causal = false;
  int64_t causal_offset = 0;
};

}  // namespace octet

#endif  // OCTET_CORE_SOFTMAX_CALL_H_
