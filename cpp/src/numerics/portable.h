// SPDX-License-Identifier: Apache-2.0
// What the arithmetic in this directory is written with: plain C++ without the standard library, so that a CUDA
// compiler takes it as it is. Everything has internal linkage: these headers are compiled once per instruction set, and
// a linker that merged the copies could put AVX-512 code into the scalar build.
#ifndef OCTET_NUMERICS_PORTABLE_H_
#define OCTET_NUMERICS_PORTABLE_H_

#include <stdint.h>

#if defined(__CUDACC__)
#define OCTET_MATH static inline __host__ __device__
#else
#define OCTET_MATH static inline
#endif

namespace octet {
namespace numerics {

OCTET_MATH uint32_t BitsOf(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return bits;
}

OCTET_MATH float FloatOf(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

OCTET_MATH uint64_t BitsOf(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return bits;
}

OCTET_MATH double DoubleOf(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

/** a * b + c, rounded once. */
OCTET_MATH float Fma(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

/** Rounded to nearest. */
OCTET_MATH float SquareRoot(float value) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(value);
#else
  return __builtin_sqrtf(value);
#endif
}

OCTET_MATH double SquareRoot(double value) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(value);
#else
  return __builtin_sqrt(value);
#endif
}

OCTET_MATH bool IsNan(float value) { return value != value; }

OCTET_MATH float QuietNan() { return FloatOf(0x7fc00000u); }

OCTET_MATH float Infinity() { return FloatOf(0x7f800000u); }

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_PORTABLE_H_
