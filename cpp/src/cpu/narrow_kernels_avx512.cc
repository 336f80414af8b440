// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/narrow_kernels.h"
#include "cpu/narrow_tile.h"

namespace octet {
namespace cpu {
namespace {

/** As on AVX2: bytes are widened to s16, and vpmaddwd adds two exact products to a lane. */
struct Avx512Madd {
  using Vector = __m512i;
  using Index = __m512i;
  static constexpr int kBlocks = 4;
  static constexpr int kUnit = 2;
  static constexpr int kRegisters = 32;
  static constexpr int kOtherRegisters = 2;

  static Vector Zero() { return _mm512_setzero_si512(); }
  static Vector Load(const Vector* from) { return _mm512_load_si512(from); }
  static Vector Dot(Vector sums, Vector activations, Vector weights) {
    return _mm512_add_epi32(sums, _mm512_madd_epi16(activations, weights));
  }
  static Vector Spread(const uint8_t* from) {
    int64_t eight;
    __builtin_memcpy(&eight, from, sizeof(eight));
    return _mm512_cvtepu8_epi16(_mm256_set1_epi64x(eight));
  }
  template <int kTimes>
  static Vector SpreadAt(const uint8_t* from, int64_t index) {
    return Spread(from + index * kTimes);
  }

  static Index IndexOf(const NarrowLane (&lanes)[16], int columns) {
    alignas(64) int32_t places[16];
    for (int i = 0; i < 16; ++i) places[i] = columns * lanes[i].group_of_four + lanes[i].column;
    return _mm512_load_si512(places);
  }
  template <int kChannels>
  static Vector Pick(const int8_t* panel, int, Index index) {
    const Vector fours = _mm512_i32gather_epi32(index, panel, 4);
    // Two of them become the upper bytes of s16: every other lane has the second two.
    const __m512i twos =
        _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 0, -1, 1, -1, 6, -1, 7, -1, 8, -1, 9, -1, 14, -1, 15));
    return _mm512_srai_epi16(_mm512_shuffle_epi8(fours, twos), 8);
  }

  template <int kChannels>
  OCTET_INLINE static void Finish(const Vector (&sums)[kChannels / kBlocks], int32_t* to) {
    Vector all;
    Index order;
    if constexpr (kChannels == 4) {
      // Of block b channel b of two groups, each in two lanes.
      all = _mm512_add_epi32(sums[0], _mm512_shuffle_epi32(sums[0], _MM_PERM_CDAB));
      order = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 0, 0, 0, 0, 0, 0, 0, 0);
    } else {
      // Of block b channels 2 b and 2 b + 1, each in the four lanes of its vector.
      const Vector halves =
          _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]), _mm512_unpackhi_epi32(sums[0], sums[1]));
      all = _mm512_add_epi32(halves, _mm512_shuffle_epi32(halves, _MM_PERM_BADC));
      order = _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    }
    const __m256i in_order = _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, all));
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), in_order);
  }
};

}  // namespace

const NarrowKernels& Avx512NarrowKernels(int64_t channels) { return NarrowVectorKernels<Avx512Madd>(channels); }

}  // namespace cpu
}  // namespace octet
