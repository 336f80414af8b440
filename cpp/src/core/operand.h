// SPDX-License-Identifier: Apache-2.0
// A checked tensor of real values, in floats or in codes on a grid, as backends see it.
#ifndef OCTET_CORE_OPERAND_H_
#define OCTET_CORE_OPERAND_H_

#include "core/tensor_view.h"
#include "numerics/grid.h"

namespace octet {

struct Operand {
  /** f32, f16, bf16, s8 or u8. */
  TensorView view;
  /** For codes. The zero point is whole. */
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 0.0f};
};

}  // namespace octet

#endif  // OCTET_CORE_OPERAND_H_
