// SPDX-License-Identifier: Apache-2.0
// LayerNorm and RMSNorm as backends take them: checked arguments.
#ifndef OCTET_CORE_NORM_CALL_H_
#define OCTET_CORE_NORM_CALL_H_

#include <cstdint>

#include "core/operand.h"

namespace octet {

/** Shapes are equal; the last row_dims dimensions are normalised over and lie without gaps. */
struct NormCall {
  const Operand* x = nullptr;
  /** Added to x; null: none. */
  const Operand* residual = nullptr;
  /** Out: what is normalised; null: not wanted. */
  const Operand* sum = nullptr;
  const Operand* out = nullptr;
  /** f32, one for each element of a row, at any alignment; null: 1 and 0. */
  const void* weight = nullptr;
  const void* bias = nullptr;
  float eps = 0.0f;
  int row_dims = 1;
  bool subtract_mean = false;
};

}  // namespace octet

#endif  // OCTET_CORE_NORM_CALL_H_
