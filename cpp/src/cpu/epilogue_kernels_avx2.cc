// SPDX-License-Identifier: Apache-2.0
#include "cpu/epilogue_kernels.h"
#include "cpu/vector_avx2.h"
#include "cpu/vector_epilogue.h"
#include "cpu/vector_tile_codes.h"

namespace octet {
namespace cpu {
namespace {

struct TileCodesAvx2 {
  using Floats = __m256;
  using Integers = __m256i;
  static constexpr int kLanes = 8;
  static Floats Set(float value) { return _mm256_set1_ps(value); }
  static Integers SetWords(int16_t value) { return _mm256_set1_epi16(value); }
  static Integers SetBytes(uint8_t value) { return _mm256_set1_epi8(static_cast<char>(value)); }
  static Floats Load(const float* from) { return _mm256_load_ps(from); }
  static Integers LoadIntegers(const int32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Integers LoadCodes(const void* from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(from)));
  }
  static Floats Add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Integers Add(Integers a, Integers b) { return _mm256_add_epi32(a, b); }
  static Floats ToFloats(Integers a) { return _mm256_cvtepi32_ps(a); }
  // As the control register says: to nearest, like all operations here.
  static Integers Nearest(Floats a) { return _mm256_cvtps_epi32(a); }
  static Integers PackWords(Integers a, Integers b) { return _mm256_packs_epi32(a, b); }
  static Integers PackBytes(Integers a, Integers b) { return _mm256_packus_epi16(a, b); }
  static Integers AddWords(Integers a, Integers b) { return _mm256_adds_epi16(a, b); }
  static Integers MaxBytes(Integers a, Integers b) { return _mm256_max_epu8(a, b); }
  static Integers MinBytes(Integers a, Integers b) { return _mm256_min_epu8(a, b); }
  static Integers Xor(Integers a, Integers b) { return _mm256_xor_si256(a, b); }
  static Integers InOrder(Integers bytes) {
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }
  template <numerics::Activation kActivation>
  static void Activate(Floats (&values)[4]) {
    for (int i = 0; i < 4; i += 2) {
      const Avx2::Floats two = numerics::Activate<Avx2, kActivation>({values[i], values[i + 1]});
      values[i] = two.low;
      values[i + 1] = two.high;
    }
  }
  template <int kRows, int kRow>
  static void StoreRow(char* to, Integers bytes) {
    if constexpr (kRows == 1) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_extracti128_si256(bytes, kRow));
    }
  }
};

}  // namespace

const EpilogueKernels& Avx2EpilogueKernels() {
  static constexpr EpilogueKernels kKernels = MakeVectorEpilogue<Avx2>(FinishCodes<TileCodesAvx2>);
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
