// SPDX-License-Identifier: Apache-2.0
#include "cpu/depthwise_kernels.h"
#include "cpu/depthwise_tile.h"

namespace octet {
namespace cpu {
namespace {

struct Avx512Vnni {
  static constexpr bool kManyRegisters = true;
  static __m256i Dot(__m256i sums, __m256i activations, __m256i weights) {
    return _mm256_dpbusd_epi32(sums, activations, weights);
  }
  struct Part {
    static constexpr int kVectors = 2;
    __m512i sums = _mm512_setzero_si512();
    void Add(const __m256i* a, const __m256i* weights) {
      sums = _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(a), _mm512_loadu_si512(weights));
    }
    __m256i Sums(int v) const { return v == 0 ? _mm512_castsi512_si256(sums) : _mm512_extracti64x4_epi64(sums, 1); }
  };
};

}  // namespace

void Avx512VnniDepthwise(const DepthwiseTile& tile) { DepthwiseVectors<DepthwiseDot<Avx512Vnni>>::Run(tile); }

}  // namespace cpu
}  // namespace octet
