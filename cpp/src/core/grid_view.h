// SPDX-License-Identifier: Apache-2.0
// A checked octet_grid as backends see it.
#ifndef OCTET_CORE_GRID_VIEW_H_
#define OCTET_CORE_GRID_VIEW_H_

#include "core/tensor_view.h"
#include "numerics/grid.h"

namespace octet {

struct GridView {
  /** f32, compact. */
  TensorView delta;
  /** Like delta if has_zero_float. */
  TensorView zero_float;
  bool has_zero_float = false;
  /** Whether delta and zero_float can be read by the host. */
  bool on_host = true;
  numerics::Limits limits = {0.0f, 0.0f};
  bool log_domain = false;
  float eps = 0.0f;
  /** -1 or a dimension of the data; its size is a multiple of delta.count. */
  int axis = -1;
};

}  // namespace octet

#endif  // OCTET_CORE_GRID_VIEW_H_
