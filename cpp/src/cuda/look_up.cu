// SPDX-License-Identifier: Apache-2.0
// out = table[x] for bytes. Each block brings the table of 256 bytes to shared memory, where 16 looks a thread are 16
// bytes of input and output. Which banks they meet in depends on the data: a bank holds four neighbours of 128, so
// codes of a narrow range mostly meet in the same word, which is no conflict.
#include <cstring>

#include "cuda/map.h"
#include "cuda/map_kernels.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;
constexpr int kWords = 64;

struct TableWords {
  uint32_t words[kWords];
};

/** table: null for the words. */
template <int kElements>
__global__ void __launch_bounds__(kMapThreads)
    LookUpKernel(const __grid_constant__ Walk<2> walk, const uint8_t* table, const __grid_constant__ TableWords words) {
  __shared__ TableWords shared;
  uint8_t* const bytes = reinterpret_cast<uint8_t*>(shared.words);
  if (table != nullptr) {
    // The table of a caller lies at any address.
    if (threadIdx.x < 4 * kWords) bytes[threadIdx.x] = table[threadIdx.x];
  } else if (threadIdx.x < kWords) {
    shared.words[threadIdx.x] = words.words[threadIdx.x];
  }
  __syncthreads();
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kMapThreads + threadIdx.x;
  const Chunk<kElements> chunk(walk, index);
  if (!chunk.valid()) return;
  uint8_t codes[kElements];
  chunk.Load(walk, kX, codes);
#pragma unroll
  for (int i = 0; i < kElements; ++i) codes[i] = bytes[codes[i]];
  chunk.Store(walk, kOut, codes);
}

octet_status Run(const Call* call, const uint8_t* table, const TableWords& words, const TensorView& x,
                 const TensorView& out) {
  constexpr int kElements = 16;
  if (out.count == 0) return OCTET_OK;
  WalkStrides operands[2] = {StridesOf(out), StridesOf(x)};
  const auto walk = WalkOver(ShapeOf(out), operands, kOut, kElements);
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "look_up", scope.error());
  LookUpKernel<kElements><<<MapBlocks(walk), kMapThreads, 0, StreamOf(call)>>>(walk, table, words);
  return Launched(call, "look_up");
}

}  // namespace

octet_status LookUp(const Call* call, const uint8_t* table, const TensorView* x, const TensorView* out) {
  return Run(call, table, TableWords{}, *x, *out);
}

octet_status LookUpIn(const Call* call, const uint8_t* table, const TensorView* x, const TensorView* out) {
  TableWords words;
  std::memcpy(words.words, table, sizeof(words));
  return Run(call, nullptr, words, *x, *out);
}

}  // namespace cuda
}  // namespace octet
