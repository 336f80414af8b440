// SPDX-License-Identifier: Apache-2.0
// What the sm_90a kernel is launched with, and the units of work that its blocks go through: parts of K of tiles of the
// products of a batch.
#ifndef OCTET_CUDA_GEMM_HOPPER_PROBLEM_H_
#define OCTET_CUDA_GEMM_HOPPER_PROBLEM_H_

#include <cuda.h>

#include <cstdint>

#include "cuda/gemm/batch.h"
#include "cuda/gemm/boxed_pixels.h"
#include "cuda/gemm/epilogue_values.h"
#include "cuda/gemm/hopper_instructions.h"
#include "cuda/gemm/raster.h"
#include "cuda/gemm/split_k.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

/** Products of a stage along K. */
constexpr int kStageSteps = kBoxRowBytes / kStepDepth;

/**
 * How a stage holds activations: boxes one after the other, each with as many codes of all of the tile's rows. Rows of
 * a matrix are one box of 128 codes; where pixels have fewer channels, a box has those of one tap.
 */
struct StageLayout {
  /** Codes of a row in a box: 16, 32, 64 or 128, which together are 128. */
  int32_t box_codes;
  int32_t boxes;
  /** Of the first box's rows, but for their address: RowsDescriptor. */
  uint64_t descriptor;
  /** From a stage's beginning to the rows of a step, in 16 bytes, as descriptors count. */
  uint32_t steps[kStageSteps];
};

/** box_codes: a power of two from 16 to 128. */
inline StageLayout StageLayoutOf(int box_codes, int rows) {
  StageLayout layout;
  layout.box_codes = box_codes;
  layout.boxes = kBoxRowBytes / box_codes;
  const int box_bytes = rows * box_codes;
  layout.descriptor = RowsDescriptor(box_codes, box_bytes);
  for (int step = 0; step < kStageSteps; ++step) {
    const int first = step * kStepDepth;
    layout.steps[step] = static_cast<uint32_t>(first / box_codes * box_bytes + first % box_codes) / 16;
  }
  return layout;
}

struct HopperProblem {
  /**
   * Boxes of activations: codes, rows, and two dimensions of a batch; or channels, pixels, lines and images, in a map
   * for each place of a pixel in the stride of a convolution.
   */
  CUtensorMap activations[kMostPixelMaps];
  /** Boxes of weights: codes, rows, and two dimensions of a batch. */
  CUtensorMap weights;
  StageLayout layout;
  /** Stages of a part of K, at least one, and parts that have one more: the first ones. */
  int32_t part_depth;
  int32_t longer_parts;
  /** Tiles of all products; of clusters, whose blocks have tiles one below the other. */
  uint32_t tiles;
  Raster raster;
  SplitK split;
  Batch batch;
  /** Of a convolution: there are kernel_w; else activations are rows. */
  PixelBoxes pixels;
  Epilogue epilogue;
};

/** Stages first..last - 1 of a tile. */
struct HopperUnit {
  /** Counted through all products. */
  uint32_t tile;
  BatchPlace product;
  TilePlace at;
  int32_t first;
  int32_t last;
};

__device__ inline uint32_t UnitsOf(const HopperProblem& problem) {
  return problem.tiles * static_cast<uint32_t>(problem.split.parts);
}

__device__ inline int32_t DepthOfPart(const HopperProblem& problem, int32_t part) {
  return problem.part_depth + (part < problem.longer_parts ? 1 : 0);
}

/** Stages of a unit. Units of the first parts of all tiles come first, then those of the second ones. */
__device__ inline int32_t DepthOf(const HopperProblem& problem, uint32_t unit) {
  return DepthOfPart(problem, static_cast<int32_t>(unit / problem.tiles));
}

__device__ inline HopperUnit UnitAt(const HopperProblem& problem, uint32_t number) {
  HopperUnit unit;
  const uint32_t parts_before = number / problem.tiles;
  const int32_t part = static_cast<int32_t>(parts_before);
  unit.tile = number - parts_before * problem.tiles;
  unit.first = part * problem.part_depth + min(part, problem.longer_parts);
  unit.last = unit.first + DepthOfPart(problem, part);
  const uint32_t of_product =
      static_cast<uint32_t>(problem.raster.by_activations) * static_cast<uint32_t>(problem.raster.by_weights);
  unit.product = PlaceOf(problem.batch, unit.tile, of_product);
  unit.at = PlaceOf(problem.raster, unit.tile - static_cast<uint32_t>(unit.product.number) * of_product);
  return unit;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_PROBLEM_H_
