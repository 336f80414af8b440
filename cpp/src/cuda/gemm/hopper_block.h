// SPDX-License-Identifier: Apache-2.0
// What the warpgroups of a block of the sm_90a kernel have in common: its stages, their barriers, and the units of work
// that it goes through.
#ifndef OCTET_CUDA_GEMM_HOPPER_BLOCK_H_
#define OCTET_CUDA_GEMM_HOPPER_BLOCK_H_

#include <cstdint>

#include "cuda/gemm/hopper_problem.h"
#include "cuda/gemm/hopper_tile.h"

namespace octet {
namespace cuda {

/** A stage, and the parity of its barriers' phase. */
template <int kStages>
struct StagePlace {
  int stage = 0;
  uint32_t parity = 0;

  __device__ void Advance() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }

  __device__ int Before() const { return (stage == 0 ? kStages : stage) - 1; }

  /** As often as there are stages of a unit that somebody else makes. */
  __device__ void Skip(int count) {
    const int beyond = stage + count;
    stage = beyond % kStages;
    parity ^= static_cast<uint32_t>(beyond / kStages) & 1;
  }
};

template <typename T>
class HopperBlock {
 public:
  __device__ HopperBlock(const HopperProblem& problem, int8_t* shared)
      : problem(problem),
        shared(shared),
        rank(T::kCluster == 1 ? 0 : BlockOfCluster()),
        first(blockIdx.x / T::kCluster),
        apart(gridDim.x / T::kCluster),
        units(UnitsOf(problem)),
        address_(SharedAddress(shared)) {}

  /** By one thread, before the others go on. */
  __device__ void InitBarriers() const {
    for (int stage = 0; stage < T::kStages; ++stage) {
      InitBarrier(Full(stage), 1);
      InitBarrier(Empty(stage), T::kCluster * T::kTileConsumers * kGroupWarps);
    }
    PublishBarriers();
  }

  __device__ uint32_t Stage(int stage) const { return address_ + stage * T::kStageBytes; }
  __device__ uint32_t Full(int stage) const { return address_ + T::kFullOffset + stage * 8; }
  __device__ uint32_t Empty(int stage) const { return address_ + T::kEmptyOffset + stage * 8; }

  /** The block's tile's first row of activations: less than 2^31, as they are, plus a cluster's tile. */
  __device__ int FirstRow(const TilePlace& at) const {
    return (at.by_activations * T::kCluster + static_cast<int>(rank)) * T::kActivations;
  }

  const HopperProblem& problem;
  int8_t* const shared;
  /** The block's number in its cluster. */
  const uint32_t rank;
  /** The cluster's first unit, from one of its units to the next, and all units. */
  const uint32_t first;
  const uint32_t apart;
  const uint32_t units;

 private:
  const uint32_t address_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_BLOCK_H_
