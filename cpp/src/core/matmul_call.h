// SPDX-License-Identifier: Apache-2.0
// A checked product of computed matrices as backends see it.
#ifndef OCTET_CORE_MATMUL_CALL_H_
#define OCTET_CORE_MATMUL_CALL_H_

#include "core/epilogue_view.h"
#include "core/operand.h"

namespace octet {

/** All of the same dimensions: strides are 0 where an operand is broadcast. Last dimensions lie without gaps. */
struct MatmulCall {
  /** [..., M, K]. */
  Operand a;
  /** [..., K, N], or [..., N, K] with transpose_b. */
  Operand b;
  bool transpose_b = false;

  int64_t m() const { return a.view.shape[a.view.ndim - 2]; }
  int64_t k() const { return a.view.shape[a.view.ndim - 1]; }
  int64_t n() const { return b.view.shape[b.view.ndim - (transpose_b ? 2 : 1)]; }
  bool integer() const { return IsCode(a.view.type) && IsCode(b.view.type); }
};

/** What workspaces depend on: shapes, of operands as they were given. */
struct MatmulSizes {
  int64_t m;
  int64_t n;
  int64_t k;
  /** Matrices of the output and of the operands. */
  int64_t count;
  int64_t a_count;
  int64_t b_count;
  bool integer;
};

/** Where the result goes: [..., M, N]. residual.data is null: none. */
struct MatmulOutput {
  TensorView out;
  TensorView residual;
  /** Its rows are not looked at. */
  EpilogueView epilogue;
};

}  // namespace octet

#endif  // OCTET_CORE_MATMUL_CALL_H_
