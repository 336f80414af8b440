// SPDX-License-Identifier: Apache-2.0
// A thread makes four neighbouring channels of an output pixel, tap after tap; neighbouring threads have neighbouring
// channels. What neighbouring pixels share comes from the first-level cache. Bound by memory as long as taps are few.
#include "cuda/conv/float_depthwise.h"

#include "numerics/product.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int64_t kMostBlocks = int64_t{1} << 30;
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

__global__ void __launch_bounds__(kThreads)
    FloatDepthwiseKernel(const __grid_constant__ FloatDepthwiseProblem problem) {
  __shared__ float4 scratch[kThreads];
  const FloatPixels& source = problem.source;
  const int32_t columns = problem.epilogue.values.columns;
  const int32_t quads = (columns + kQuad - 1) / kQuad;
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= problem.epilogue.values.rows * quads) return;
  const int64_t row = item / quads;
  const int32_t column = static_cast<int32_t>(item % quads) * kQuad;
  const int64_t pixels = static_cast<int64_t>(source.out_height) * source.out_width;
  const int32_t in_image = static_cast<int32_t>(row % pixels);
  const int top = in_image / source.out_width * source.stride_h - source.pad_top;
  const int left = in_image % source.out_width * source.stride_w - source.pad_left;
  const char* image = source.data + row / pixels * source.image;
  float total[kQuad] = {};
  for (int first = 0; first < problem.taps; first += kBlockTaps) {
    const int end = min(first + kBlockTaps, problem.taps);
    float sums[kQuad] = {};
    for (int tap = first; tap < end; ++tap) {
      const int y = top + tap / source.kernel_w * source.dilation_h;
      const int x = left + tap % source.kernel_w * source.dilation_w;
      const bool inside = static_cast<unsigned>(y) < static_cast<unsigned>(source.height) &&
                          static_cast<unsigned>(x) < static_cast<unsigned>(source.width);
      float inputs[kQuad] = {};
      if (inside) LoadInputs(problem, image + y * source.line + x * source.pixel, column, inputs);
      const float4 weights = __ldg(reinterpret_cast<const float4*>(problem.weights + tap * problem.stride + column));
      sums[0] = numerics::Fma(inputs[0], weights.x, sums[0]);
      sums[1] = numerics::Fma(inputs[1], weights.y, sums[1]);
      sums[2] = numerics::Fma(inputs[2], weights.z, sums[2]);
      sums[3] = numerics::Fma(inputs[3], weights.w, sums[3]);
    }
#pragma unroll
    for (int i = 0; i < kQuad; ++i) total[i] = first == 0 ? sums[i] : total[i] + sums[i];
  }
  FinishQuad(problem.epilogue, row, column, columns, total, &scratch[threadIdx.x]);
}

}  // namespace

cudaError_t LaunchFloatDepthwise(const FloatDepthwiseProblem& problem, cudaStream_t stream) {
  const Epilogue& epilogue = problem.epilogue.values;
  const int64_t items = epilogue.rows * ((epilogue.columns + kQuad - 1) / kQuad);
  const int64_t blocks = (items + kThreads - 1) / kThreads;
  if (blocks > kMostBlocks) return cudaErrorInvalidConfiguration;
  FloatDepthwiseKernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(problem);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
