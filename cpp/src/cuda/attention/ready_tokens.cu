// SPDX-License-Identifier: Apache-2.0
#include "cuda/attention/ready_tokens.h"

#include <algorithm>

#include "cuda/span.h"
#include "numerics/epilogue.h"

namespace octet {
namespace cuda {
namespace {

// A warp makes a row, so that a row's grid needs no memory.
constexpr int kThreads = 256;
constexpr int kWarpThreads = 32;
constexpr int kWarps = kThreads / kWarpThreads;
constexpr int kQuad = 4;
/** Enough warps for any device; each takes rows in turn. */
constexpr int64_t kMostBlocks = 1 << 14;

struct Row {
  const char* data;
  int64_t head;
  bool takes_part;

  __device__ Row(const ReadyTokens& ready, int64_t number) {
    const Divider::Result token = ready.tokens.Divide(number);
    const Divider::Result place = ready.heads.Divide(token.quotient);
    head = token.quotient;
    data = ready.data + place.quotient * ready.strides[0] + place.remainder * ready.strides[1] +
           token.remainder * ready.strides[2];
    takes_part = true;
    if (ready.lengths != nullptr) {
      const char* at = ready.lengths + place.quotient * ready.lengths_stride;
      const int64_t length =
          ready.wide_lengths ? *reinterpret_cast<const int64_t*>(at) : *reinterpret_cast<const int32_t*>(at);
      takes_part = token.remainder < length;
    }
  }
};

/** Four neighbours as they are stored, in floats; codes are whole numbers. */
__device__ void LoadQuad(const ReadyTokens& ready, const Row& row, int first, float (&values)[kQuad]) {
  const Coding coding = {ready.type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  LoadRow(row.data, first, min(ready.width - first, kQuad), coding, values);
}

/** Bits of the greatest magnitude of a row, NaN being above all. All lanes get it. */
__device__ uint32_t GreatestOf(const ReadyTokens& ready, const Row& row, int lane) {
  uint32_t greatest = 0;
  for (int first = lane * kQuad; first < ready.width; first += kWarpThreads * kQuad) {
    float values[kQuad];
    LoadQuad(ready, row, first, values);
#pragma unroll
    for (float value : values) greatest = max(greatest, __float_as_uint(value) & 0x7fffffffu);
  }
#pragma unroll
  for (int distance = kWarpThreads / 2; distance > 0; distance /= 2) {
    greatest = max(greatest, __shfl_xor_sync(0xffffffffu, greatest, distance));
  }
  return greatest;
}

template <typename Body>
__device__ void ForEachRow(const ReadyTokens& ready, const Body& body) {
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kWarps + static_cast<int>(threadIdx.x) / kWarpThreads;
  for (int64_t row = first; row < ready.rows; row += static_cast<int64_t>(gridDim.x) * kWarps) body(row);
}

__global__ void __launch_bounds__(kThreads) GreatestOfHeadsKernel(const __grid_constant__ ReadyTokens ready) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  ForEachRow(ready, [&](int64_t number) {
    const Row row(ready, number);
    if (!row.takes_part) return;
    const uint32_t greatest = GreatestOf(ready, row, lane);
    if (lane == 0) atomicMax(ready.greatest + row.head, greatest);
  });
}

__global__ void __launch_bounds__(kThreads) ReadyTokensKernel(const __grid_constant__ ReadyTokens ready) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpThreads;
  ForEachRow(ready, [&](int64_t number) {
    const Row row(ready, number);
    numerics::Step step = ready.step;
    numerics::Limits limits = ready.limits;
    if (ready.grids != Grids::kGiven) {
      const uint32_t greatest =
          ready.grids == Grids::kPerToken ? GreatestOf(ready, row, lane) : ready.greatest[row.head];
      step = {DynamicScale(__uint_as_float(greatest), ready.eps), 0.0f};
      limits = {-limits.int_max - 1.0f, limits.int_max};
      if (ready.grids == Grids::kPerToken && lane == 0) ready.scales[number] = step.scale;
    }
    const uint32_t flip = ready.is_unsigned ? 0x80u : 0u;
    for (int first = lane * kQuad; first < ready.stride; first += kWarpThreads * kQuad) {
      uint32_t word = 0;
      if (first < ready.width) {
        float values[kQuad];
        LoadQuad(ready, row, first, values);
#pragma unroll
        for (int i = 0; i < kQuad; ++i) {
          if (first + i >= ready.width) break;
          const float code = IsCode(ready.type) ? values[i] : numerics::Code(values[i], step, limits);
          const int32_t whole = numerics::IntegerCode(code, step.zero_point);
          word |= ((static_cast<uint32_t>(whole) & 0xffu) ^ flip) << (8 * i);
        }
      }
      *reinterpret_cast<uint32_t*>(ready.codes + number * ready.stride + first) = word;
    }
  });
}

}  // namespace

cudaError_t MakeTokensReady(const ReadyTokens& ready, cudaStream_t stream) {
  if (ready.grids == Grids::kPerHead) {
    const auto bytes = static_cast<size_t>(ready.head_count) * sizeof(uint32_t);
    const cudaError_t error = cudaMemsetAsync(ready.greatest, 0, bytes, stream);
    if (error != cudaSuccess) return error;
  }
  if (ready.rows == 0) return cudaSuccess;
  const auto blocks = static_cast<unsigned>(std::min(kMostBlocks, (ready.rows + kWarps - 1) / kWarps));
  if (ready.grids == Grids::kPerHead) GreatestOfHeadsKernel<<<blocks, kThreads, 0, stream>>>(ready);
  ReadyTokensKernel<<<blocks, kThreads, 0, stream>>>(ready);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
