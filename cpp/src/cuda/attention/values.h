// SPDX-License-Identifier: Apache-2.0
// Codes of probabilities by values, for a warp's 16 rows.
//
// Both factors come without a detour through shared memory. Products sum over keys, in any order as long as it is the
// same for both. What a thread holds of two neighbouring parts of scores, keys 2t, 2t + 1, 8 + 2t and 9 + 2t of 16,
// makes the word of four keys that mma takes of its left factor, if the right one has the same keys in this place.
// Values lie in shared memory as they lie in global memory, keys by dimensions, and are wanted dimensions by keys:
// ldmatrix transposes pairs of bytes, which gives a thread dimensions 2n and 2n + 1 of keys 2t and 2t + 1 in one word
// and of keys 8 + 2t and 9 + 2t in the next; two byte permutations make a word of the four keys for each of the two
// dimensions. Even dimensions are the columns of one product and odd ones those of another, and a thread ends with four
// neighbouring dimensions of each row.
#ifndef OCTET_CUDA_ATTENTION_VALUES_H_
#define OCTET_CUDA_ATTENTION_VALUES_H_

#include <cstdint>

#include "cuda/attention/probabilities.h"

namespace octet {
namespace cuda {

/** kSlabs: of 64 dimensions. */
template <int kSlabs>
class Values {
 public:
  static constexpr int kChunks = kSlabColumns / 16;
  /** Sums of a thread. */
  static constexpr int kSums = kSlabs * kChunks * 8 + 4;

  /** dimensions: of the block's part. */
  __device__ Values(const AttentionProblem& problem, int dimensions) : problem_(problem), dimensions_(dimensions) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
#pragma unroll
    for (int chunk = 0; chunk < kChunks; ++chunk) offsets_[chunk] = ChunkOffset<8>(lane, chunk);
  }

  /** Adds products of a tile whose values come next; `active`: whether there are codes. */
  __device__ void Add(SlabStream* stream, bool active, const Codes64& codes) {
    if (!active) {
      stream->Skip((dimensions_ + kSlabColumns - 1) / kSlabColumns);
      return;
    }
    if (problem_.v_zero != 0) {
#pragma unroll
      for (int step = 0; step < 2; ++step) Multiply<Factors::kU8S8>(code_sums_, codes[step], 0x01010101u, 0x01010101u);
    }
#pragma unroll
    for (int slab = 0; slab < kSlabs; ++slab) {
      if (slab * kSlabColumns >= dimensions_) break;
      const uint32_t address = stream->Next();
#pragma unroll
      for (int chunk = 0; chunk < kChunks; ++chunk) {
        if (slab * kSlabColumns + chunk * 16 >= dimensions_) break;
        AddChunk<0>(address + offsets_[chunk], codes[0], sums_[slab * kChunks + chunk]);
        AddChunk<32 * kSlabColumns>(address + offsets_[chunk], codes[1], sums_[slab * kChunks + chunk]);
      }
    }
  }

  /**
   * Four neighbouring dimensions from 16 * chunk + 4 * (lane % 4) on, of row lane / 4 + 8 * half, times the scales.
   * keys: of all tiles that were added.
   */
  __device__ void Finish(int chunk, int half, int keys, float p_scale, float v_scale, float (&values)[4]) const {
    // sum (c - zp) * (v - zv) = sum (c - zp) * v - zv * (sum of c - keys * zp). Keys that do not take part have the
    // code of 0, which is zp: whatever their values, they add nothing.
    const uint32_t row = static_cast<uint32_t>(code_sums_[2 * half]) -
                         static_cast<uint32_t>(keys) * static_cast<uint32_t>(problem_.p_zero);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const uint32_t sum = static_cast<uint32_t>(sums_[chunk][i % 2][2 * half + i / 2]);
      const auto exact = static_cast<int32_t>(sum - static_cast<uint32_t>(problem_.v_zero) * row);
      values[i] = numerics::ScaledSum(exact, p_scale, v_scale, 0.0f);
    }
  }

  /**
   * Adds the thread's sums of the rows that there are to totals, [kSums][kAttentionThreads]. Without the value before,
   * atomicAdd is a reduction: nothing waits for it.
   */
  __device__ void AddTo(int32_t* totals, const bool (&there)[2]) const {
    ForEachTotal(totals, there, [this](int32_t* total, int chunk, int odd, int i) {
      atomicAdd(total, chunk < 0 ? code_sums_[i] : sums_[chunk][odd][i]);
    });
  }

  /** The sums become those totals. */
  __device__ void ReadFrom(int32_t* totals, const bool (&there)[2]) {
    ForEachTotal(totals, there, [this](int32_t* total, int chunk, int odd, int i) {
      (chunk < 0 ? code_sums_[i] : sums_[chunk][odd][i]) = __ldcg(total);
    });
  }

 private:
  template <typename Body>
  __device__ void ForEachTotal(int32_t* totals, const bool (&there)[2], const Body& body) const {
    int32_t* const own = totals + threadIdx.x;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      if (!there[half]) continue;
#pragma unroll
      for (int chunk = 0; chunk < kSlabs * kChunks; ++chunk) {
        if (chunk * 16 >= dimensions_) break;
#pragma unroll
        for (int sum = 0; sum < 4; ++sum) {
          const int i = 2 * half + sum % 2;
          body(own + (chunk * 8 + sum / 2 * 4 + i) * kAttentionThreads, chunk, sum / 2, i);
        }
      }
      // The two columns of sums of codes are alike.
      if (problem_.v_zero != 0) body(own + (kSums - 4 + 2 * half) * kAttentionThreads, -1, 0, 2 * half);
    }
  }

  template <int kOffset>
  __device__ void AddChunk(uint32_t address, const uint32_t (&codes)[4], int32_t (&sums)[2][4]) const {
    uint32_t pairs[4];
    LoadTransposed<kOffset>(address, pairs);
    const uint32_t flip = problem_.v.flip;
    const uint32_t words[2][2] = {
        {__byte_perm(pairs[0], pairs[1], 0x6420) ^ flip, __byte_perm(pairs[2], pairs[3], 0x6420) ^ flip},
        {__byte_perm(pairs[0], pairs[1], 0x7531) ^ flip, __byte_perm(pairs[2], pairs[3], 0x7531) ^ flip}};
#pragma unroll
    for (int odd = 0; odd < 2; ++odd) Multiply<Factors::kU8S8>(sums[odd], codes, words[odd][0], words[odd][1]);
    for (int i = 0; i < problem_.minus_p_zero.count; ++i) {
      const uint32_t word = problem_.minus_p_zero.words[i];
      const uint32_t splat[4] = {word, word, word, word};
#pragma unroll
      for (int odd = 0; odd < 2; ++odd) Multiply<Factors::kS8S8>(sums[odd], splat, words[odd][0], words[odd][1]);
    }
  }

  const AttentionProblem& problem_;
  const int dimensions_;
  uint32_t offsets_[kChunks];
  /** Of even and odd dimensions of each chunk. */
  int32_t sums_[kSlabs * kChunks][2][4] = {};
  /** Of the codes of rows. */
  int32_t code_sums_[4] = {};
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_VALUES_H_
