// SPDX-License-Identifier: Apache-2.0
// Backward of fake quantization: the sums for the gradients of the grid and the gradient of x in one pass. The latter
// may be written over x or grad_out: the thread that writes an element is the one that has read it.
#include "cuda/grid.h"
#include "cuda/quantize.h"
#include "cuda/range.h"
#include "cuda/sum.h"

namespace octet {
namespace cuda {
namespace {

struct GradientTerms {
  static constexpr int kOperands = 4;
  static constexpr int kSums = 2;
  static constexpr int kX = 1;
  static constexpr int kGradOut = 2;
  /** As kX if it is not wanted. */
  static constexpr int kGradX = 3;

  struct Slice {
    const char* x;
    const char* grad_out;
    char* grad_x;
    numerics::Step step;
  };

  __device__ float DeltaOf(int64_t slice) const { return grid.by_value ? grid.delta : delta[slice]; }
  __device__ float ZeroFloatOf(int64_t slice) const {
    if (!grid.has_zero_float) return 0.0f;
    return grid.by_value ? grid.zero_float : zero_float[slice];
  }

  __device__ Slice Begin(const SliceWalk<kOperands>& walk, int64_t slice) const {
    const float scale = numerics::ScaleOf(DeltaOf(slice), grid.eps, grid.log_domain);
    const float zero_point = grid.has_zero_float ? numerics::ZeroPointOf(ZeroFloatOf(slice), grid.limits) : 0.0f;
    return {walk.Slice(kX, slice), walk.Slice(kGradOut, slice), walk.Slice(kGradX, slice), {scale, zero_point}};
  }

  template <int kElements>
  __device__ void Add(const SliceWalk<kOperands>& walk, const Slice& slice, int64_t element, int count,
                      float (&lanes)[kSums][kElements]) const {
    float x_values[kElements];
    float gradients[kElements];
    walk.Load(kX, slice.x, element, count, coding, x_values);
    walk.Load(kGradOut, slice.grad_out, element, count, coding, gradients);
#pragma unroll
    for (int j = 0; j < kElements; ++j) {
      if (j >= count) continue;
      const numerics::FakeQuantized y = numerics::FakeQuantizeWithSlopes(x_values[j], slice.step, grid.limits);
      lanes[0][j] = numerics::Fma(gradients[j], y.scale_slope, lanes[0][j]);
      lanes[1][j] = numerics::Fma(gradients[j], y.zero_slope, lanes[1][j]);
      gradients[j] = numerics::IsNan(x_values[j]) ? x_values[j] : y.inside ? gradients[j] : 0.0f;
    }
    if (has_grad_x) walk.Store(kGradX, slice.grad_x, element, count, coding, gradients);
  }

  __device__ void Finish(const SliceWalk<kOperands>&, int64_t slice, const double (&totals)[kSums]) const {
    if (grad_delta != nullptr) {
      const float stored = DeltaOf(slice);
      const float scale = numerics::ScaleOf(stored, grid.eps, grid.log_domain);
      const float slope = numerics::ScaleSlope(stored, scale, grid.eps, grid.log_domain);
      grad_delta[slice] = slope == 0.0f ? 0.0f : static_cast<float>(totals[0] * static_cast<double>(slope));
    }
    if (grad_zero_float != nullptr) {
      const bool follows = numerics::ZeroPointFollows(ZeroFloatOf(slice), grid.limits);
      grad_zero_float[slice] = follows ? static_cast<float>(totals[1]) : 0.0f;
    }
  }

  GridParameters grid;
  const float* delta;
  const float* zero_float;
  Coding coding;
  bool has_grad_x;
  float* grad_delta;
  float* grad_zero_float;
};

octet_status AllGradients(const Call* call, const GridView& grid, const TensorView& x, const TensorView& grad_out,
                          const FakeQuantizeGradients& gradients) {
  if (grid.delta.count == 0) return OCTET_OK;
  GradientTerms terms = {};
  terms.grid = ParametersOf(grid);
  terms.delta = reinterpret_cast<const float*>(grid.delta.data);
  if (grid.has_zero_float) terms.zero_float = reinterpret_cast<const float*>(grid.zero_float.data);
  terms.coding = {x.type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  if (gradients.delta != nullptr) terms.grad_delta = reinterpret_cast<float*>(gradients.delta->data);
  if (gradients.zero_float != nullptr) terms.grad_zero_float = reinterpret_cast<float*>(gradients.zero_float->data);
  terms.has_grad_x = gradients.x != nullptr;
  const TensorView* const views[3] = {&x, &grad_out, terms.has_grad_x ? gradients.x : &x};
  const auto walk = SlicesAlong<4>(views, grid.axis, grid.delta.count);
  return LaunchSum(call, "fake_quantize_backward", walk, terms, x.item_size());
}

}  // namespace

octet_status FakeQuantizeBackward(const Call* call, const GridView* grid, const TensorView* x,
                                  const TensorView* grad_out, const FakeQuantizeGradients* gradients) {
  if (gradients->delta != nullptr || gradients->zero_float != nullptr) {
    return AllGradients(call, *grid, *x, *grad_out, *gradients);
  }
  return gradients->x == nullptr ? OCTET_OK : FakeQuantizeGradX(call, grid, x, grad_out, gradients->x);
}

}  // namespace cuda
}  // namespace octet
