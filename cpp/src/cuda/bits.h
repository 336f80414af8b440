// SPDX-License-Identifier: Apache-2.0
// Values as the bits of elements: codes, f16 and bf16.
#ifndef OCTET_CUDA_BITS_H_
#define OCTET_CUDA_BITS_H_

#include <cuda_fp16.h>

#include <cstdint>

#include "numerics/epilogue.h"
#include "numerics/half.h"

namespace octet {
namespace cuda {

/** A code of 8 bits in the lowest byte, as numerics::IntegerCode makes it. */
__device__ inline uint32_t ByteOf(float code, float zero_point) {
  if (numerics::IsNan(code)) code = zero_point;
  if (numerics::IsNan(code)) code = 0.0f;
  // Codes are whole and small: adding 1.5 * 2^23 leaves them in the lowest bits, without a conversion.
  return __float_as_uint(code + 12582912.0f) & 0xffu;
}

/** The code of a value in the lowest byte. */
__device__ inline uint32_t CodeBits(float value, numerics::Step step, numerics::Limits limits) {
  return ByteOf(numerics::Code(value, step, limits), step.zero_point);
}

/** The code of an element: codes as they are, floats on a grid. */
template <typename T>
__device__ inline int32_t CodeOf(T element, numerics::Step step, numerics::Limits limits) {
  if constexpr (sizeof(T) == 1) {
    return element;
  } else {
    return numerics::IntegerCode(numerics::Code(numerics::Widen(element), step, limits), step.zero_point);
  }
}

__device__ inline uint32_t HalfBits(float value) { return __half_as_ushort(__float2half_rn(value)); }

__device__ inline uint32_t BrainBits(float value) {
#if __CUDA_ARCH__ >= 800
  uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  BFloat16 narrow;
  numerics::Narrow(value, &narrow);
  return narrow.bits;
#endif
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_BITS_H_
