// SPDX-License-Identifier: Apache-2.0
// Products of computed matrices on checked arguments.
#ifndef OCTET_CPU_MATMUL_H_
#define OCTET_CPU_MATMUL_H_

#include <cstddef>

#include "core/epilogue_view.h"
#include "core/operand.h"

namespace octet {
namespace cpu {

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

/** Where the result goes: [..., M, N]. residual.data is null: none. */
struct MatmulOutput {
  TensorView out;
  TensorView residual;
  /** Its rows are not looked at. */
  EpilogueView epilogue;
};

/** What a call asks for, and the least that it takes: with more its matrices can be shared between more threads. */
struct MatmulWorkspace {
  size_t wanted;
  size_t least;
};

MatmulWorkspace MatmulWorkspaceSize(const MatmulCall& call);

/** Whether the codes of b count as ones with zero points (core/packed_gemm.h). */
bool MatmulHasZeroPoints(const MatmulCall& call);

void Matmul(const MatmulCall& call, const MatmulOutput& output, char* workspace, size_t workspace_bytes);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_MATMUL_H_
