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
};

}  // namespace

void Avx512VnniDepthwise(const DepthwiseTile& tile) { DepthwiseVectors<DepthwiseDot<Avx512Vnni>>::Run(tile); }

}  // namespace cpu
}  // namespace octet
