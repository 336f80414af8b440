// SPDX-License-Identifier: Apache-2.0
// Sums over slices in the order of numerics/summation.h: first of blocks, each by 16 threads (row_team.h) or, where
// slices lie side by side and elements do not, by one thread with 64 lanes in shared memory; then of the blocks of a
// slice. Terms may store something for each element besides: they see each of them once. Slices of one block take one
// launch, longer ones two: the sums of blocks between them are 1/256 of the bytes read.
#ifndef OCTET_CUDA_SUM_H_
#define OCTET_CUDA_SUM_H_

#include "cuda/row_team.h"
#include "cuda/scratch.h"
#include "cuda/slices.h"

namespace octet {
namespace cuda {

constexpr int kSumThreads = kShortGroups * kGroupThreads;
/** Thread blocks a multiprocessor: 768 threads, 80 registers. Said, since ptxas else spills to make room for one more.
 */
constexpr int kSumBlocks = 768 / kSumThreads;

/**
 * Terms: a plain struct with
 *   static constexpr int kOperands, kSums;
 *   struct Slice;                                         what is known of a slice
 *   Slice Begin(walk, slice) const;
 *   void Add<kElements>(walk, slice, element, count, float (&lanes)[kSums][kElements]) const;
 *   void Finish(walk, slice number, const double (&totals)[kSums]) const;
 */
template <typename Terms>
__global__ void __launch_bounds__(kSumThreads, kSumBlocks)
    SumBlocksKernel(const __grid_constant__ SliceWalk<Terms::kOperands> walk, const __grid_constant__ Terms terms,
                    float* blocks) {
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kShortGroups + threadIdx.x / kGroupThreads;
  const int thread = static_cast<int>(threadIdx.x) % kGroupThreads;
  const Divider::Result place = walk.blocks.Divide(item);
  const bool active = place.quotient < walk.slices;
  float lanes[Terms::kSums][kQuad] = {};
  if (active) {
    const typename Terms::Slice slice = terms.Begin(walk, place.quotient);
    // Four loads under way, of one or of two operands.
    constexpr int kTogether = 4 / Terms::kSums;
#pragma unroll kTogether
    for (int k = 0; k < numerics::kBlock / numerics::kLanes; ++k) {
      const int64_t element = place.remainder * numerics::kBlock + k * numerics::kLanes + thread * kQuad;
      const int64_t rest = walk.length - element;
      if (rest > 0) terms.Add(walk, slice, element, rest < kQuad ? static_cast<int>(rest) : kQuad, lanes);
    }
  }
  float sums[Terms::kSums];
#pragma unroll
  for (int s = 0; s < Terms::kSums; ++s) sums[s] = SumOfGroup(lanes[s]);
  if (!active || thread != 0) return;
  if (blocks == nullptr) {
    double totals[Terms::kSums];
#pragma unroll
    for (int s = 0; s < Terms::kSums; ++s) totals[s] = 0.0 + static_cast<double>(sums[s]);
    terms.Finish(walk, place.quotient, totals);
    return;
  }
#pragma unroll
  for (int s = 0; s < Terms::kSums; ++s) blocks[item * Terms::kSums + s] = sums[s];
}

/** Threads whose lanes take 32 KB of shared memory. */
template <typename Terms>
constexpr int kColumnThreads = 128 / Terms::kSums;

/** One thread a slice and block: neighbouring threads have neighbouring slices. */
template <typename Terms>
__global__ void __launch_bounds__(kColumnThreads<Terms>)
    SumColumnsKernel(const __grid_constant__ SliceWalk<Terms::kOperands> walk, const __grid_constant__ Terms terms,
                     float* blocks) {
  constexpr int kSums = Terms::kSums;
  __shared__ float lanes[kSums][numerics::kLanes][kColumnThreads<Terms>];
  const int64_t number = static_cast<int64_t>(blockIdx.x) * kColumnThreads<Terms> + threadIdx.x;
  const int64_t block = blockIdx.y;
  if (number >= walk.slices) return;
  // Each thread uses its own column alone, so nothing has to be waited for.
  for (int lane = 0; lane < numerics::kLanes; ++lane) {
#pragma unroll
    for (int s = 0; s < kSums; ++s) lanes[s][lane][threadIdx.x] = 0.0f;
  }
  const typename Terms::Slice slice = terms.Begin(walk, number);
  const int64_t first = block * numerics::kBlock;
  const int64_t rest = walk.length - first;
  const int count = rest < numerics::kBlock ? static_cast<int>(rest) : static_cast<int>(numerics::kBlock);
#pragma unroll 4
  for (int i = 0; i < count; ++i) {
    float one[kSums][1];
#pragma unroll
    for (int s = 0; s < kSums; ++s) one[s][0] = lanes[s][i % numerics::kLanes][threadIdx.x];
    terms.Add(walk, slice, first + i, 1, one);
#pragma unroll
    for (int s = 0; s < kSums; ++s) lanes[s][i % numerics::kLanes][threadIdx.x] = one[s][0];
  }
  for (int width = numerics::kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) {
#pragma unroll
      for (int s = 0; s < kSums; ++s) lanes[s][lane][threadIdx.x] += lanes[s][lane + width][threadIdx.x];
    }
  }
  double totals[kSums];
#pragma unroll
  for (int s = 0; s < kSums; ++s) {
    const float sum = lanes[s][0][threadIdx.x];
    if (blocks != nullptr) blocks[(number * walk.blocks.divisor + block) * kSums + s] = sum;
    totals[s] = 0.0 + static_cast<double>(sum);
  }
  if (blocks == nullptr) terms.Finish(walk, number, totals);
}

/** Adds the blocks of a slice: thread c those of chunk c, then thread 0 the chunks. */
template <typename Terms>
__global__ void __launch_bounds__(numerics::kMaxChunks)
    SumChunksKernel(const __grid_constant__ SliceWalk<Terms::kOperands> walk, const __grid_constant__ Terms terms,
                    const float* blocks) {
  __shared__ double chunks[Terms::kSums][numerics::kMaxChunks];
  const int64_t slice = blockIdx.x;
  const int64_t count = walk.blocks.divisor;
  const int64_t per_chunk = numerics::BlocksPerChunk(walk.length);
  const int64_t first = threadIdx.x * per_chunk;
  const int64_t last = first + per_chunk < count ? first + per_chunk : count;
  double sums[Terms::kSums] = {};
  for (int64_t block = first; block < last; ++block) {
#pragma unroll
    for (int s = 0; s < Terms::kSums; ++s) {
      sums[s] += static_cast<double>(blocks[(slice * count + block) * Terms::kSums + s]);
    }
  }
#pragma unroll
  for (int s = 0; s < Terms::kSums; ++s) chunks[s][threadIdx.x] = sums[s];
  __syncthreads();
  if (threadIdx.x != 0) return;
  double totals[Terms::kSums] = {};
  for (int64_t chunk = 0; chunk * per_chunk < count; ++chunk) {
#pragma unroll
    for (int s = 0; s < Terms::kSums; ++s) totals[s] += chunks[s][chunk];
  }
  terms.Finish(walk, slice, totals);
}

/** Whether neighbouring slices lie side by side in operand 1 and their elements do not. */
template <int kOperands>
bool SlicesAreColumns(const SliceWalk<kOperands>& walk, int64_t item) {
  const bool columns = walk.outer.dims > 0 && walk.outer.strides[1][0] == item && walk.outer.sizes[0].divisor >= 16;
  return columns && walk.inner.dims > 0 && walk.inner.strides[1][0] != item;
}

template <typename Terms>
octet_status LaunchSum(const Call* call, const char* kernel, const SliceWalk<Terms::kOperands>& walk,
                       const Terms& terms, int64_t item) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  const int64_t count = walk.blocks.divisor;
  const Scratch scratch(call, count == 1 ? 0 : static_cast<size_t>(walk.slices * count * Terms::kSums) * sizeof(float));
  if (scratch.error() != cudaSuccess) return Report(call, "cudaMallocAsync", scratch.error());
  auto* const blocks = static_cast<float*>(scratch.memory());
  if (SlicesAreColumns(walk, item) && count <= 65535) {
    constexpr int kThreads = kColumnThreads<Terms>;
    const dim3 grid(static_cast<unsigned>((walk.slices + kThreads - 1) / kThreads), static_cast<unsigned>(count));
    SumColumnsKernel<Terms><<<grid, kThreads, 0, StreamOf(call)>>>(walk, terms, blocks);
  } else {
    const auto grid = static_cast<unsigned>((walk.slices * count + kShortGroups - 1) / kShortGroups);
    SumBlocksKernel<Terms><<<grid, kSumThreads, 0, StreamOf(call)>>>(walk, terms, blocks);
  }
  if (count > 1) {
    SumChunksKernel<Terms>
        <<<static_cast<unsigned>(walk.slices), numerics::kMaxChunks, 0, StreamOf(call)>>>(walk, terms, blocks);
  }
  return Launched(call, kernel);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_SUM_H_
