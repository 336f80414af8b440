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
    for (int q = 0; q < 4; ++q) AddTo(a[q], weights + 2 * q, sums + 2 * q);
  }
  static __m256i Sums(const __m256i (&sums)[kSums], int q) { return _mm256_hadd_epi32(sums[2 * q], sums[2 * q + 1]); }
  struct Part {
    static constexpr int kVectors = 1;
    __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    void Add(const __m256i* a, const __m256i* weights) { AddTo(*a, weights, sums); }
    __m256i Sums(int) const { return _mm256_hadd_epi32(sums[0], sums[1]); }
  };

 private:
  static void AddTo(__m256i a, const __m256i* weights, __m256i* sums) {
    const __m256i zero = _mm256_setzero_si256();
    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(_mm256_unpacklo_epi8(a, zero), weights[0]));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(_mm256_unpackhi_epi8(a, zero), weights[1]));
  }
};

}  // namespace

void Avx2Depthwise(const DepthwiseTile& tile) { DepthwiseVectors<Avx2Madd>::Run(tile); }

}  // namespace cpu
}  // namespace octet
