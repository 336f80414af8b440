// SPDX-License-Identifier: Apache-2.0
// Checked activations of a matrix product as backends see them.
#ifndef OCTET_CORE_GEMM_ACTIVATIONS_H_
#define OCTET_CORE_GEMM_ACTIVATIONS_H_

#include "core/epilogue_view.h"
#include "numerics/grid.h"

namespace octet {

/** Activations [m, k] of a matrix product. */
struct GemmActivations {
  RowsView rows;
  int64_t m = 0;
  /** For codes and for floats on a grid. The zero point is whole. */
  numerics::Step step = {1.0f, 0.0f};
  /** For floats: within s8 if int_min is negative, else within u8. With dynamic rows: int_max alone counts. */
  numerics::Limits limits = {0.0f, 0.0f};
  /** A grid for every row. */
  bool dynamic = false;
  float eps = 0.0f;
};

}  // namespace octet

#endif  // OCTET_CORE_GEMM_ACTIVATIONS_H_
