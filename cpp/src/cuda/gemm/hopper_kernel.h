// SPDX-License-Identifier: Apache-2.0
// The sm_90a kernel of a matrix product: TMA copies, wgmma, a block a multiprocessor that goes from tile to tile, or
// from part to part of tiles where K is cut.
//
// One thread of the last warpgroup copies (hopper_producer.h), two warpgroups multiply (hopper_consumer.h).
//
// Blocks of a cluster copy parts of the weights for each other, so a stage is filled by the copies of all of them, and
// is empty when the consumers of all of them have given it back. (An emulator has run everything but clusters.)
//
// Where consumers share rows they leave the tensor cores alone together in the epilogue; where they take turns one of
// them always multiplies, but tiles are half as large, so shared memory moves more bytes for each product.
#ifndef OCTET_CUDA_GEMM_HOPPER_KERNEL_H_
#define OCTET_CUDA_GEMM_HOPPER_KERNEL_H_

#include <cstdint>

#include "cuda/gemm/hopper_consumer.h"
#include "cuda/gemm/hopper_producer.h"

namespace octet {
namespace cuda {

template <typename T, bool kSigned>
__global__ void __launch_bounds__(T::kThreads, 1) HopperKernel(const __grid_constant__ HopperProblem problem) {
  extern __shared__ __align__(1024) int8_t hopper_shared[];
  const HopperBlock<T> block(problem, hopper_shared);
  // The same in all threads of a warp, which the compiler can't know otherwise.
  const int warp = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / kWarpSize, 0);
  if (threadIdx.x == 0) block.InitBarriers();
  if constexpr (T::kCluster == 1) {
    __syncthreads();
  } else {
    SynchronizeCluster();
  }
  if (warp < kConsumerWarps) {
    TakeRegisters<kConsumerRegisters>();
    HopperConsumer<T, kSigned>(block, warp).Run();
  } else {
    GiveRegisters<kProducerRegisters>();
    if (threadIdx.x == kConsumerWarps * kWarpSize) HopperProducer<T>(block).Run();
  }
  // The shared memory of a block has to be there until the others have arrived at its barriers for the last time.
  if constexpr (T::kCluster > 1) SynchronizeCluster();
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_KERNEL_H_
