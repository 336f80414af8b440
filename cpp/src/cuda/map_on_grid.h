// SPDX-License-Identifier: Apache-2.0
// Runs a function of single elements and their grids, from one tensor to another.
#ifndef OCTET_CUDA_MAP_ON_GRID_H_
#define OCTET_CUDA_MAP_ON_GRID_H_

#include "cuda/grid.h"
#include "cuda/map.h"

namespace octet {
namespace cuda {

// Operands of such a function; zero points follow the steps.
constexpr int kGridOut = 0;
constexpr int kGridIn = 1;
constexpr int kGridDelta = 2;
constexpr int kGridOperands = 4;

template <typename Function>
octet_status LaunchOnGrid(const Call* call, const char* kernel, const GridView& grid, const TensorView& in,
                          const TensorView& out, const Function& function) {
  static_assert(Function::kOperands == kGridOperands, "the operands above");
  if (out.count == 0) return OCTET_OK;
  WalkShape shape = ShapeOf(out);
  WalkStrides operands[kGridOperands];
  operands[kGridOut] = StridesOf(out);
  operands[kGridIn] = StridesOf(in);
  AddGrid(grid, &shape, operands, kGridDelta);
  return LaunchByWidth(call, kernel, shape, operands, {out.type, in.type}, function);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_MAP_ON_GRID_H_
