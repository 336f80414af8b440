// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/narrow_kernels.h"
#include "cpu/narrow_tile.h"

namespace octet {
namespace cpu {
namespace {

struct Avx512Vnni {
  using Vector = __m512i;
  using Index = __m512i;
  static constexpr int kBlocks = 4;
  static constexpr int kUnit = 4;
  static constexpr int kRegisters = 32;
  static constexpr int kOtherRegisters = 2;

  static Vector Zero() { return _mm512_setzero_si512(); }
  static Vector Load(const Vector* from) { return _mm512_load_si512(from); }
  static Vector Dot(Vector sums, Vector activations, Vector weights) {
    return _mm512_dpbusd_epi32(sums, activations, weights);
  }
  static Vector Spread(const uint8_t* from) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  template <int kTimes>
  static Vector SpreadAt(const uint8_t* from, int64_t index) {
    // As in gemm_kernels_avx512_vnni.cc: GCC 12 would not take the product as a part of the address.
    Vector sixteen;
    asm("vbroadcasti32x4 (%[from],%[index],%c[times]), %[sixteen]"
        : [sixteen] "=v"(sixteen)
        : [from] "r"(from), [index] "r"(index), [times] "i"(kTimes),
          "m"(*reinterpret_cast<const char(*)[INT32_MAX]>(from)));
    return sixteen;
  }

  static Index IndexOf(const NarrowLane (&lanes)[16], int) {
    alignas(64) int32_t places[16];
    for (int i = 0; i < 16; ++i) places[i] = 16 * lanes[i].group_of_four + lanes[i].column;
    return _mm512_load_si512(places);
  }
  template <int kChannels>
  static Vector Pick(const int8_t* panel, int columns, Index index) {
    const Vector first = _mm512_load_si512(panel);
    if constexpr (kChannels == 4) return _mm512_permutexvar_epi32(index, first);
    return _mm512_permutex2var_epi32(first, index, _mm512_load_si512(panel + columns * kGroup));
  }

  template <int kChannels>
  OCTET_INLINE static void Finish(const Vector (&sums)[kChannels / kBlocks], int32_t* to) {
    if constexpr (kChannels == 4) {
      // Of block b channel b of four groups.
      const Index order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
      _mm512_store_si512(to, _mm512_permutexvar_epi32(order, sums[0]));
    } else {
      // Of block b channels 2 b of two groups, then 2 b + 1.
      const __m512 even = _mm512_castsi512_ps(sums[0]);
      const __m512 odd = _mm512_castsi512_ps(sums[1]);
      const Vector all = _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(even, odd, 0x88)),
                                          _mm512_castps_si512(_mm512_shuffle_ps(even, odd, 0xdd)));
      const Index order = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
      _mm512_store_si512(to, _mm512_permutexvar_epi32(order, all));
    }
  }
};

}  // namespace

const NarrowKernels& Avx512VnniNarrowKernels(int64_t channels) { return NarrowVectorKernels<Avx512Vnni>(channels); }

}  // namespace cpu
}  // namespace octet
