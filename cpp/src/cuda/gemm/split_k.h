// SPDX-License-Identifier: Apache-2.0
// Several blocks for one tile of the output, each with a part of K. Each adds its sums to those in the workspace; the
// one that comes last reads the total and goes on to the epilogue. Integers have the same sum in any order, so the
// result does not depend on which block comes when.
//
// Tried in vain: a place for each part's sums, which the last block adds to its own. It takes as many times the memory,
// and the loads in flight beside 128 registers of sums made the kernel spill.
#ifndef OCTET_CUDA_GEMM_SPLIT_K_H_
#define OCTET_CUDA_GEMM_SPLIT_K_H_

#include <cstdint>

#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

struct SplitK {
  /** Blocks of a tile: at least 1. */
  int32_t parts;
  /** [tiles][sums of a thread][threads], zeros at first; not used with one part. */
  int32_t* sums;
  /** [tiles], zeros at first. */
  int32_t* arrived;
};

/**
 * Hands over the sums of a part of a tile, all threads of the block together. True for the block that came last: its
 * sums are then those of all parts. shared: of the block.
 */
template <typename T>
__device__ bool Gather(const SplitK& split, int64_t tile, int32_t* shared,
                       int32_t (&sums)[T::kRowParts][T::kColumnParts][4]) {
  constexpr int kSums = T::kRowParts * T::kColumnParts * 4;
  const int thread = static_cast<int>(threadIdx.x);
  int32_t* total = split.sums + tile * (kSums * T::kThreads) + thread;
#pragma unroll
  for (int i = 0; i < kSums; ++i) {
    // Without the value before, this is a reduction: nothing waits for it.
    atomicAdd(total + i * T::kThreads, sums[i / (4 * T::kColumnParts)][i / 4 % T::kColumnParts][i % 4]);
  }
  __threadfence();
  __syncthreads();
  if (thread == 0) *shared = atomicAdd(split.arrived + tile, 1);
  __syncthreads();
  if (*shared != split.parts - 1) return false;
  __threadfence();
#pragma unroll
  for (int i = 0; i < kSums; ++i) {
    sums[i / (4 * T::kColumnParts)][i / 4 % T::kColumnParts][i % 4] = __ldcg(total + i * T::kThreads);
  }
  // The epilogue writes to shared memory.
  __syncthreads();
  return true;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_SPLIT_K_H_
