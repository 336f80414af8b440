// SPDX-License-Identifier: Apache-2.0
// Loops over bytes around matrix products. Plain C++ that compilers vectorize, included by the translation unit of each
// instruction set; everything has internal linkage, so that no code of one can be linked in for another.
#ifndef OCTET_CPU_GEMM_BYTES_H_
#define OCTET_CPU_GEMM_BYTES_H_

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
  for (int64_t i = 0; i < count; ++i) sum += from[i];
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
