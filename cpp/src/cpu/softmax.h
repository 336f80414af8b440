// SPDX-License-Identifier: Apache-2.0
// Softmax on checked arguments.
#ifndef OCTET_CPU_SOFTMAX_H_
#define OCTET_CPU_SOFTMAX_H_

#include <cstdint>

#include "core/operand.h"

namespace octet {
namespace cpu {

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

void Softmax(const SoftmaxCall& call);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_SOFTMAX_H_
