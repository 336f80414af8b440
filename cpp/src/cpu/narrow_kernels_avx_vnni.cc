// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/narrow_kernels.h"
#include "cpu/narrow_tile.h"

namespace octet {
namespace cpu {
namespace {

struct AvxVnni {
  using Vector = __m256i;
  using Index = __m256i;
  static constexpr int kBlocks = 2;
  static constexpr int kUnit = 4;
  static constexpr int kRegisters = 16;
  static constexpr int kOtherRegisters = 1;

  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Load(const Vector* from) { return _mm256_load_si256(from); }
  static Vector Dot(Vector sums, Vector activations, Vector weights) {
    return _mm256_dpbusd_avx_epi32(sums, activations, weights);
  }
  static Vector DotAt(Vector sums, Vector activations, const Vector* weights) {
    // The compiler would load weights once for all pixels, and has no registers for them.
    asm("%{vex%} vpdpbusd %[weights], %[activations], %[sums]"
        : [sums] "+x"(sums)
        : [activations] "x"(activations), [weights] "m"(*weights));
    return sums;
  }
  static Vector Spread(const uint8_t* from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
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
    return _mm256_i32gather_epi32(reinterpret_cast<const int*>(panel), index, 4);
  }

  template <int kChannels>
  OCTET_INLINE static void Finish(const Vector (&sums)[kChannels / kBlocks], int32_t* to) {
    __m256i* const out = reinterpret_cast<__m256i*>(to);
    if constexpr (kChannels == 4) {
      // Channels 0 and 2 of four groups, and 1 and 3. Two groups: channels 0, 1 of each, then 2, 3.
      const Vector first = _mm256_unpacklo_epi32(sums[0], sums[1]);
      const Vector second = _mm256_unpackhi_epi32(sums[0], sums[1]);
      _mm256_store_si256(out, _mm256_permute4x64_epi64(first, 0xd8));
      _mm256_store_si256(out + 1, _mm256_permute4x64_epi64(second, 0xd8));
    } else {
      // Two groups each: channels 0, 1 and 4, 5, and 2, 3 and 6, 7.
      const __m256 first = _mm256_castsi256_ps(_mm256_hadd_epi32(sums[0], sums[1]));
      const __m256 second = _mm256_castsi256_ps(_mm256_hadd_epi32(sums[2], sums[3]));
      _mm256_store_si256(out, _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88)));
      _mm256_store_si256(out + 1, _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xdd)));
    }
  }
};

}  // namespace

const NarrowKernels& AvxVnniNarrowKernels(int64_t channels) { return NarrowVectorKernels<AvxVnni>(channels); }

}  // namespace cpu
}  // namespace octet
