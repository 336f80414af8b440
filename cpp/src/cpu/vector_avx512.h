// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes in AVX-512: see vector_kernels.h for what each function means.
#ifndef OCTET_CPU_VECTOR_AVX512_H_
#define OCTET_CPU_VECTOR_AVX512_H_

#include <immintrin.h>

#include <cstdint>

namespace octet {
namespace cpu {

struct Avx512 {
  static constexpr bool kHasFma = true;

  using Floats = __m512;
  using Mask = __mmask16;
  struct Integers {
    __m512i all;
  };

  static Floats Set(float value) { return _mm512_set1_ps(value); }
  static Floats Load(const float* from) { return _mm512_loadu_ps(from); }
  static void Store(float* to, Floats a) { _mm512_storeu_ps(to, a); }

  static Floats LoadF32(const void* from) { return _mm512_loadu_ps(from); }
  static Floats LoadF16(const void* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
  }
  static Floats LoadBF16(const void* from) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  static Floats LoadS8(const void* from) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from))));
  }
  static Floats LoadU8(const void* from) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from))));
  }
  static Floats LoadS32(const void* from) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(from)); }

  static void StoreF32(void* to, Floats a) { _mm512_storeu_ps(to, a); }
  static void StoreF16(void* to, Floats a) { _mm256_storeu_si256(static_cast<__m256i*>(to), NarrowF16(a)); }
  static void StoreBF16(void* to, Floats a) { _mm256_storeu_si256(static_cast<__m256i*>(to), NarrowBF16(a)); }
  static void StoreS8(void* to, Floats a) { StoreIntegersS8(to, Truncate(a)); }
  static void StoreU8(void* to, Floats a) { StoreIntegersU8(to, Truncate(a)); }
  static void StoreS32(void* to, Floats a) { StoreIntegersS32(to, Truncate(a)); }

  static void StreamF32(void* to, Floats a) { _mm512_stream_ps(static_cast<float*>(to), a); }
  static void StreamF16(void* to, Floats a) { _mm256_stream_si256(static_cast<__m256i*>(to), NarrowF16(a)); }
  static void StreamBF16(void* to, Floats a) { _mm256_stream_si256(static_cast<__m256i*>(to), NarrowBF16(a)); }
  static void EndStreaming() { _mm_sfence(); }

  static Floats Add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats Div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats FmaMinus(Floats a, Floats b, Floats c) { return _mm512_fnmadd_ps(a, b, c); }
  static Floats Min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
  static Floats Max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats Round(Floats a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

  static Floats Sqrt(Floats a) { return _mm512_sqrt_ps(a); }
  static Floats Exponent(Floats a) {
    const __m512i biased = _mm512_and_si512(_mm512_srli_epi32(_mm512_castps_si512(a), 23), _mm512_set1_epi32(0xff));
    return _mm512_sub_ps(_mm512_cvtepi32_ps(biased), _mm512_set1_ps(127.0f));
  }
  static Floats Mantissa(Floats a) {
    const __m512i fraction = _mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(0x7fffff));
    return _mm512_castsi512_ps(_mm512_or_si512(fraction, _mm512_set1_epi32(0x3f800000)));
  }
  static Floats Abs(Floats a) { return _mm512_abs_ps(a); }
  static Floats CopySign(Floats magnitude, Floats sign) {
    // The function that takes each bit from the second or third operand as the first one says.
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), _mm512_castps_si512(sign),
                                                         _mm512_castps_si512(magnitude), 0xca));
  }
  static Floats ShiftedPowerOfTwo(Floats shifted) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23));
  }

  static Integers SetInteger(int32_t value) { return {_mm512_set1_epi32(value)}; }
  static Integers LoadIntegers(const int32_t* from) { return {_mm512_loadu_si512(from)}; }
  static Integers Sub(Integers a, Integers b) { return {_mm512_sub_epi32(a.all, b.all)}; }
  static Integers Mul(Integers a, Integers b) { return {_mm512_mullo_epi32(a.all, b.all)}; }
  static Integers Truncate(Floats a) { return {_mm512_cvttps_epi32(a)}; }
  static Integers Bits(Floats a) { return {_mm512_castps_si512(a)}; }
  static void StoreIntegersS8(void* to, Integers a) {
    _mm_storeu_si128(static_cast<__m128i*>(to), _mm512_cvtepi32_epi8(a.all));
  }
  static void StoreIntegersU8(void* to, Integers a) { StoreIntegersS8(to, a); }
  static void StoreIntegersS32(void* to, Integers a) { _mm512_storeu_si512(to, a.all); }
  static Floats ToFloats(Integers a) { return _mm512_cvtepi32_ps(a.all); }

  using Bytes = __m128i;
  static Bytes SetBytes(int value) { return _mm_set1_epi8(static_cast<char>(value)); }
  static Bytes LoadBytes(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
  static void StoreBytes(void* to, Bytes a) { _mm_storeu_si128(static_cast<__m128i*>(to), a); }
  static Bytes MaxS8(Bytes a, Bytes b) { return _mm_max_epi8(a, b); }
  static Bytes MaxU8(Bytes a, Bytes b) { return _mm_max_epu8(a, b); }

  static Mask LessEqual(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
  static Mask Equal(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  static Mask ZeroBytes(const void* from) {
    const Bytes bytes = LoadBytes(from);
    return _mm_testn_epi8_mask(bytes, bytes);
  }
  static Mask IsNan(Floats a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
  static Mask FirstLanes(int64_t count) { return static_cast<Mask>((uint32_t{1} << count) - 1u); }
  static Mask None() { return 0; }
  static Mask And(Mask a, Mask b) { return a & b; }
  static Mask Or(Mask a, Mask b) { return a | b; }
  static bool Any(Mask a) { return a != 0; }
  static Floats Select(Mask mask, Floats yes, Floats no) { return _mm512_mask_blend_ps(mask, no, yes); }
  static Integers Select(Mask mask, Integers yes, Integers no) {
    return {_mm512_mask_blend_epi32(mask, no.all, yes.all)};
  }

  static float GreatestLane(Floats a) { return _mm512_reduce_max_ps(a); }
  static float SumInHalves(Floats a) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
  }

 private:
  static __m256i NarrowF16(Floats a) { return _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static __m256i NarrowBF16(Floats a) {
    const __m512i bits = _mm512_castps_si512(a);
    const __m512i upper = _mm512_srli_epi32(bits, 16);
    const __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    const __m512i quiet = _mm512_or_si512(upper, _mm512_set1_epi32(0x40));
    return _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(IsNan(a), rounded, quiet));
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_AVX512_H_
