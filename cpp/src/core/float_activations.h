// SPDX-License-Identifier: Apache-2.0
// Checked left operands of products of floats as backends see them.
#ifndef OCTET_CORE_FLOAT_ACTIVATIONS_H_
#define OCTET_CORE_FLOAT_ACTIVATIONS_H_

#include "core/epilogue_view.h"

namespace octet {

/** Rows [m, k] of real values; codes stand for step.scale * (code - step.zero_point). */
struct FloatActivations {
  RowsView rows;
  int64_t m = 0;
  numerics::Step step = {1.0f, 0.0f};
};

}  // namespace octet

#endif  // OCTET_CORE_FLOAT_ACTIVATIONS_H_
