// SPDX-License-Identifier: Apache-2.0
// The kernel of tile_kernel.h for groups of rows: what a block's group has of the operands is found out first, the rest
// is the same loaders, main loop, split K and epilogue.
//
// A kernel of its own and not a branch in that one: weights, rows and biases of a group would be in registers through
// main loops that have none to spare.
#ifndef OCTET_CUDA_GEMM_GROUPED_KERNEL_H_
#define OCTET_CUDA_GEMM_GROUPED_KERNEL_H_

#include <cstdint>

#include "cuda/gemm/groups.h"
#include "cuda/gemm/tile_kernel.h"

namespace octet {
namespace cuda {

struct GroupedProblem {
  /** Without batch. The raster has as many rows of tiles as there can be. */
  TileProblem<OperandRows> tiles;
  Groups groups;
};

template <typename T, typename C>
__global__ void __launch_bounds__(T::kThreads, 1) GroupedKernel(const __grid_constant__ GroupedProblem problem) {
#if __CUDA_ARCH__ >= 800
  constexpr bool kCompiled = T::kStages > 2;
#else
  constexpr bool kCompiled = T::kStages == 2;
#endif
  if constexpr (kCompiled) {
    extern __shared__ __align__(128) int8_t shared[];
    const TileProblem<OperandRows>& tiles = problem.tiles;
    const TilePlace place = PlaceOf(tiles.raster, blockIdx.x);
    const GroupRows rows = FindGroup<T::kActivations>(problem.groups, place.by_activations);
    if (rows.group < 0) return;
    const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int64_t weight = static_cast<int64_t>(place.by_weights) * T::kWeights;
    const int part = static_cast<int>(blockIdx.y);
    const int first = static_cast<int>(static_cast<int64_t>(tiles.depth) * part / tiles.split.parts);
    const int last = static_cast<int>(static_cast<int64_t>(tiles.depth) * (part + 1) / tiles.split.parts);
    // Rows of the next group are read with those of this one: what they give is not stored.
    RowLoader<T::kActivations, 8, T::kThreads, false> activations(tiles.activations, rows.first_row, first,
                                                                  last - first, 0);
    RowLoader<T::kWeights, C::kWeightBits, T::kThreads, true> weights(tiles.weights, weight, first, last - first,
                                                                      rows.group * problem.groups.weights);
    typename MainLoop<T, C>::Sums sums = {};
    MainLoop<T, C> loop(shared, warp, lane);
    if constexpr (T::kSwapped) {
      loop.Run(last - first, &weights, &activations, sums);
    } else {
      loop.Run(last - first, &activations, &weights, sums);
    }
    if (tiles.split.parts > 1) {
      const bool came_last = Gather<T::kThreads>(
          tiles.split, blockIdx.x, static_cast<int>(threadIdx.x), reinterpret_cast<int32_t*>(shared),
          [] { __syncthreads(); }, sums);
      if (!came_last) return;
    }
    const int by_rows = warp % T::kWarpsByRows * T::kWarpRows;
    const int by_columns = warp / T::kWarpsByRows * T::kWarpColumns;
    Epilogue of_group = tiles.epilogue;
    const int64_t parameters = static_cast<int64_t>(rows.group) * of_group.columns;
    if (of_group.view.bias != nullptr) of_group.view.bias += parameters;
    if (of_group.view.factor != nullptr) of_group.view.factor += parameters;
    const int64_t to_terms = rows.group * problem.groups.terms;
    const EpiloguePart part_of_output = {0, 0, rows.rows_end, of_group.columns, to_terms, 0};
    TileEpilogue<T, SharedBytes<T, C::kWeightBits>(), C::kWeightBits == 8 ? 0 : kHalfByteShift> epilogue(
        of_group, part_of_output, shared, rows.first_row + (T::kSwapped ? by_columns : by_rows),
        static_cast<int32_t>(weight) + (T::kSwapped ? by_rows : by_columns));
    epilogue.Run(sums);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_GROUPED_KERNEL_H_
