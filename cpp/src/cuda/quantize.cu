// SPDX-License-Identifier: Apache-2.0
#include "cuda/quantize.h"

#include "cuda/map_on_grid.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

struct QuantizeFunction {
  static constexpr int kOperands = kGridOperands;
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float values[kElements];
    LoadNumbers(chunk, walk, kGridIn, x_type, values);
    if (grid.quick.fits && IsCode(code_type)) {
      return StoreQuickCodes(chunk, chunk.At(walk, kGridOut), grid.quick, values);
    }
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadGrid(chunk, walk, kGridDelta, grid, &stored, &steps);
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = numerics::Code(values[i], steps.At(i), grid.limits);
    StoreCodes(chunk, walk, kGridOut, code_type, values, steps.zero_point);
  }

  GridParameters grid;
  ElementType x_type;
  ElementType code_type;
};

struct DequantizeFunction {
  static constexpr int kOperands = kGridOperands;
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float values[kElements];
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadNumbers(chunk, walk, kGridIn, code_type, values);
    LoadGrid(chunk, walk, kGridDelta, grid, &stored, &steps);
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = numerics::ValueOfCode(values[i], steps.At(i));
    StoreFloats(chunk, walk, kGridOut, out_type, values);
  }

  GridParameters grid;
  ElementType code_type;
  ElementType out_type;
};

}  // namespace

octet_status Quantize(const Call* call, const GridView* grid, const TensorView* x, const TensorView* codes) {
  return LaunchOnGrid(call, "quantize", *grid, *x, *codes, QuantizeFunction{ParametersOf(*grid), x->type, codes->type});
}

octet_status Dequantize(const Call* call, const GridView* grid, const TensorView* codes, const TensorView* out) {
  return LaunchOnGrid(call, "dequantize", *grid, *codes, *out,
                      DequantizeFunction{ParametersOf(*grid), codes->type, out->type});
}

}  // namespace cuda
}  // namespace octet
