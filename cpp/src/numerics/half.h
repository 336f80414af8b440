// SPDX-License-Identifier: Apache-2.0
// f16 and bf16: storage types, widening (exact) and narrowing (to nearest even). NaNs stay NaNs, made quiet, with the
// upper bits of their payload.
#ifndef OCTET_NUMERICS_HALF_H_
#define OCTET_NUMERICS_HALF_H_

#include "numerics/portable.h"

namespace octet {

/** An IEEE binary16 in memory. */
struct Float16 {
  uint16_t bits;
};

/** The upper half of an IEEE binary32 in memory. */
struct BFloat16 {
  uint16_t bits;
};

namespace numerics {

OCTET_MATH float Widen(float value) { return value; }

OCTET_MATH float Widen(BFloat16 value) { return FloatOf(static_cast<uint32_t>(value.bits) << 16); }

OCTET_MATH float Widen(Float16 value) {
#if defined(__CUDA_ARCH__)
  float widened;
  asm("cvt.f32.f16 %0, %1;" : "=f"(widened) : "h"(value.bits));
  return widened;
#else
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000u) << 16;
  const uint32_t exponent = (value.bits >> 10) & 0x1fu;
  const uint32_t fraction = value.bits & 0x3ffu;
  if (exponent == 0x1fu) return FloatOf(sign | 0x7f800000u | (fraction << 13) | (fraction != 0 ? 0x400000u : 0u));
  if (exponent != 0) return FloatOf(sign | ((exponent + 112u) << 23) | (fraction << 13));
  // Subnormal: fraction * 2^-24 is exact in f32.
  const float magnitude = static_cast<float>(fraction) * 5.9604644775390625e-8f;
  return FloatOf(sign | BitsOf(magnitude));
#endif
}

OCTET_MATH void Narrow(float value, float* out) { *out = value; }

OCTET_MATH void Narrow(float value, BFloat16* out) {
  const uint32_t bits = BitsOf(value);
  if (IsNan(value)) {
    out->bits = static_cast<uint16_t>((bits >> 16) | 0x40u);
    return;
  }
  out->bits = static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

OCTET_MATH void Narrow(float value, Float16* out) {
#if defined(__CUDA_ARCH__)
  // One instruction, but for payloads of NaNs the same.
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(out->bits) : "f"(value));
#else
  const uint32_t bits = BitsOf(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  uint32_t half;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  } else if (magnitude >= 0x477ff000u) {
    // 65520 and above round to infinity.
    half = 0x7c00u;
  } else if (magnitude < 0x38800000u) {
    // Below 2^-14 a unit in the last place is 2^-24: adding 0.5, whose own is 2^-24, rounds to it.
    half = BitsOf(FloatOf(magnitude) + 0.5f) - 0x3f000000u;
  } else {
    half = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  }
  out->bits = static_cast<uint16_t>(sign | half);
#endif
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_HALF_H_
