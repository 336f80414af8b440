// SPDX-License-Identifier: Apache-2.0
// Grids from ranges, and grids as they are used, and the least and greatest values that ranges begin with.
#include "cuda/extremes.h"
#include "cuda/launch.h"
#include "cuda/range.h"
#include "cuda/scratch.h"
#include "cuda/slices.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;

struct Parameters {
  GridFromRangeOptions options;
  int64_t count;
  float* delta;
  float* zero_float;
  int32_t* is_signed;
};

__device__ float At(const SliceWalk<2>& walk, int64_t element) {
  return *reinterpret_cast<const float*>(walk.data[1] + walk.inner.OffsetOf(1, element));
}

/** One thread block: grids have an element a channel. */
__global__ void __launch_bounds__(kThreads)
    GridFromRangeKernel(const __grid_constant__ SliceWalk<2> mins, const __grid_constant__ SliceWalk<2> maxs,
                        const __grid_constant__ Parameters p) {
  bool any_signed = false;
  if (!p.options.asymmetric) {
    // The sign of the least minimum decides, and a NaN among them is the least.
    bool below = false;
    bool nan = false;
    for (int64_t i = threadIdx.x; i < p.count; i += kThreads) {
      const float value = At(mins, i);
      below = below || numerics::RangeIsSigned(value);
      nan = nan || numerics::IsNan(value);
    }
    const bool some_below = __syncthreads_or(below ? 1 : 0) != 0;
    const bool some_nan = __syncthreads_or(nan ? 1 : 0) != 0;
    any_signed = some_below && !some_nan;
  }
  const float int_max = numerics::GridLimits(p.options.n_bits, any_signed).int_max;
  const float eps = p.options.eps;
  const bool log_domain = p.options.log_domain;
  for (int64_t i = threadIdx.x; i < p.count; i += kThreads) {
    const numerics::StoredGrid grid = p.options.asymmetric
                                          ? numerics::AsymmetricGrid(At(mins, i), At(maxs, i), int_max, eps, log_domain)
                                          : numerics::SymmetricGrid(At(mins, i), At(maxs, i), int_max, eps, log_domain);
    p.delta[i] = grid.delta;
    if (p.zero_float != nullptr) p.zero_float[i] = grid.zero_float;
  }
  if (threadIdx.x == 0) *p.is_signed = any_signed ? 1 : 0;
}

struct ResolveParameters {
  int64_t count;
  const float* delta;
  const float* zero_float;
  numerics::Limits limits;
  float eps;
  bool log_domain;
  float* scale;
  float* zero_point;
};

__global__ void __launch_bounds__(kThreads) GridResolveKernel(const __grid_constant__ ResolveParameters p) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= p.count) return;
  if (p.scale != nullptr) p.scale[i] = numerics::ScaleOf(p.delta[i], p.eps, p.log_domain);
  if (p.zero_point != nullptr) {
    p.zero_point[i] = p.zero_float != nullptr ? numerics::ZeroPointOf(p.zero_float[i], p.limits) : 0.0f;
  }
}

float* FloatsOf(const TensorView* view) { return view != nullptr ? reinterpret_cast<float*>(view->data) : nullptr; }

}  // namespace

octet_status GridFromRange(const Call* call, const TensorView* x_min, const TensorView* x_max,
                           const GridFromRangeOptions* options, const TensorView* delta, const TensorView* zero_float,
                           bool* is_signed) {
  constexpr const char* kKernel = "grid_from_range";
  *is_signed = false;
  if (x_min->count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kKernel, scope.error());
  const Scratch scratch(call, sizeof(int32_t));
  if (scratch.error() != cudaSuccess) return Report(call, "cudaMallocAsync", scratch.error());
  auto* const there = static_cast<int32_t*>(scratch.memory());
  const Parameters p = {*options, x_min->count, FloatsOf(delta), FloatsOf(zero_float), there};
  const TensorView* const mins[1] = {x_min};
  const TensorView* const maxs[1] = {x_max};
  GridFromRangeKernel<<<1, kThreads, 0, StreamOf(call)>>>(SlicesAlong<2>(mins, -1, 1), SlicesAlong<2>(maxs, -1, 1), p);
  const octet_status status = Launched(call, kKernel);
  if (status != OCTET_OK) return status;
  int32_t here = 0;
  cudaError_t error = cudaMemcpyAsync(&here, there, sizeof(here), cudaMemcpyDeviceToHost, StreamOf(call));
  if (error == cudaSuccess) error = cudaStreamSynchronize(StreamOf(call));
  if (error != cudaSuccess) return Report(call, kKernel, error);
  *is_signed = here != 0;
  return OCTET_OK;
}

octet_status GridResolve(const Call* call, const GridView* grid, const TensorView* scale,
                         const TensorView* zero_point) {
  constexpr const char* kKernel = "grid_resolve";
  if (grid->delta.count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kKernel, scope.error());
  const ResolveParameters p = {grid->delta.count,
                               FloatsOf(&grid->delta),
                               grid->has_zero_float ? FloatsOf(&grid->zero_float) : nullptr,
                               grid->limits,
                               grid->eps,
                               grid->log_domain,
                               FloatsOf(scale),
                               FloatsOf(zero_point)};
  GridResolveKernel<<<static_cast<unsigned>((p.count + kThreads - 1) / kThreads), kThreads, 0, StreamOf(call)>>>(p);
  const octet_status status = Launched(call, kKernel);
  if (status != OCTET_OK) return status;
  const cudaError_t error = cudaStreamSynchronize(StreamOf(call));
  return error == cudaSuccess ? OCTET_OK : Report(call, kKernel, error);
}

octet_status MinMax(const Call* call, const TensorView* x, int axis, const TensorView* out_min,
                    const TensorView* out_max) {
  if (out_min->count == 0) return OCTET_OK;
  ExtremesOutput output = {};
  output.kind = ExtremesOutput::Kind::kMinMax;
  output.out_min = FloatsOf(out_min);
  output.out_max = FloatsOf(out_max);
  output.x = {x->type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  const TensorView* const views[1] = {x};
  return LaunchExtremes(call, "min_max", SlicesAlong<2>(views, axis, out_min->count), output);
}

}  // namespace cuda
}  // namespace octet
