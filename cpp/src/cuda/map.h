// SPDX-License-Identifier: Apache-2.0
// Runs a function of single elements over tensors of one shape and any strides: one launch, a chunk a thread.
//
// A thread has one chunk, so 16 bytes of the lead, in flight. Most kernels take up to 40 registers, which leave room
// for 1536 threads on a multiprocessor, so 24 KB: more than the product of bandwidth and latency on any device of the
// table (3.35 TB/s * 0.6 us / 132 = 15 KB on an H100). More chunks a thread would cost registers, and with them
// threads, to no end.
#ifndef OCTET_CUDA_MAP_H_
#define OCTET_CUDA_MAP_H_

#include <initializer_list>

#include "cuda/chunk.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {

constexpr int kMapThreads = 256;
/** Thread blocks a multiprocessor, which leave 64 registers. Said, since ptxas else spills to make room for one more.
 */
constexpr int kMapBlocks = 4;

/**
 * Function: a plain struct with `static constexpr int kOperands` and
 * `template <int kElements> __device__ void Run(const Chunk<kElements>&, const Walk<kOperands>&) const`.
 */
template <typename Function, int kElements>
__global__ void __launch_bounds__(kMapThreads, kMapBlocks)
    MapKernel(const __grid_constant__ Walk<Function::kOperands> walk, const __grid_constant__ Function function) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kMapThreads + threadIdx.x;
  const Chunk<kElements> chunk(walk, index);
  if (chunk.valid()) function.Run(chunk, walk);
}

/** Blocks for a thread a chunk. */
template <int kOperands>
unsigned MapBlocks(const Walk<kOperands>& walk) {
  return static_cast<unsigned>((walk.rows * walk.chunks.divisor + kMapThreads - 1) / kMapThreads);
}

template <int kElements, typename Function>
octet_status LaunchMap(const Call* call, const char* kernel, const WalkShape& shape,
                       WalkStrides (&operands)[Function::kOperands], int lead, const Function& function) {
  const auto walk = WalkOver(shape, operands, lead, kElements);
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  MapKernel<Function, kElements><<<MapBlocks(walk), kMapThreads, 0, StreamOf(call)>>>(walk, function);
  return Launched(call, kernel);
}

/**
 * Launches with chunks of 16 bytes of the widest of the first operands, whose types are given, the output's first.
 * Function has a constant kMostElements: the elements of the longest chunk that it is compiled for.
 */
template <typename Function>
octet_status LaunchByWidth(const Call* call, const char* kernel, const WalkShape& shape,
                           WalkStrides (&operands)[Function::kOperands], std::initializer_list<ElementType> types,
                           const Function& function) {
  int lead = 0;
  int64_t widest = 0;
  int operand = 0;
  for (ElementType type : types) {
    if (SizeOf(type) > widest) {
      widest = SizeOf(type);
      lead = operand;
    }
    ++operand;
  }
  const int64_t elements = 16 / widest;
  if constexpr (Function::kMostElements >= 16) {
    if (elements == 16) return LaunchMap<16>(call, kernel, shape, operands, lead, function);
  }
  if constexpr (Function::kMostElements >= 8) {
    if (elements >= 8) return LaunchMap<8>(call, kernel, shape, operands, lead, function);
  }
  if (elements >= 4) return LaunchMap<4>(call, kernel, shape, operands, lead, function);
  return LaunchMap<2>(call, kernel, shape, operands, lead, function);
}

template <typename Function>
octet_status LaunchByWidth(const Call* call, const char* kernel, const TensorView& out,
                           WalkStrides (&operands)[Function::kOperands], std::initializer_list<ElementType> types,
                           const Function& function) {
  return LaunchByWidth(call, kernel, ShapeOf(out), operands, types, function);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_MAP_H_
