// SPDX-License-Identifier: Apache-2.0
// Four neighbouring elements of any type: fetched as they lie in memory, so that several fetches are under way at once,
// and made into values when they are put to shared memory. Types are told by branches that all threads take alike.
#ifndef OCTET_CUDA_FLOAT_QUAD_H_
#define OCTET_CUDA_FLOAT_QUAD_H_

#include <cstdint>

#include "core/tensor_view.h"
#include "cuda/byte_codes.h"
#include "numerics/epilogue.h"
#include "numerics/half.h"

namespace octet {
namespace cuda {

constexpr int kQuad = 4;

/** The first `count` of four elements, `stride` bytes apart, from the lowest bits of a word on; zero bits above. */
__device__ inline uint4 FetchElements(const char* at, ElementType type, int64_t stride, int count) {
  uint32_t words[kQuad] = {};
#pragma unroll
  for (int i = 0; i < kQuad; ++i) {
    if (i >= count) break;
    const char* element = at + i * stride;
    if (type == ElementType::kF32) {
      words[i] = __ldg(reinterpret_cast<const uint32_t*>(element));
    } else if (type == ElementType::kF16 || type == ElementType::kBF16) {
      words[i / 2] |= static_cast<uint32_t>(__ldg(reinterpret_cast<const uint16_t*>(element))) << (i % 2 * 16);
    } else {
      words[0] |= static_cast<uint32_t>(__ldg(reinterpret_cast<const uint8_t*>(element))) << (i * 8);
    }
  }
  return {words[0], words[1], words[2], words[3]};
}

/** Four elements that lie at a multiple of their size. */
__device__ inline uint4 FetchQuad(const char* at, ElementType type) {
  if (type == ElementType::kF32) return __ldg(reinterpret_cast<const uint4*>(at));
  if (type == ElementType::kF16 || type == ElementType::kBF16) {
    const uint2 words = __ldg(reinterpret_cast<const uint2*>(at));
    return {words.x, words.y, 0, 0};
  }
  return {__ldg(reinterpret_cast<const uint32_t*>(at)), 0, 0, 0};
}

/** The values of four codes of a word. */
template <bool kSigned>
__device__ inline void ValuesOfCodes(uint32_t codes, numerics::Step step, float (&values)[kQuad]) {
  const uint32_t words[1] = {codes};
  FloatsOfBytes(words, kSigned, 0.0f, values);
#pragma unroll
  for (int i = 0; i < kQuad; ++i) values[i] = numerics::ValueOfCode(values[i], step);
}

/** The values of what has been fetched. */
__device__ inline void ValuesOf(uint4 words, ElementType type, numerics::Step step, float (&values)[kQuad]) {
  switch (type) {
    case ElementType::kF16: {
      const uint32_t halves[2] = {words.x, words.y};
#pragma unroll
      for (int i = 0; i < kQuad; ++i) {
        values[i] = numerics::Widen(Float16{static_cast<uint16_t>(halves[i / 2] >> (i % 2 * 16))});
      }
      return;
    }
    case ElementType::kBF16: {
      const uint32_t halves[2] = {words.x, words.y};
#pragma unroll
      for (int i = 0; i < kQuad; ++i) {
        values[i] = numerics::Widen(BFloat16{static_cast<uint16_t>(halves[i / 2] >> (i % 2 * 16))});
      }
      return;
    }
    case ElementType::kS8:
      return ValuesOfCodes<true>(words.x, step, values);
    case ElementType::kU8:
      return ValuesOfCodes<false>(words.x, step, values);
    default:
      values[0] = __uint_as_float(words.x);
      values[1] = __uint_as_float(words.y);
      values[2] = __uint_as_float(words.z);
      values[3] = __uint_as_float(words.w);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_QUAD_H_
