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

#include "cuda/arrivals.h"

namespace octet {
namespace cuda {

struct SplitK {
  /** Of a tile: at least 1. */
  int32_t parts;
  /** [tiles][sums of a thread][threads], zeros at first; not used with one part. */
  int32_t* sums;
  /** [tiles], zeros at first. */
  int32_t* arrived;
};

/**
 * Hands over the sums of a part of a tile, all threads that made it together: `thread` of kThreads, which meet() waits
 * for. True for those that came last: their sums are then those of all parts. shared: of these threads.
 */
template <int kThreads, int kRowParts, int kColumnParts, typename Meet>
__device__ bool Gather(const SplitK& split, int64_t tile, int thread, int32_t* shared, const Meet& meet,
                       int32_t (&sums)[kRowParts][kColumnParts][4]) {
  constexpr int kSums = kRowParts * kColumnParts * 4;
  int32_t* total = split.sums + tile * (kSums * kThreads) + thread;
#pragma unroll
  for (int i = 0; i < kSums; ++i) {
    // Without the value before, this is a reduction: nothing waits for it.
    atomicAdd(total + i * kThreads, sums[i / (4 * kColumnParts)][i / 4 % kColumnParts][i % 4]);
  }
  if (!CameLast(split.arrived + tile, split.parts, thread, shared, meet)) return false;
#pragma unroll
  for (int i = 0; i < kSums; ++i) {
    sums[i / (4 * kColumnParts)][i / 4 % kColumnParts][i % 4] = __ldcg(total + i * kThreads);
  }
  // The epilogue writes to shared memory, where CameLast has left its word.
  meet();
  return true;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_SPLIT_K_H_
