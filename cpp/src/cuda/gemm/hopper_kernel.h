// SPDX-License-Identifier: Apache-2.0
// The sm_90a kernel of a matrix product: TMA copies, wgmma, a block a multiprocessor that goes from tile to tile, or
// from part to part of tiles where K is cut.
//
// One thread of the last warpgroup copies (hopper_producer.h), two warpgroups multiply (hopper_consumer.h).
//
// Blocks of a cluster copy parts of the weights for each other, so a stage is filled by the copies of all of them, and
// is empty when the consumers of all of them have given it back. The emulator runs no clusters; what follows was read,
// line by line, against the PTX ISA 9.0 (mbarrier, cp.async.bulk.tensor, mapa, barrier.cluster):
//
// - No block arrives at a barrier of another one, or copies to it, before that has been initialized: all threads meet
//   after fence.mbarrier_init.
// - A stage's full barrier has one arrival, by the block's own producer, which announces all bytes of the stage. A
//   multicast brings a part of the weights to the same offset in each block of its mask, whose bits are ranks in the
//   cluster, and completes its bytes at the barrier at the same offset of each. Another block's part may come before
//   the announcement: the count of bytes is below zero then, and the phase ends no sooner, as the arrival is missing.
// - No part comes in the phase before. A block copies after the consumers of all blocks have given the stage back to
//   it, and those have waited for that phase of their own block to end.
// - A stage's empty barrier has an arrival of each warp of the consumers of each block: lane b of a warp arrives in
//   block b, its own one included, at the address that mapa gives, without a state, and as a release to the cluster,
//   which the producer that waits for it acquires from the cluster.
// - All threads meet once more at the end. Every copy to a block has been waited for by then, and every arrival
//   has been made;
//   the lanes that copied nothing wait for the one that did.
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
