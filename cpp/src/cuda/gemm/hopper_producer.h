// SPDX-License-Identifier: Apache-2.0
// The copies of a block of the sm_90a kernel, by one thread: for every stage it waits until consumers have given it
// back, announces its bytes to the stage's barrier and starts copies. It runs ahead over the ends of units, so a tile's
// first stages are there when the epilogue of the tile before is over.
#ifndef OCTET_CUDA_GEMM_HOPPER_PRODUCER_H_
#define OCTET_CUDA_GEMM_HOPPER_PRODUCER_H_

#include <cstdint>

#include "cuda/gemm/hopper_block.h"

namespace octet {
namespace cuda {

/** The boxes of a unit's pixels, one after the other along K. */
class PixelWalk {
 public:
  __device__ PixelWalk(const HopperProblem& problem, const HopperUnit& unit)
      : problem_(problem), pixels_(problem.pixels), place_(PlaceOf(problem.pixels, unit.at.by_activations)) {
    const int32_t first = unit.first * problem.layout.boxes;
    const int32_t tap = first / pixels_.tap_boxes;
    box_ = first - tap * pixels_.tap_boxes;
    row_ = tap / pixels_.kernel_w;
    column_ = tap - row_ * pixels_.kernel_w;
  }

  /** Beyond the last tap too: weights are zeros there. */
  __device__ void Copy(uint32_t to, uint32_t barrier) {
    const int32_t y = row_ * pixels_.dilation_h - pixels_.pad_top;
    const int32_t x = column_ * pixels_.dilation_w - pixels_.pad_left;
    const int32_t odd_y = y & pixels_.stride_h_log;
    const int32_t odd_x = x & pixels_.stride_w_log;
    const CUtensorMap* map = &problem_.activations[odd_y * 2 + odd_x];
    CopyBox(to, map,
            {box_ * problem_.layout.box_codes, place_.x + (x >> pixels_.stride_w_log),
             place_.y + (y >> pixels_.stride_h_log), place_.image},
            barrier);
    if (++box_ < pixels_.tap_boxes) return;
    box_ = 0;
    if (++column_ < pixels_.kernel_w) return;
    column_ = 0;
    ++row_;
  }

 private:
  const HopperProblem& problem_;
  const PixelBoxes& pixels_;
  const BoxPlace place_;
  /** Of the tap; row and column of the tap. */
  int32_t box_;
  int32_t row_;
  int32_t column_;
};

template <typename T>
class HopperProducer {
 public:
  __device__ explicit HopperProducer(const HopperBlock<T>& block) : block_(block), problem_(block.problem) {}

  __device__ void Run() {
    PrefetchMap(&problem_.activations[0]);
    PrefetchMap(&problem_.weights);
    for (uint32_t number = block_.first; number < block_.units; number += block_.apart) {
      const HopperUnit unit = UnitAt(problem_, number);
      if (T::kTakesPixels && problem_.pixels.kernel_w > 0) {
        CopyPixels(unit);
      } else {
        CopyRows(unit);
      }
    }
  }

 private:
  __device__ void CopyRows(const HopperUnit& unit) {
    const BoxAt place = {0, block_.FirstRow(unit.at), Index(unit.product.inner, problem_.batch.activations.inner),
                         Index(unit.product.outer, problem_.batch.activations.outer)};
    for (int k = unit.first; k < unit.last; ++k) {
      const uint32_t stage = BeginStage();
      CopyBox(stage, &problem_.activations[0], {k * T::kDepth, place.second, place.third, place.fourth}, Full());
      CopyWeights(unit, k, stage);
    }
  }

  __device__ void CopyPixels(const HopperUnit& unit) {
    PixelWalk walk(problem_, unit);
    const uint32_t box_bytes = static_cast<uint32_t>(T::kActivations * problem_.layout.box_codes);
    for (int k = unit.first; k < unit.last; ++k) {
      const uint32_t stage = BeginStage();
      for (int box = 0; box < problem_.layout.boxes; ++box) walk.Copy(stage + box * box_bytes, Full());
      CopyWeights(unit, k, stage);
    }
  }

  /** Waits for the next stage to be empty, and announces what will fill it. */
  __device__ uint32_t BeginStage() const {
    // Stages are empty at first: the phase before the first one counts as over.
    if constexpr (T::kCluster == 1) {
      WaitForPhase(block_.Empty(place_.stage), place_.parity ^ 1);
    } else {
      WaitForPhaseOfCluster(block_.Empty(place_.stage), place_.parity ^ 1);
    }
    ArriveAndExpect(Full(), T::kStageBytes);
    return block_.Stage(place_.stage);
  }

  /** The last copy to a stage. */
  __device__ void CopyWeights(const HopperUnit& unit, int k, uint32_t stage) {
    const uint32_t to = stage + T::kActivationBytes;
    BoxAt at = {k * T::kWeightRowBytes, unit.at.by_weights * T::kWeights,
                Index(unit.product.inner, problem_.batch.weights.inner),
                Index(unit.product.outer, problem_.batch.weights.outer)};
    if constexpr (T::kCluster == 1) {
      CopyBox(to, &problem_.weights, at, Full());
    } else {
      const int part = static_cast<int>(block_.rank) * T::kCopiedWeights;
      at.second += part;
      CopyBoxToBlocks(to + part * kBoxRowBytes, &problem_.weights, at, Full(), (1 << T::kCluster) - 1);
    }
    place_.Advance();
  }

  /** Matrices that are shared along a dimension are one. */
  __device__ static int32_t Index(int32_t index, int64_t stride) { return stride == 0 ? 0 : index; }

  __device__ uint32_t Full() const { return block_.Full(place_.stage); }

  const HopperBlock<T>& block_;
  const HopperProblem& problem_;
  StagePlace<T::kStages> place_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_PRODUCER_H_
