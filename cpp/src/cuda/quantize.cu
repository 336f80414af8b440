// SPDX-License-Identifier: Apache-2.0
#include "cuda/quantize.h"

#include "cuda/grid.h"
#include "cuda/map.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

// Operands of both functions.
constexpr int kOut = 0;
constexpr int kIn = 1;
constexpr int kGrid = 2;

struct QuantizeFunction {
  static constexpr int kOperands = 4;
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float values[kElements];
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadNumbers(chunk, walk, kIn, x_type, values);
    LoadGrid(chunk, walk, kGrid, grid, &stored, &steps);
    if (grid.is_quick) {
#pragma unroll
      for (int i = 0; i < kElements; ++i) {
        values[i] = numerics::QuickCodeFromZero(values[i], grid.quick) + steps.zero_point[i];
      }
    } else {
#pragma unroll
      for (int i = 0; i < kElements; ++i) values[i] = numerics::Code(values[i], steps.At(i), grid.limits);
    }
    StoreCodes(chunk, walk, kOut, code_type, values, steps.zero_point);
  }

  GridParameters grid;
  ElementType x_type;
  ElementType code_type;
};

struct DequantizeFunction {
  static constexpr int kOperands = 4;
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float values[kElements];
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadNumbers(chunk, walk, kIn, code_type, values);
    LoadGrid(chunk, walk, kGrid, grid, &stored, &steps);
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = numerics::ValueOfCode(values[i], steps.At(i));
    StoreFloats(chunk, walk, kOut, out_type, values);
  }

  GridParameters grid;
  ElementType code_type;
  ElementType out_type;
};

template <typename Function>
octet_status Run(const Call* call, const char* kernel, const GridView& grid, const TensorView& in,
                 const TensorView& out, const Function& function) {
  if (out.count == 0) return OCTET_OK;
  WalkShape shape = ShapeOf(out);
  WalkStrides operands[4];
  operands[kOut] = StridesOf(out);
  operands[kIn] = StridesOf(in);
  AddGrid(grid, &shape, operands, kGrid);
  return LaunchByWidth(call, kernel, shape, operands, {out.type, in.type}, function);
}

}  // namespace

octet_status Quantize(const Call* call, const GridView* grid, const TensorView* x, const TensorView* codes) {
  return Run(call, "quantize", *grid, *x, *codes, QuantizeFunction{ParametersOf(*grid), x->type, codes->type});
}

octet_status Dequantize(const Call* call, const GridView* grid, const TensorView* codes, const TensorView* out) {
  return Run(call, "dequantize", *grid, *codes, *out, DequantizeFunction{ParametersOf(*grid), codes->type, out->type});
}

}  // namespace cuda
}  // namespace octet
