// SPDX-License-Identifier: Apache-2.0
// Loops over bytes around matrix products. For the most part plain C++ that compilers vectorize, included by the
// translation unit of each instruction set; everything has internal linkage, so that no code of one can be linked in
// for another.
#ifndef OCTET_CPU_GEMM_BYTES_H_
#define OCTET_CPU_GEMM_BYTES_H_

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstdint>

namespace octet {
namespace cpu {

static inline void FlipBytes(const uint8_t* from, uint8_t* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(from[i] ^ 0x80u);
}

static inline void WidenBytes(const uint8_t* from, int16_t* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<int16_t>(from[i]);
}

static inline int32_t SumBytes(const uint8_t* from, int64_t count) {
  int32_t sum = 0;
  int64_t i = 0;
#if defined(__AVX2__)
  // Compilers widen every byte to s32 first.
  __m256i sums = _mm256_setzero_si256();
  for (; i + 32 <= count; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
  }
  const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  sum = _mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 2);
#endif
  for (; i < count; ++i) sum += from[i];
  return sum;
}

static inline void UnpackHalfBytes(const uint8_t* from, int64_t groups_of_eight, int columns, int8_t* to) {
  const int64_t bytes = int64_t{4} * columns;
  for (int64_t g = 0; g < groups_of_eight; ++g) {
    int8_t* lower = to + 2 * g * bytes;
    int8_t* upper = lower + bytes;
    for (int64_t i = 0; i < bytes; ++i) {
      const uint8_t pair = from[g * bytes + i];
      lower[i] = static_cast<int8_t>((pair & 0x0f) - 8);
      upper[i] = static_cast<int8_t>((pair >> 4) - 8);
    }
  }
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_BYTES_H_
