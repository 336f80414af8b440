// SPDX-License-Identifier: Apache-2.0
// Fragments of an operand: read from shared memory with ldmatrix, handed to mma.m16n8k32.
//
// Half bytes: byte i of 16 holds the codes of k = i in its lower and k = 16 + i in its upper half. A word of ldmatrix
// so has the codes of both words that mma takes; each is masked into the upper halves of bytes, which makes it sixteen
// times the code: two instructions for eight codes, and sums that are divided by 16 at the end. Sums stay within 32
// bits for as many K as with codes of 8 bits.
#ifndef OCTET_CUDA_GEMM_FRAGMENTS_H_
#define OCTET_CUDA_GEMM_FRAGMENTS_H_

#include <cstdint>
#include <utility>

#include "cuda/gemm/instructions.h"
#include "cuda/gemm/shared_layout.h"

namespace octet {
namespace cuda {

/** What half-byte codes are multiplied with. */
constexpr int kHalfByteShift = 4;

__device__ inline uint32_t LowerCodes(uint32_t word) { return (word << 4) & 0xf0f0f0f0u; }
__device__ inline uint32_t UpperCodes(uint32_t word) { return word & 0xf0f0f0f0u; }

/** kRows rows of a step: a multiple of 16, of 32 with half bytes. */
template <int kRows, int kBits>
class Fragments {
 public:
  static constexpr int kRowsPerLoad = kBits == 8 ? 16 : 32;
  static constexpr int kLoads = kRows / kRowsPerLoad;
  static_assert(kRows % kRowsPerLoad == 0, "whole matrices");

  /** address: of the first row's FragmentOffset in a stage. */
  __device__ void Load(uint32_t address) { LoadAll(address, std::make_integer_sequence<int, kLoads>()); }

  /** The words of rows 16 * part to 16 * part + 15 on the 16-wide side. */
  __device__ void Rows(int part, uint32_t (&words)[4]) const {
    if constexpr (kBits == 8) {
#pragma unroll
      for (int i = 0; i < 4; ++i) words[i] = words_[part][i];
    } else {
      const int first = part % 2 * 2;
      words[0] = LowerCodes(words_[part / 2][first]);
      words[1] = LowerCodes(words_[part / 2][first + 1]);
      words[2] = UpperCodes(words_[part / 2][first]);
      words[3] = UpperCodes(words_[part / 2][first + 1]);
    }
  }

  /** The words of rows 8 * part to 8 * part + 7 on the 8-wide side. */
  __device__ void Columns(int part, uint32_t* low, uint32_t* high) const {
    if constexpr (kBits == 8) {
      *low = words_[part / 2][part % 2];
      *high = words_[part / 2][part % 2 + 2];
    } else {
      *low = LowerCodes(words_[part / 4][part % 4]);
      *high = UpperCodes(words_[part / 4][part % 4]);
    }
  }

 private:
  template <int... kIndices>
  __device__ void LoadAll(uint32_t address, std::integer_sequence<int, kIndices...>) {
    (LoadMatrices<kIndices * kRowsPerLoad * RowBytes(kBits)>(address, words_[kIndices]), ...);
  }

  uint32_t words_[kLoads][4];
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_FRAGMENTS_H_
