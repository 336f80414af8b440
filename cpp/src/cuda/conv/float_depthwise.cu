// SPDX-License-Identifier: Apache-2.0
// A thread makes four neighbouring channels of up to four neighbouring pixels, tap after tap, so that a tap's weights
// are read once for all of them. What neighbouring pixels share comes from the first-level cache. Bound by memory as
// long as taps are few.
#include "cuda/conv/float_depthwise.h"

#include "cuda/conv/depthwise_plan.h"
#include "numerics/product.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int64_t kMostBlocks = int64_t{1} << 30;
constexpr int kMostPixels = 4;
constexpr int kBlockTaps = static_cast<int>(numerics::kProductBlock);

/** The inputs of four output channels. */
__device__ inline void LoadInputs(const FloatDepthwiseProblem& problem, const char* pixel, int32_t column,
                                  float (&values)[kQuad]) {
  const FloatPixels& source = problem.source;
  const int count = min(kQuad, problem.epilogue.values.columns - column);
  if (problem.quads && count == kQuad) {
    return ValuesOf(FetchQuad(pixel + column * source.channel, source.type), source.type, source.step, values);
  }
#pragma unroll
  for (int i = 0; i < kQuad; ++i) {
    float own[kQuad] = {};
    if (i < count) {
      const char* from = pixel + (column + i) / problem.multiplier * source.channel;
      ValuesOf(FetchElements(from, source.type, 0, 1), source.type, source.step, own);
    }
    values[i] = own[0];
  }
}

/** kPixels: of a thread, at most. */
template <int kPixels>
__global__ void __launch_bounds__(kThreads) FloatDepthwiseKernel(const __grid_constant__ FloatDepthwiseProblem problem,
                                                                 const __grid_constant__ DepthwisePlan plan) {
  // Totals of a thread's pixels. No other thread looks at them.
  __shared__ float4 shared[kPixels][kThreads];
  const FloatPixels& source = problem.source;
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= plan.items) return;
  const DepthwisePiece piece(plan, item);
  const char* const image = source.data + piece.image * source.image;
  float sums[kPixels][kQuad] = {};
  const auto add_to_totals = [&](bool is_first) {
#pragma unroll
    for (int p = 0; p < kPixels; ++p) {
      float4 total = {sums[p][0], sums[p][1], sums[p][2], sums[p][3]};
      if (!is_first) {
        const float4 before = shared[p][threadIdx.x];
        total = {before.x + total.x, before.y + total.y, before.z + total.z, before.w + total.w};
      }
      shared[p][threadIdx.x] = total;
#pragma unroll
      for (float& sum : sums[p]) sum = 0.0f;
    }
  };
  int y = piece.line * source.stride_h - source.pad_top;
  int x = piece.first_pixel * source.stride_w - source.pad_left;
  const int behind = x + source.kernel_w * source.dilation_w;
  const float* weights_at = problem.weights + piece.column;
  for (int tap = 0; tap < problem.taps; ++tap) {
    if (tap != 0 && tap % kBlockTaps == 0) add_to_totals(tap == kBlockTaps);
    const float4 weights = __ldg(reinterpret_cast<const float4*>(weights_at));
    const bool line_inside = static_cast<unsigned>(y) < static_cast<unsigned>(source.height);
    const char* const from = image + y * source.line;
#pragma unroll
    for (int p = 0; p < kPixels; ++p) {
      const int at = x + p * source.stride_w;
      float inputs[kQuad] = {};
      if (p < piece.pixels && line_inside && static_cast<unsigned>(at) < static_cast<unsigned>(source.width)) {
        LoadInputs(problem, from + at * source.pixel, piece.column, inputs);
      }
      sums[p][0] = numerics::Fma(inputs[0], weights.x, sums[p][0]);
      sums[p][1] = numerics::Fma(inputs[1], weights.y, sums[p][1]);
      sums[p][2] = numerics::Fma(inputs[2], weights.z, sums[p][2]);
      sums[p][3] = numerics::Fma(inputs[3], weights.w, sums[p][3]);
    }
    weights_at += problem.stride;
    x += source.dilation_w;
    if (x == behind) {
      x -= source.kernel_w * source.dilation_w;
      y += source.dilation_h;
    }
  }
  add_to_totals(problem.taps <= kBlockTaps);
#pragma unroll 1
  for (int p = 0; p < piece.pixels; ++p) {
    const float4 total = shared[p][threadIdx.x];
    float values[kQuad] = {total.x, total.y, total.z, total.w};
    FinishQuad(problem.epilogue, piece.row + p, piece.column, problem.epilogue.values.columns, values,
               &shared[p][threadIdx.x]);
  }
}

}  // namespace

cudaError_t LaunchFloatDepthwise(const FloatDepthwiseProblem& problem, int multiprocessors, int forced_pieces,
                                 cudaStream_t stream) {
  const Epilogue& epilogue = problem.epilogue.values;
  const FloatPixels& source = problem.source;
  const DepthwisePlan plan = PlanDepthwise(epilogue.rows, source.out_height, source.out_width, epilogue.columns,
                                           kMostPixels, multiprocessors, forced_pieces);
  const int64_t blocks = (plan.items + kThreads - 1) / kThreads;
  if (blocks > kMostBlocks) return cudaErrorInvalidConfiguration;
  const auto count = static_cast<unsigned>(blocks);
  if (plan.pixels == 1) {
    FloatDepthwiseKernel<1><<<count, kThreads, 0, stream>>>(problem, plan);
  } else {
    FloatDepthwiseKernel<kMostPixels><<<count, kThreads, 0, stream>>>(problem, plan);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
