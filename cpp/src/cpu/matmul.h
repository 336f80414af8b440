// SPDX-License-Identifier: Apache-2.0
// Products of computed matrices on checked arguments.
#ifndef OCTET_CPU_MATMUL_H_
#define OCTET_CPU_MATMUL_H_

#include <cstddef>

#include "core/matmul_call.h"

namespace octet {
namespace cpu {

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
