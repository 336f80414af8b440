// SPDX-License-Identifier: Apache-2.0
#include "cpu/depthwise_kernels.h"
#include "cpu/depthwise_tile.h"

namespace octet {
namespace cpu {
namespace {

struct AvxVnni {
  static constexpr bool kManyRegisters = false;
  static __m256i Dot(__m256i sums, __m256i activations, __m256i weights) {
    return _mm256_dpbusd_avx_epi32(sums, activations, weights);
  }
  struct Part {
    static constexpr int kVectors = 1;
    __m256i sums = _mm256_setzero_si256();
    void Add(const __m256i* a, const __m256i* weights) { sums = Dot(sums, *a, *weights); }
    __m256i Sums(int) const { return sums; }
  };
};

}  // namespace

void AvxVnniDepthwise(const DepthwiseTile& tile) { DepthwiseVectors<DepthwiseDot<AvxVnni>>::Run(tile); }

}  // namespace cpu
}  // namespace octet
