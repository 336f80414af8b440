// SPDX-License-Identifier: Apache-2.0
#include "cpu/depthwise_kernels.h"

#include "core/packed_gemm.h"
#include "cpu/isa.h"

namespace octet {
namespace cpu {

/** The reference. */
void ScalarDepthwise(const DepthwiseTile& tile) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      // Unsigned, so that sums of part of the products may wrap around.
      uint32_t sum = 0;
      for (int64_t tap = 0; tap < tile.groups * kGroup; ++tap) {
        const int32_t activation = tile.a[row * tile.a_stride + tile.tap_offsets[tap] + column];
        const int32_t weight = tile.b[(tap / kGroup * tile.columns + column) * kGroup + tap % kGroup];
        sum += static_cast<uint32_t>(activation * weight);
      }
      int32_t* out = tile.sums + row * kPanelColumns + column;
      *out = static_cast<int32_t>(tile.add ? static_cast<uint32_t>(*out) + sum : sum);
    }
  }
}

DepthwiseKernel CurrentDepthwiseKernel() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8:
    case OCTET_ISA_AVX512_VNNI:
      return Avx512VnniDepthwise;
    case OCTET_ISA_AVX_VNNI:
      return AvxVnniDepthwise;
    case OCTET_ISA_AVX512:
    case OCTET_ISA_AVX2:
      return Avx2Depthwise;
#endif
    default:
      return ScalarDepthwise;
  }
}

}  // namespace cpu
}  // namespace octet
