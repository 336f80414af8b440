// SPDX-License-Identifier: Apache-2.0
// The kernel of tile_kernel.h for groups of rows: what a block's group has of the operands is found out first, the
// steps are the same.
//
// A kernel of its own and not a branch in that one: weights, rows and biases of a group would be in registers through
// main loops that have none to spare.
#ifndef OCTET_CUDA_GEMM_GROUPED_KERNEL_H_
#define OCTET_CUDA_GEMM_GROUPED_KERNEL_H_

#include <cstdint>

#include "cuda/gemm/groups.h"
#include "cuda/gemm/tile_steps.h"

namespace octet {
namespace cuda {

struct GroupedProblem {
  /** Without batch. The raster has as many rows of tiles as there can be. */
  TileProblem<OperandRows> tiles;
  Groups groups;
};

/** The epilogue of all groups as that of one, whose bias and factors are rows of theirs. */
__device__ inline Epilogue EpilogueOf(const Epilogue& epilogue, int32_t group) {
  Epilogue of_group = epilogue;
  const int64_t parameters = static_cast<int64_t>(group) * epilogue.columns;
  if (of_group.view.bias != nullptr) of_group.view.bias += parameters;
  if (of_group.view.factor != nullptr) of_group.view.factor += parameters;
  return of_group;
}

template <typename T, typename C>
__global__ void __launch_bounds__(T::kThreads, 1) GroupedKernel(const __grid_constant__ GroupedProblem problem) {
  if constexpr (IsCompiled<T>()) {
    extern __shared__ __align__(128) int8_t shared[];
    const TileProblem<OperandRows>& tiles = problem.tiles;
    const TilePlace place = PlaceOf(tiles.raster, blockIdx.x);
    const GroupRows rows = FindGroup<T::kActivations>(problem.groups, place.by_activations);
    if (rows.group < 0) return;
    // Rows of the next group are read with those of this one: what they give is not stored.
    const TileSteps<T, C> steps(shared, {rows.first_row, static_cast<int64_t>(place.by_weights) * T::kWeights, 0,
                                         rows.group * problem.groups.weights});
    typename TileSteps<T, C>::Sums sums = {};
    if (!steps.MakeSums(tiles, sums)) return;
    const Epilogue epilogue = EpilogueOf(tiles.epilogue, rows.group);
    steps.Store(epilogue, {0, 0, rows.rows_end, epilogue.columns, rows.group * problem.groups.terms, 0}, sums);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_GROUPED_KERNEL_H_
