// SPDX-License-Identifier: Apache-2.0
// Half-byte weights for the products of a warpgroup. wgmma multiplies bytes, its second factor from shared memory and
// its first one from there or from registers. So weights are the first factor: each lane reads its words of half bytes,
// which ldmatrix gives in the order that the product wants, and masks them into bytes (fragments.h). Bytes never go
// back to shared memory, for which they would have to pass through the warps and a fence to the proxy of wgmma.
//
// A row of weights may be any, as long as it comes out in the same place: a warp has 32 neighbouring ones, which are 32
// neighbouring columns of the output, a whole sector of codes.
//
// Words of a product are not to be touched until it is done: a consumer waits for the products of a stage before it
// masks the words of the next one, which it has read meanwhile. The products of the other consumer are under way then:
// 1024 clocks of a stage are shared by two, and each needs some 100 instructions a warp between its products. Tried in
// vain: words made between two groups of products in flight, for which ptxas serializes wgmma.
#ifndef OCTET_CUDA_GEMM_HOPPER_HALF_BYTES_H_
#define OCTET_CUDA_GEMM_HOPPER_HALF_BYTES_H_

#include <cstdint>

#include "cuda/gemm/fragments.h"
#include "cuda/gemm/hopper_problem.h"
#include "cuda/gemm/shared_layout.h"

namespace octet {
namespace cuda {

/** A lane's weights of a stage, for kParts products of 64 rows a step. */
template <int kParts>
class HalfByteRows {
 public:
  /** Rows of a warp, which are neighbours, and their bytes: those that ChunkOffset has for codes of 8 bits. */
  static constexpr int kWarpRows = 16 * kParts;
  static constexpr int kRowBytes = kBoxRowBytes / 2;
  static_assert(kRowBytes == RowBytes(8), "the 64-byte swizzle is the one of shared_layout.h");

  /** first_row: of the warp in a stage. */
  __device__ HalfByteRows(int first_row, int lane) {
#pragma unroll
    for (int pair = 0; pair < kPairs; ++pair) offsets_[pair] = FragmentOffset<8>(first_row, lane, pair);
  }

  /** weights: of a stage. */
  __device__ void Load(uint32_t weights) {
#pragma unroll
    for (int pair = 0; pair < kPairs; ++pair) {
      LoadParts(weights + offsets_[pair], words_[pair], std::make_integer_sequence<int, kParts>());
    }
  }

  /** Sixteen times the codes, for a product. */
  __device__ void Unpack(int step, int part, uint32_t (&words)[4]) const {
    const uint32_t* half = &words_[step / 2][part][step % 2 * 2];
    words[0] = LowerCodes(half[0]);
    words[1] = LowerCodes(half[1]);
    words[2] = UpperCodes(half[0]);
    words[3] = UpperCodes(half[1]);
  }

 private:
  /** Steps whose words are loaded at once: two matrices of 8 rows of 32 codes for each. */
  static constexpr int kPairs = kStageSteps / 2;

  template <int... kIndices>
  __device__ static void LoadParts(uint32_t address, uint32_t (&words)[kParts][4],
                                   std::integer_sequence<int, kIndices...>) {
    (LoadMatrices<kIndices * 16 * kRowBytes>(address, words[kIndices]), ...);
  }

  uint32_t offsets_[kPairs];
  uint32_t words_[kPairs][kParts][4];
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_HALF_BYTES_H_
