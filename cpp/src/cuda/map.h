// SPDX-License-Identifier: Apache-2.0
// Runs a function of single elements over tensors of one shape and any strides: one launch, a chunk a thread.
//
// A thread has one chunk, so 16 bytes of the lead, in flight; with 2048 threads on a multiprocessor that is 32 KB, more
// than the product of bandwidth and latency on any device of the table (3.35 TB/s * 0.6 us / 132 = 15 KB on an H100).
// More chunks a thread would cost registers, and with them threads, to no end.
#ifndef OCTET_CUDA_MAP_H_
#define OCTET_CUDA_MAP_H_

#include "cuda/chunk.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {

constexpr int kMapThreads = 256;

/**
 * Function: a plain struct with `static constexpr int kOperands` and
 * `template <int kElements> __device__ void Run(const Chunk<kElements>&, const Walk<kOperands>&) const`.
 */
template <typename Function, int kElements>
__global__ void __launch_bounds__(kMapThreads)
    MapKernel(const __grid_constant__ Walk<Function::kOperands> walk, const __grid_constant__ Function function) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kMapThreads + threadIdx.x;
  const Chunk<kElements> chunk(walk, index);
  if (chunk.valid()) function.Run(chunk, walk);
}

template <int kElements, typename Function>
octet_status LaunchMap(const Call* call, const char* kernel, const WalkShape& shape,
                       WalkStrides (&operands)[Function::kOperands], int lead, const Function& function) {
  const auto walk = WalkOver(shape, operands, lead, kElements);
  const int64_t blocks = (walk.rows * walk.chunks.divisor + kMapThreads - 1) / kMapThreads;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  MapKernel<Function, kElements><<<static_cast<unsigned>(blocks), kMapThreads, 0, StreamOf(call)>>>(walk, function);
  return Launched(call, kernel);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_MAP_H_
