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
};

}  // namespace

void AvxVnniDepthwise(const DepthwiseTile& tile) { DepthwiseVectors<DepthwiseDot<AvxVnni>>::Run(tile); }

}  // namespace cpu
}  // namespace octet
