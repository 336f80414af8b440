// SPDX-License-Identifier: Apache-2.0
// Codes of 8 bits: without divisions where the grid allows it (numerics/quick_codes.h).
#ifndef OCTET_CUDA_BYTE_CODES_H_
#define OCTET_CUDA_BYTE_CODES_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/bits.h"
#include "cuda/pack.h"
#include "numerics/grid.h"
#include "numerics/quick_codes.h"

namespace octet {
namespace cuda {

/** What a kernel knows beforehand of a grid of 8-bit codes, beside its step and limits. */
struct QuickBytes {
  numerics::QuickGrid grid;
  /** The zero point in each byte. */
  uint32_t zero_points;
  /** Whether there is more than this in here. */
  bool fits;
};

/** On the host, once a launch. */
inline QuickBytes QuickBytesOf(numerics::Step step, numerics::Limits limits) {
  if (!numerics::FitsQuickGrid(step, limits)) return {};
  return {numerics::QuickGridOf(step, limits),
          (static_cast<uint32_t>(static_cast<int32_t>(step.zero_point)) & 0xffu) * 0x01010101u, true};
}

/** The lowest bytes of four words, that of the first one lowest. */
__device__ inline uint32_t LowestBytes(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return __byte_perm(__byte_perm(a, b, 0x0040), __byte_perm(c, d, 0x0040), 0x5410);
}

/** 2^23, the first number whose neighbours among floats are 1 apart. */
constexpr float kFirstOfByte = 8388608.0f;

/** kFirstOfByte + byte i of a word: the byte below the bits of an exponent. */
__device__ inline float AboveFirst(uint32_t word, int i) {
  return __uint_as_float(__byte_perm(word, 0x4b000000u, static_cast<uint32_t>(0x7440 + i)));
}

/**
 * value i = byte i, signed or not, less `zero_point`, a whole number within 2^22 (grids of bytes are checked to lie
 * within theirs) or NaN. No conversions, of which a multiprocessor makes a quarter as many as of other operations.
 */
template <int kWords, int kElements>
__device__ void FloatsOfBytes(const uint32_t (&words)[kWords], bool is_signed, float zero_point,
                              float (&values)[kElements]) {
  static_assert(4 * kWords >= kElements, "a byte an element");
  // A signed byte is the unsigned one with its upper bit turned over, less 128. All of these sums are exact.
  const uint32_t turned = is_signed ? 0x80808080u : 0u;
  const float excess = kFirstOfByte + (is_signed ? 128.0f : 0.0f) + zero_point;
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = AboveFirst(words[i / 4] ^ turned, i % 4) - excess;
}

/** a + b in each byte. */
__device__ inline uint32_t AddBytes(uint32_t a, uint32_t b) {
  return ((a & 0x7f7f7f7fu) + (b & 0x7f7f7f7fu)) ^ ((a ^ b) & 0x80808080u);
}

/**
 * The code of a value less the zero point in the lowest byte, on a grid that fits. kNumber: the value is not NaN, which
 * else has the zero point's code.
 */
template <bool kNumber>
__device__ uint32_t QuickByteFromZero(float value, const QuickBytes& quick) {
  float limited = fminf(fmaxf(value, quick.grid.low), quick.grid.high);
  if (!kNumber && numerics::IsNan(value)) limited = 0.0f;
  return __float_as_uint(numerics::RoundedQuotient(limited, quick.grid));
}

/** The codes of four values, on a grid that fits; kNumbers: none is NaN, which else is the zero point. */
template <bool kNumbers>
__device__ uint32_t QuickCodes(const float (&values)[4], const QuickBytes& quick) {
  uint32_t bits[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) bits[i] = QuickByteFromZero<kNumbers>(values[i], quick);
  return AddBytes(LowestBytes(bits[0], bits[1], bits[2], bits[3]), quick.zero_points);
}

/** Codes of values; NaN is the zero point. */
template <int kElements>
__device__ Pack<uint8_t, kElements> QuickPack(const float (&values)[kElements], const QuickBytes& quick) {
  Pack<uint8_t, kElements> pack;
#pragma unroll
  for (int w = 0; 4 * w < kElements; ++w) {
    float four[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) four[i] = 4 * w + i < kElements ? values[4 * w + i] : 0.0f;
    pack.registers[w] = QuickCodes<false>(four, quick);
  }
  return pack;
}

/** Codes of four values; NaN is the zero point. */
__device__ inline uint32_t CodesOf(const float (&values)[4], numerics::Step step, numerics::Limits limits,
                                   const QuickBytes& quick) {
  if (quick.fits) return QuickCodes<false>(values, quick);
  uint32_t word = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) word |= CodeBits(values[i], step, limits) << (8 * i);
  return word;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_BYTE_CODES_H_
