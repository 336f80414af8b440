// SPDX-License-Identifier: Apache-2.0
#include "cuda/map_on_grid.h"
#include "cuda/quantize.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

struct ForwardFunction {
  static constexpr int kOperands = kGridOperands;
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float values[kElements];
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadNumbers(chunk, walk, kGridIn, type, values);
    LoadGrid(chunk, walk, kGridDelta, grid, &stored, &steps);
    if (grid.quick.fits) {
#pragma unroll
      for (int i = 0; i < kElements; ++i) {
        values[i] = steps.scale[i] * numerics::QuickCodeFromZero(values[i], grid.quick.grid);
      }
    } else {
#pragma unroll
      for (int i = 0; i < kElements; ++i) {
        const numerics::Step step = steps.At(i);
        values[i] = numerics::ValueOfCode(numerics::Code(values[i], step, grid.limits), step);
      }
    }
    StoreFloats(chunk, walk, kGridOut, type, values);
  }

  GridParameters grid;
  ElementType type;
};

struct GradXFunction {
  static constexpr int kOperands = 5;
  static constexpr int kMostElements = 8;
  static constexpr int kGradX = 0;
  static constexpr int kX = 1;
  static constexpr int kGradOut = 2;
  static constexpr int kGrid = 3;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float x[kElements];
    float grad[kElements];
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadNumbers(chunk, walk, kX, type, x);
    LoadNumbers(chunk, walk, kGradOut, type, grad);
    LoadGrid(chunk, walk, kGrid, grid, &stored, &steps);
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      const bool inside = numerics::FakeQuantizeWithSlopes(x[i], steps.At(i), grid.limits).inside;
      grad[i] = numerics::IsNan(x[i]) ? x[i] : inside ? grad[i] : 0.0f;
    }
    StoreFloats(chunk, walk, kGradX, type, grad);
  }

  GridParameters grid;
  ElementType type;
};

/** Outputs that are not wanted are no operands of theirs: their strides and address are those of x. */
struct PartialsFunction {
  static constexpr int kOperands = 7;
  static constexpr int kMostElements = 8;
  static constexpr int kOut = 0;
  static constexpr int kDX = 1;
  static constexpr int kDDelta = 2;
  static constexpr int kDZero = 3;
  static constexpr int kX = 4;
  static constexpr int kGrid = 5;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float x[kElements];
    float values[4][kElements];
    StoredGrids<kElements> stored;
    Steps<kElements> steps;
    LoadNumbers(chunk, walk, kX, type, x);
    LoadGrid(chunk, walk, kGrid, grid, &stored, &steps);
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      const numerics::FakeQuantized y = numerics::FakeQuantizeWithSlopes(x[i], steps.At(i), grid.limits);
      const float slope = numerics::ScaleSlope(stored.delta[i], steps.scale[i], grid.eps, grid.log_domain);
      values[kOut][i] = y.out;
      values[kDX][i] = numerics::IsNan(x[i]) ? x[i] : y.inside ? 1.0f : 0.0f;
      values[kDDelta][i] = slope == 0.0f ? 0.0f : y.scale_slope * slope;
      values[kDZero][i] = numerics::ZeroPointFollows(stored.zero_float[i], grid.limits) ? y.zero_slope : 0.0f;
    }
#pragma unroll
    for (int output = 0; output < 4; ++output) {
      if (wanted[output]) StoreFloats(chunk, walk, output, type, values[output]);
    }
  }

  GridParameters grid;
  ElementType type;
  bool wanted[4];
};

}  // namespace

octet_status FakeQuantize(const Call* call, const GridView* grid, const TensorView* x, const TensorView* out) {
  return LaunchOnGrid(call, "fake_quantize", *grid, *x, *out, ForwardFunction{ParametersOf(*grid), x->type});
}

octet_status FakeQuantizeGradX(const Call* call, const GridView* grid, const TensorView* x, const TensorView* grad_out,
                               const TensorView* grad_x) {
  if (grad_x->count == 0) return OCTET_OK;
  WalkShape shape = ShapeOf(*grad_x);
  WalkStrides operands[GradXFunction::kOperands] = {StridesOf(*grad_x), StridesOf(*x), StridesOf(*grad_out)};
  AddGrid(*grid, &shape, operands, GradXFunction::kGrid);
  return LaunchByWidth(call, "fake_quantize_grad_x", shape, operands, {x->type},
                       GradXFunction{ParametersOf(*grid), x->type});
}

octet_status FakeQuantizePartials(const Call* call, const GridView* grid, const TensorView* x,
                                  const FakeQuantizePartialsOutputs* outputs) {
  if (x->count == 0) return OCTET_OK;
  PartialsFunction function = {ParametersOf(*grid), x->type, {}};
  WalkShape shape = ShapeOf(*x);
  WalkStrides operands[PartialsFunction::kOperands];
  const TensorView* const wanted[4] = {outputs->out, outputs->d_x, outputs->d_delta, outputs->d_zero};
  for (int i = 0; i < 4; ++i) {
    function.wanted[i] = wanted[i] != nullptr;
    operands[i] = StridesOf(wanted[i] != nullptr ? *wanted[i] : *x);
  }
  operands[PartialsFunction::kX] = StridesOf(*x);
  AddGrid(*grid, &shape, operands, PartialsFunction::kGrid);
  return LaunchByWidth(call, "fake_quantize_partials", shape, operands, {x->type}, function);
}

}  // namespace cuda
}  // namespace octet
