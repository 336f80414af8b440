// SPDX-License-Identifier: Apache-2.0
// What kernels whose threads pass over rows in teams have in common: their batches, and their launch.
#ifndef OCTET_CUDA_ROW_PASS_H_
#define OCTET_CUDA_ROW_PASS_H_

#include <type_traits>

#include "cuda/launch.h"
#include "cuda/row_team.h"

namespace octet {
namespace cuda {

/** The quads of a batch, numerics::kLanes columns from one to the next. */
using Quads = float[kBatch][kQuad];

/** Calls body(value, k, j) for each value of a batch: that of column + k * numerics::kLanes + j. */
template <typename Body>
__device__ void ForEachOf(Quads& values, const Body& body) {
#pragma unroll
  for (int k = 0; k < kBatch; ++k) {
#pragma unroll
    for (int j = 0; j < kQuad; ++j) body(values[k][j], k, j);
  }
}

/** Calls launch(team, blocks, stream), as WithTeam does, for the rows of a call whose kernel has this name. */
template <typename Launch>
octet_status LaunchRows(const Call* call, const char* kernel, int64_t rows, int64_t length, const Launch& launch) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  WithTeam(rows, length, [&](auto* team, unsigned blocks) { launch(team, blocks, StreamOf(call)); });
  return Launched(call, kernel);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ROW_PASS_H_
