// SPDX-License-Identifier: Apache-2.0
#include "cuda/float/finish.h"

#include <algorithm>

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int64_t kMostBlocks = int64_t{1} << 30;

__global__ void __launch_bounds__(kThreads) FinishBlocksKernel(const __grid_constant__ BlockSums sums, int64_t blocks,
                                                               const __grid_constant__ FloatEpilogue epilogue) {
  __shared__ float4 scratch[kThreads];
  const int64_t of_row = static_cast<int64_t>(sums.groups) * sums.quads;
  const int64_t count = sums.rows * of_row;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += static_cast<int64_t>(gridDim.x) * kThreads) {
    const float4* from = sums.sums + i;
    float4 total = __ldg(from);
    for (int64_t block = 1; block < blocks; ++block) {
      const float4 next = __ldg(from + block * count);
      total = {total.x + next.x, total.y + next.y, total.z + next.z, total.w + next.w};
    }
    float values[kQuad] = {total.x, total.y, total.z, total.w};
    const int32_t group = static_cast<int32_t>(i % of_row / sums.quads);
    const int32_t first = group * sums.columns;
    FinishQuad(epilogue, i / of_row, first + static_cast<int32_t>(i % sums.quads) * kQuad, first + sums.columns, values,
               &scratch[threadIdx.x]);
  }
}

}  // namespace

cudaError_t FinishBlocks(const BlockSums& sums, int64_t blocks, const FloatEpilogue& epilogue, cudaStream_t stream) {
  const int64_t count = sums.rows * sums.groups * sums.quads;
  const int64_t thread_blocks = std::min(kMostBlocks, (count + kThreads - 1) / kThreads);
  FinishBlocksKernel<<<static_cast<unsigned>(thread_blocks), kThreads, 0, stream>>>(sums, blocks, epilogue);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
