// SPDX-License-Identifier: Apache-2.0
// Taps of a depthwise convolution as dp4a multiplies them: four of a column, one below the other, at once.
//
// Memory has the channels of a pixel side by side, so four words of four pixels of a column are transposed: then a word
// is a channel's four taps. Eight byte permutations for 16 codes, of which each is used for as many outputs as taps of
// a row meet it; taken out one by one, a code would cost an instruction, and each of its products another one.
#ifndef OCTET_CUDA_CONV_DEPTHWISE_TAPS_H_
#define OCTET_CUDA_CONV_DEPTHWISE_TAPS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/conv/depthwise_plan.h"
#include "cuda/words.h"

namespace octet {
namespace cuda {

/** Taps of a product. */
constexpr int kGroupTaps = 4;

constexpr int GroupsOf(int taps) { return (taps + kGroupTaps - 1) / kGroupTaps; }

/** Codes of taps of a column, for four channels. */
using TapGroup = uint32_t[kQuadChannels];

/** Word i becomes byte i of each of kCount words; bytes beyond those are any. */
template <int kCount>
__device__ inline void Transpose(const uint32_t* words, TapGroup& group) {
  if constexpr (kCount == 1) {
#pragma unroll
    for (int i = 0; i < kQuadChannels; ++i) group[i] = words[0] >> (8 * i);
  } else if constexpr (kCount == 2) {
#pragma unroll
    for (int i = 0; i < kQuadChannels; ++i) {
      group[i] = __byte_perm(words[0], words[1], static_cast<uint32_t>(i | (i + 4) << 4));
    }
  } else if constexpr (kCount == 3) {
    const uint32_t low = __byte_perm(words[0], words[1], 0x5140);
    const uint32_t high = __byte_perm(words[0], words[1], 0x7362);
    group[0] = __byte_perm(low, words[2], 0x0410);
    group[1] = __byte_perm(low, words[2], 0x0532);
    group[2] = __byte_perm(high, words[2], 0x0610);
    group[3] = __byte_perm(high, words[2], 0x0732);
  } else {
#pragma unroll
    for (int i = 0; i < 4; ++i) group[i] = words[i];
    TransposeSquare(group);
  }
}

/** A byte of `value` for each of so many taps of a group, 0 for the others. */
__host__ __device__ constexpr uint32_t FirstBytes(uint32_t value, int count) {
  return value >> (8 * (kGroupTaps - (count < kGroupTaps ? count : kGroupTaps)));
}

/** A column of kTaps taps, from kTaps words of four channels. */
template <int kTaps>
struct TapColumn {
  static constexpr int kGroups = GroupsOf(kTaps);
  TapGroup groups[kGroups];

  __device__ void Set(const uint32_t (&words)[kTaps]) {
#pragma unroll
    for (int g = 0; g + 1 < kGroups; ++g) Transpose<kGroupTaps>(words + g * kGroupTaps, groups[g]);
    Transpose<kTaps - (kGroups - 1) * kGroupTaps>(words + (kGroups - 1) * kGroupTaps, groups[kGroups - 1]);
  }

  /** Makes the bytes beyond the last tap 0, as those of weights have to be. */
  __device__ void ClearRest() {
    constexpr uint32_t kMask = FirstBytes(0xffffffffu, kTaps - (kGroups - 1) * kGroupTaps);
#pragma unroll
    for (uint32_t& word : groups[kGroups - 1]) word &= kMask;
  }
};

__device__ inline int32_t MultiplyTaps(uint32_t inputs, uint32_t weights, int32_t sum) {
  return __dp4a(static_cast<int32_t>(inputs), static_cast<int32_t>(weights), sum);
}

/** Sums of four channels of an output, and of the inputs under it. */
struct TapSums {
  int32_t products[kQuadChannels] = {};
  int32_t inputs[kQuadChannels] = {};

  template <int kTaps>
  __device__ void Add(const TapColumn<kTaps>& inputs_of, const TapColumn<kTaps>& weights) {
#pragma unroll
    for (int g = 0; g < TapColumn<kTaps>::kGroups; ++g) {
#pragma unroll
      for (int i = 0; i < kQuadChannels; ++i) {
        products[i] = MultiplyTaps(inputs_of.groups[g][i], weights.groups[g][i], products[i]);
      }
    }
  }

  template <int kTaps>
  __device__ void AddInputs(const TapColumn<kTaps>& inputs_of) {
#pragma unroll
    for (int g = 0; g < TapColumn<kTaps>::kGroups; ++g) {
#pragma unroll
      for (int i = 0; i < kQuadChannels; ++i) {
        inputs[i] = MultiplyTaps(inputs_of.groups[g][i], FirstBytes(0x01010101u, kTaps - g * kGroupTaps), inputs[i]);
      }
    }
  }
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_DEPTHWISE_TAPS_H_
