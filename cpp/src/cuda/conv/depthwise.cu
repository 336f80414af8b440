// SPDX-License-Identifier: Apache-2.0
// A thread makes four neighbouring channels of an output pixel: 4 bytes of weights and, with one output channel for
// each input channel, 4 bytes of the input for each tap. Neighbouring threads have neighbouring channels; what
// neighbouring pixels share comes from the first-level cache. Bound by memory as long as taps are few.
#include "cuda/conv/depthwise.h"

#include <algorithm>

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kQuad = 4;
constexpr int64_t kMostBlocks = int64_t{1} << 30;

/** Byte i of a word as a code. */
template <bool kSigned>
__device__ inline int32_t CodeAt(uint32_t word, int i) {
  const uint32_t byte = word >> (8 * i) & 0xffu;
  return kSigned ? static_cast<int32_t>(static_cast<int8_t>(byte)) : static_cast<int32_t>(byte);
}

/** The codes of four output channels' inputs. */
template <bool kOne>
__device__ inline uint32_t LoadInputs(const int8_t* pixel, int32_t channel, int32_t multiplier, int32_t columns) {
  if constexpr (kOne) {
    return __ldg(reinterpret_cast<const uint32_t*>(pixel + channel));
  } else {
    uint32_t word = 0;
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      const int32_t own = min(channel + i, columns - 1);
      word |= static_cast<uint32_t>(static_cast<uint8_t>(pixel[own / multiplier])) << (8 * i);
    }
    return word;
  }
}

template <bool kSigned, bool kOne>
__global__ void __launch_bounds__(kThreads) DepthwiseKernel(const __grid_constant__ DepthwiseProblem problem) {
  const PixelSource& source = problem.source;
  const Epilogue& epilogue = problem.epilogue;
  const int32_t quads = (epilogue.columns + kQuad - 1) / kQuad;
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= epilogue.rows * quads) return;
  const int64_t row = item / quads;
  const int32_t column = static_cast<int32_t>(item % quads) * kQuad;
  const int64_t pixels = static_cast<int64_t>(source.out_height) * source.out_width;
  const int32_t in_image = static_cast<int32_t>(row % pixels);
  const int top = in_image / source.out_width * source.stride_h - source.pad_top;
  const int left = in_image % source.out_width * source.stride_w - source.pad_left;
  const int8_t* image = source.data + row / pixels * source.image;
  const uint32_t outside = static_cast<uint32_t>(problem.zero_point & 0xff) * 0x01010101u;
  int32_t sums[kQuad] = {};
  int32_t input_sums[kQuad] = {};
  int y = top;
  int x = left;
  const int behind = left + source.kernel_w * source.dilation_w;
  for (int tap = 0; tap < source.taps; ++tap) {
    const bool inside = static_cast<unsigned>(y) < static_cast<unsigned>(source.height) &&
                        static_cast<unsigned>(x) < static_cast<unsigned>(source.width);
    uint32_t inputs = outside;
    if (inside) {
      inputs =
          LoadInputs<kOne>(image + y * source.line + x * source.pixel, column, problem.multiplier, epilogue.columns);
    }
    const uint32_t weights = __ldg(reinterpret_cast<const uint32_t*>(problem.weights + tap * problem.stride + column));
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      const int32_t input = CodeAt<kSigned>(inputs, i);
      sums[i] += input * CodeAt<true>(weights, i);
      input_sums[i] += input;
    }
    x += source.dilation_w;
    if (x == behind) {
      x = left;
      y += source.dilation_h;
    }
  }
  // Each column has a sum of inputs of its own, which is taken into account here.
  ColumnTerms terms = TermsOf(epilogue, column);
#pragma unroll
  for (int i = 0; i < kQuad; ++i) {
    sums[i] = static_cast<int32_t>(static_cast<uint32_t>(sums[i]) -
                                   static_cast<uint32_t>(terms.zero[i]) * static_cast<uint32_t>(input_sums[i]));
    terms.zero[i] = 0;
  }
  SumScales scales = epilogue.scales;
  scales.w_zeros = nullptr;
  float values[kQuad];
  ScaleSums(scales, terms, sums, row, values);
  FinishValues(epilogue, row, column, values);
  const RowsView& out = epilogue.view.out;
  const int size = static_cast<int>(SizeOf(out.type));
  char* to = out.data + epilogue.out_places.Of(row) + column * epilogue.out_places.column;
  if (problem.out_quads && column + kQuad <= epilogue.columns) {
    PutValues(epilogue.view, values, to);
    return;
  }
  __shared__ uint4 scratch[kThreads];
  PutValues(epilogue.view, values, &scratch[threadIdx.x]);
  for (int i = 0; i < kQuad && column + i < epilogue.columns; ++i) {
    CopyElement(to + i * epilogue.out_places.column, reinterpret_cast<const char*>(&scratch[threadIdx.x]) + i * size,
                size);
  }
}

template <bool kSigned>
void Launch(const DepthwiseProblem& problem, unsigned blocks, cudaStream_t stream) {
  if (problem.multiplier == 1) {
    DepthwiseKernel<kSigned, true><<<blocks, kThreads, 0, stream>>>(problem);
  } else {
    DepthwiseKernel<kSigned, false><<<blocks, kThreads, 0, stream>>>(problem);
  }
}

}  // namespace

cudaError_t LaunchDepthwise(const DepthwiseProblem& problem, cudaStream_t stream) {
  const int64_t items = problem.epilogue.rows * ((problem.epilogue.columns + kQuad - 1) / kQuad);
  const int64_t blocks = (items + kThreads - 1) / kThreads;
  if (blocks > kMostBlocks) return cudaErrorInvalidConfiguration;
  if (problem.is_signed) {
    Launch<true>(problem, static_cast<unsigned>(blocks), stream);
  } else {
    Launch<false>(problem, static_cast<unsigned>(blocks), stream);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
