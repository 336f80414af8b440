// SPDX-License-Identifier: Apache-2.0
// Neighbouring elements in registers.
#ifndef OCTET_CUDA_PACK_H_
#define OCTET_CUDA_PACK_H_

#include <cuda_runtime.h>

#include <cstdint>

namespace octet {
namespace cuda {

/** kBytes bytes that are moved at once: 1, 2, 4, 8 or 16. */
template <int kBytes>
struct Words;
template <>
struct Words<1> {
  using Type = uint8_t;
};
template <>
struct Words<2> {
  using Type = uint16_t;
};
template <>
struct Words<4> {
  using Type = uint32_t;
};
template <>
struct Words<8> {
  using Type = uint2;
};
template <>
struct Words<16> {
  using Type = uint4;
};

/** kCount elements, moved in pieces of up to 16 bytes; as registers have them, too. */
template <typename T, int kCount>
union Pack {
  static constexpr int kBytes = static_cast<int>(sizeof(T)) * kCount;
  static constexpr int kPiece = kBytes < 16 ? kBytes : 16;
  using Word = typename Words<kPiece>::Type;

  T elements[kCount];
  Word words[kBytes / kPiece];
  uint32_t registers[(kBytes + 3) / 4];
};

/** Stores what is moved at once. */
template <typename Word>
__device__ void StoreWhole(char* to, const Word& word) {
  *reinterpret_cast<Word*>(to) = word;
}

/**
 * 16 bytes as the one instruction that they are meant to be: where elements are stored one by one at the same addresses
 * on another path, the compiler was seen to take moves apart (softmax) to share what is left.
 */
__device__ inline void StoreWhole(char* to, const uint4& word) {
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)), "r"(word.x), "r"(word.y),
               "r"(word.z), "r"(word.w)
               : "memory");
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_PACK_H_
