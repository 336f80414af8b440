// SPDX-License-Identifier: Apache-2.0
// Grids in kernels of single elements. The parameters of a grid are operands like any other, with strides of 0 along
// the dimensions in which they do not vary: so one grid a tensor, a channel and a group are the same code, and a row
// that shares a grid reads it once a chunk.
#ifndef OCTET_CUDA_GRID_H_
#define OCTET_CUDA_GRID_H_

#include "core/grid_view.h"
#include "cuda/byte_codes.h"
#include "cuda/chunk.h"

namespace octet {
namespace cuda {

/** What a kernel knows of a grid beside its operands. */
struct GridParameters {
  numerics::Limits limits;
  float eps;
  bool log_domain;
  bool has_zero_float;
  /** Whether `delta` and `zero_float` below are the grid, and its operands are not to be read. */
  bool by_value;
  float delta;
  float zero_float;
  /** By value, of a grid of few steps: codes are then made without divisions. */
  QuickBytes quick;
};

GridParameters ParametersOf(const GridView& grid);

/**
 * Splits the dimension of the grid's axis into groups and what lies in a group: what is read of `shape` are its sizes,
 * those of x, and of `operands` their strides, count of them. The strides of delta and zero_float are added behind
 * them.
 */
void AddGrid(const GridView& grid, WalkShape* shape, WalkStrides* operands, int count);

/** Scale and zero point of each element of a chunk. */
template <int kElements>
struct Steps {
  float scale[kElements];
  float zero_point[kElements];

  __device__ numerics::Step At(int i) const { return {scale[i], zero_point[i]}; }
};

/** delta and zero_float as they are stored. */
template <int kElements>
struct StoredGrids {
  float delta[kElements];
  float zero_float[kElements];
};

/** operand: the number of delta, which zero_float follows. */
template <int kElements, int kOperands>
__device__ void LoadGrid(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                         const GridParameters& grid, StoredGrids<kElements>* stored, Steps<kElements>* steps) {
  const bool shared = grid.by_value || walk.operands[operand].inner == 0;
  if (grid.by_value) {
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      stored->delta[i] = grid.delta;
      stored->zero_float[i] = grid.zero_float;
    }
  } else {
    chunk.Load(walk, operand, stored->delta);
    if (grid.has_zero_float) {
      chunk.Load(walk, operand + 1, stored->zero_float);
    } else {
#pragma unroll
      for (int i = 0; i < kElements; ++i) stored->zero_float[i] = 0.0f;
    }
  }
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    if (i > 0 && shared) {
      steps->scale[i] = steps->scale[0];
      steps->zero_point[i] = steps->zero_point[0];
      continue;
    }
    steps->scale[i] = numerics::ScaleOf(stored->delta[i], grid.eps, grid.log_domain);
    steps->zero_point[i] = grid.has_zero_float ? numerics::ZeroPointOf(stored->zero_float[i], grid.limits) : 0.0f;
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GRID_H_
