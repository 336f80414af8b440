// SPDX-License-Identifier: Apache-2.0
#include "cpu/depthwise_kernels.h"
#include "cpu/depthwise_tile.h"

namespace octet {
namespace cpu {
namespace {

/** Bytes are widened to s16, and vpmaddwd adds two exact products to a lane: two lanes a channel until the end. */
struct Avx2Madd {
  static constexpr bool kManyRegisters = false;
  static constexpr int kSums = 8;
  static constexpr int kWeights = 8;
  static void Prepare(__m256i weights, __m256i* to) {
    to[0] = _mm256_srai_epi16(_mm256_unpacklo_epi8(weights, weights), 8);
    to[1] = _mm256_srai_epi16(_mm256_unpackhi_epi8(weights, weights), 8);
  }
  static void Add(const __m256i (&a)[4], const __m256i* weights, __m256i (&sums)[kSums]) {
    const __m256i zero = _mm256_setzero_si256();
    for (int q = 0; q < 4; ++q) {
      const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi8(a[q], zero), weights[2 * q]);
      const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi8(a[q], zero), weights[2 * q + 1]);
      sums[2 * q] = _mm256_add_epi32(sums[2 * q], low);
      sums[2 * q + 1] = _mm256_add_epi32(sums[2 * q + 1], high);
    }
  }
  static __m256i Sums(const __m256i (&sums)[kSums], int q) { return _mm256_hadd_epi32(sums[2 * q], sums[2 * q + 1]); }
};

}  // namespace

void Avx2Depthwise(const DepthwiseTile& tile) { DepthwiseVectors<Avx2Madd>::Run(tile); }

}  // namespace cpu
}  // namespace octet
