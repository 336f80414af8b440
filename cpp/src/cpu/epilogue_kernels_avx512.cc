// SPDX-License-Identifier: Apache-2.0
#include "cpu/epilogue_kernels.h"
#include "cpu/vector_avx512.h"
#include "cpu/vector_epilogue.h"
#include "cpu/vector_tile_codes.h"

namespace octet {
namespace cpu {
namespace {

struct TileCodesAvx512 {
  using Floats = __m512;
  using Integers = __m512i;
  static constexpr int kLanes = 16;
  static Floats Set(float value) { return _mm512_set1_ps(value); }
  static Integers SetWords(int16_t value) { return _mm512_set1_epi16(value); }
  static Integers SetBytes(uint8_t value) { return _mm512_set1_epi8(static_cast<char>(value)); }
  static Floats Load(const float* from) { return _mm512_load_ps(from); }
  static Integers LoadIntegers(const int32_t* from) { return _mm512_load_si512(from); }
  static Integers LoadCodes(const void* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  static Floats Add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Integers Add(Integers a, Integers b) { return _mm512_add_epi32(a, b); }
  static Floats ToFloats(Integers a) { return _mm512_cvtepi32_ps(a); }
  // As the control register says: to nearest, like all operations here.
  static Integers Nearest(Floats a) { return _mm512_cvtps_epi32(a); }
  static Integers PackWords(Integers a, Integers b) { return _mm512_packs_epi32(a, b); }
  static Integers PackBytes(Integers a, Integers b) { return _mm512_packus_epi16(a, b); }
  static Integers AddWords(Integers a, Integers b) { return _mm512_adds_epi16(a, b); }
  static Integers MaxBytes(Integers a, Integers b) { return _mm512_max_epu8(a, b); }
  static Integers MinBytes(Integers a, Integers b) { return _mm512_min_epu8(a, b); }
  static Integers Xor(Integers a, Integers b) { return _mm512_xor_si512(a, b); }
  static Integers InOrder(Integers bytes) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, bytes);
  }
  template <numerics::Activation kActivation>
  static void Activate(Floats (&values)[4]) {
    for (Floats& value : values) value = numerics::Activate<Avx512, kActivation>(value);
  }
  template <int kRows, int kRow>
  static void StoreRow(char* to, Integers bytes) {
    if constexpr (kRows == 2) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_extracti64x4_epi64(bytes, kRow));
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_extracti32x4_epi32(bytes, kRow));
    }
  }
};

}  // namespace

const EpilogueKernels& Avx512EpilogueKernels() {
  static constexpr EpilogueKernels kKernels = MakeVectorEpilogue<Avx512>(FinishCodes<TileCodesAvx512>);
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
