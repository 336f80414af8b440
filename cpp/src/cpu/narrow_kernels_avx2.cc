// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/narrow_kernels.h"
#include "cpu/narrow_tile.h"

namespace octet {
namespace cpu {
namespace {

/** Bytes are widened to s16, and vpmaddwd adds two exact products to a lane; vpmaddubsw would saturate. */
struct Avx2Madd {
  using Vector = __m256i;
  using Index = __m256i;
  static constexpr int kBlocks = 2;
  static constexpr int kUnit = 2;
  static constexpr int kRegisters = 16;
  static constexpr int kOtherRegisters = 2;

  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Load(const Vector* from) { return _mm256_load_si256(from); }
  static Vector Dot(Vector sums, Vector activations, Vector weights) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(activations, weights));
  }
  static Vector DotAt(Vector sums, Vector activations, const Vector* weights) {
    // The compiler would load weights once for all pixels, and has no registers for them.
    Vector products;
    asm("vpmaddwd %[weights], %[activations], %[products]"
        : [products] "=x"(products)
        : [activations] "x"(activations), [weights] "m"(*weights));
    sums = _mm256_add_epi32(sums, products);
    asm("" : "+x"(sums));
    return sums;
  }
  static Vector Spread(const uint8_t* from) {
    int64_t eight;
    __builtin_memcpy(&eight, from, sizeof(eight));
    return _mm256_cvtepu8_epi16(_mm_set1_epi64x(eight));
  }
  template <int kTimes>
  static Vector SpreadAt(const uint8_t* from, int64_t index) {
    return Spread(from + index * kTimes);
  }

  static Index IndexOf(const NarrowLane (&lanes)[8], int columns) {
    alignas(32) int32_t places[8];
    for (int i = 0; i < 8; ++i) places[i] = columns * lanes[i].group_of_four + lanes[i].column;
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(places));
  }
  template <int kChannels>
  static Vector Pick(const int8_t* panel, int, Index index) {
    const Vector fours = _mm256_i32gather_epi32(reinterpret_cast<const int*>(panel), index, 4);
    // Two of them become the upper bytes of s16: every other lane has the second two.
    const __m256i twos =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(-1, 0, -1, 1, -1, 6, -1, 7, -1, 8, -1, 9, -1, 14, -1, 15));
    return _mm256_srai_epi16(_mm256_shuffle_epi8(fours, twos), 8);
  }

  template <int kChannels>
  OCTET_INLINE static void Finish(const Vector (&sums)[kChannels / kBlocks], int32_t* to) {
    __m256i* const out = reinterpret_cast<__m256i*>(to);
    if constexpr (kChannels == 4) {
      // Of two groups channels 0 and 1, then 2 and 3.
      const Index order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
      _mm256_store_si256(out, _mm256_permutevar8x32_epi32(_mm256_hadd_epi32(sums[0], sums[1]), order));
    } else {
      const Vector first = _mm256_hadd_epi32(sums[0], sums[1]);
      const Vector second = _mm256_hadd_epi32(sums[2], sums[3]);
      _mm256_store_si256(out, _mm256_hadd_epi32(first, second));
    }
  }
};

}  // namespace

const NarrowKernels& Avx2NarrowKernels(int64_t channels) { return NarrowVectorKernels<Avx2Madd>(channels); }

}  // namespace cpu
}  // namespace octet
