// SPDX-License-Identifier: Apache-2.0
// A block takes 64 columns by 64 k. Where K is not the last dimension, a thread turns four words of four columns into
// four words of four k, which go through shared memory: both sides of the pass move whole sectors. Rows of 17 words put
// the words that a warp writes at the same time into banks of their own.
#include "cuda/gemm/ready_columns.h"

#include "cuda/gemm/tile.h"
#include "cuda/words.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kSide = 64;
constexpr int kSideWords = kSide / 4;
constexpr int kRowWords = kSideWords + 1;
constexpr uint32_t kOnes = 0x01010101u;
static_assert(kSide == kTileDepth, "whole tiles");

/** The sum of four codes. */
__device__ int32_t SumOf(uint32_t codes) { return __dp4a(static_cast<int32_t>(codes), static_cast<int32_t>(kOnes), 0); }

/** The lowest `count` bytes of a word of codes, less 128 if they are unsigned; zeros above. */
__device__ uint32_t Signed(uint32_t word, int count, bool is_unsigned) {
  if (!is_unsigned) return word;
  const uint32_t flips = count >= 4 ? 0x80808080u : count <= 0 ? 0u : 0x80808080u >> (8 * (4 - count));
  return word ^ flips;
}

/** The block's part of what does not depend on the codes. */
__device__ void WriteTerms(const ReadyColumns& ready, int32_t matrix, int32_t first) {
  const int64_t last = first + kSide < ready.n ? first + kSide : ready.columns;
  for (int64_t column = first + static_cast<int>(threadIdx.x); column < last; column += kThreads) {
    const int64_t place = matrix * ready.columns + column;
    const uint32_t zeros = static_cast<uint32_t>(ready.k) * static_cast<uint32_t>(ready.zero_point);
    ready.scales[place] = ready.scale;
    ready.zero_points[place] = ready.zero_point;
    atomicAdd(ready.sums + place, static_cast<int32_t>(0u - zeros));
  }
}

template <bool kAlongK>
__global__ void __launch_bounds__(kThreads) ReadyColumnsKernel(const __grid_constant__ ReadyColumns ready) {
  __shared__ uint32_t words[kSide * kRowWords];
  const int32_t tiles = (ready.n + kSide - 1) / kSide;
  const int32_t matrix = static_cast<int32_t>(blockIdx.x) / tiles;
  const int32_t first = static_cast<int32_t>(blockIdx.x) % tiles * kSide;
  const int32_t first_k = static_cast<int32_t>(blockIdx.y) * kSide;
  const char* from =
      ready.data + matrix / ready.inner * ready.strides.outer + matrix % ready.inner * ready.strides.inner;
  if (blockIdx.y == 0) WriteTerms(ready, matrix, first);
  const int thread = static_cast<int>(threadIdx.x);
  const int warp = thread / kWarpSize;
  const int lane = thread % kWarpSize;
  if constexpr (!kAlongK) {
    const int column = (warp % 2 * 8 + lane % 8) * 4;
    const int k_word = warp / 2 * 4 + lane / 8;
    uint32_t loaded[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int32_t k = first_k + k_word * 4 + i;
      const int count = k < ready.k ? ready.n - first - column : 0;
      loaded[i] = count <= 0 ? 0u : LoadWord<uint8_t>(from + k * ready.stride + first + column, count);
      loaded[i] = Signed(loaded[i], count, ready.is_unsigned);
    }
    TransposeSquare(loaded);
#pragma unroll
    for (int i = 0; i < 4; ++i) words[(column + i) * kRowWords + k_word] = loaded[i];
    __syncthreads();
  }
  // Half a warp to the 64 codes of a column.
  const int word = lane % kSideWords;
#pragma unroll
  for (int i = 0; i < kSide * kSideWords / kThreads; ++i) {
    const int row = (i * kThreads + thread) / kSideWords;
    const int32_t column = first + row;
    uint32_t codes = 0;
    if (column < ready.n) {
      if constexpr (kAlongK) {
        const int count = ready.k - first_k - word * 4;
        if (count > 0) {
          codes = LoadWord<uint8_t>(from + column * ready.stride + first_k + word * 4, count);
          codes = Signed(codes, count, ready.is_unsigned);
        }
      } else {
        codes = words[row * kRowWords + word];
      }
      if (ready.codes != nullptr) {
        int8_t* to = ready.codes + (static_cast<int64_t>(matrix) * ready.n + column) * ready.code_stride;
        reinterpret_cast<uint32_t*>(to + first_k)[word] = codes;
      }
    }
    int32_t sum = SumOf(codes);
#pragma unroll
    for (int distance = kSideWords / 2; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, distance);
    if (word == 0 && column < ready.n) atomicAdd(ready.sums + matrix * ready.columns + column, sum);
  }
}

}  // namespace

cudaError_t MakeColumnsReady(const ReadyColumns& ready, cudaStream_t stream) {
  const int64_t tiles = (ready.n + kSide - 1) / kSide;
  const int64_t depth = ready.k == 0 ? 1 : (ready.k + kSide - 1) / kSide;
  const dim3 blocks(static_cast<unsigned>(tiles * ready.count), static_cast<unsigned>(depth));
  if (ready.along_k) {
    ReadyColumnsKernel<true><<<blocks, kThreads, 0, stream>>>(ready);
  } else {
    ReadyColumnsKernel<false><<<blocks, kThreads, 0, stream>>>(ready);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
