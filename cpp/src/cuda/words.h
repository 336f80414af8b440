// SPDX-License-Identifier: Apache-2.0
// Elements of one and two bytes, four bytes at a time, and squares of them that are turned round.
#ifndef OCTET_CUDA_WORDS_H_
#define OCTET_CUDA_WORDS_H_

#include <cuda_runtime.h>

#include <cstdint>

namespace octet {
namespace cuda {

template <typename T>
constexpr int kPerWord = 4 / static_cast<int>(sizeof(T));

/** The first `count` elements of a word, which lies at a boundary of its own or not; 0 for the others. */
template <typename T>
__device__ uint32_t LoadWord(const char* from, int count) {
  if (count >= kPerWord<T> && reinterpret_cast<uintptr_t>(from) % 4 == 0) {
    return *reinterpret_cast<const uint32_t*>(from);
  }
  uint32_t word = 0;
#pragma unroll
  for (int i = 0; i < kPerWord<T>; ++i) {
    if (i < count) word |= static_cast<uint32_t>(reinterpret_cast<const T*>(from)[i]) << (8 * sizeof(T) * i);
  }
  return word;
}

template <typename T>
__device__ void StoreWord(char* to, int count, uint32_t word) {
  if (count >= kPerWord<T> && reinterpret_cast<uintptr_t>(to) % 4 == 0) {
    *reinterpret_cast<uint32_t*>(to) = word;
    return;
  }
#pragma unroll
  for (int i = 0; i < kPerWord<T>; ++i) {
    if (i < count) reinterpret_cast<T*>(to)[i] = static_cast<T>(word >> (8 * sizeof(T) * i));
  }
}

/** Byte j of word i becomes byte i of word j. */
__device__ inline void TransposeSquare(uint32_t (&words)[4]) {
  const uint32_t low_01 = __byte_perm(words[0], words[1], 0x5140);
  const uint32_t low_23 = __byte_perm(words[2], words[3], 0x5140);
  const uint32_t high_01 = __byte_perm(words[0], words[1], 0x7362);
  const uint32_t high_23 = __byte_perm(words[2], words[3], 0x7362);
  words[0] = __byte_perm(low_01, low_23, 0x5410);
  words[1] = __byte_perm(low_01, low_23, 0x7632);
  words[2] = __byte_perm(high_01, high_23, 0x5410);
  words[3] = __byte_perm(high_01, high_23, 0x7632);
}

/** The same of halves. */
__device__ inline void TransposeSquare(uint32_t (&words)[2]) {
  const uint32_t low = __byte_perm(words[0], words[1], 0x5410);
  words[1] = __byte_perm(words[0], words[1], 0x7632);
  words[0] = low;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_WORDS_H_
