// SPDX-License-Identifier: Apache-2.0
// The end of attention: from a warp's sums of codes by values to its rows of the output.
#ifndef OCTET_CUDA_ATTENTION_WRITE_ROWS_H_
#define OCTET_CUDA_ATTENTION_WRITE_ROWS_H_

#include <cstdint>

#include "cuda/attention/output.h"
#include "cuda/attention/ready_tokens.h"
#include "cuda/attention/values.h"

namespace octet {
namespace cuda {

/** Dimensions of a value that a block with `slabs` of them has. */
__device__ inline int DimensionsOf(const AttentionProblem& problem, const BlockPlace& place, int slabs) {
  return min(slabs * kSlabColumns, problem.v.width - place.value_part * slabs * kSlabColumns);
}

/**
 * factors: of the thread's two rows. tiles: of keys that were added for the warp's rows. shared: of the block,
 * kAttentionWarps * kOutputBytes that nobody uses any more.
 */
template <int kValueSlabs>
__device__ void WriteRows(const AttentionProblem& problem, const BlockPlace& place, const Values<kValueSlabs>& values,
                          const float (&factors)[2], int tiles, int8_t* shared) {
  const int first_column = place.value_part * kValueSlabs * kSlabColumns;
  const int dimensions = DimensionsOf(problem, place, kValueSlabs);
  float v_scale = problem.v_scale;
  if (problem.v_greatest != nullptr) {
    const float most = __uint_as_float(problem.v_greatest[place.batch * problem.kv_heads.divisor + place.kv_head]);
    v_scale = DynamicScale(most, problem.v_eps);
  }
  const Output output(problem, place, shared + static_cast<int>(threadIdx.x) / kWarpSize * kOutputBytes);
#pragma unroll
  for (int slab = 0; slab < kValueSlabs; ++slab) {
    if (slab * kSlabColumns >= dimensions) break;
    constexpr int kChunks = Values<kValueSlabs>::kChunks;
#pragma unroll
    for (int chunk = 0; chunk < kChunks; ++chunk) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        // NaN goes for the whole row, whatever grid its probabilities are on.
        const float p_scale = numerics::IsNan(factors[half]) ? factors[half] : problem.p_step.scale;
        float four[4];
        values.Finish(slab * kChunks + chunk, half, tiles * kKeyTile, p_scale, v_scale, four);
        output.Put(chunk, half, four);
      }
    }
    __syncwarp();
    output.Store(first_column + slab * kSlabColumns);
    __syncwarp();
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_WRITE_ROWS_H_
