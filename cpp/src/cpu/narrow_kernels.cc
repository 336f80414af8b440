// SPDX-License-Identifier: Apache-2.0
#include "cpu/narrow_kernels.h"

#include <algorithm>

#include "core/packed_gemm.h"
#include "cpu/isa.h"

namespace octet {
namespace cpu {
namespace {

/** The reference. */
template <int kChannels>
struct ScalarNarrow {
  static void Prepare(const int8_t* panel, int64_t taps, int columns, int8_t* to) {
    std::copy_n(panel, taps * kChannels * columns, to);
  }

  static void Tile(const NarrowTile& tile) {
    for (int row = 0; row < tile.rows; ++row) {
      for (int column = 0; column < tile.columns; ++column) {
        const uint8_t* const group = tile.a + row * tile.a_stride + column / kChannels * kChannels;
        int32_t sum = 0;
        for (int64_t k = 0; k < tile.taps * kChannels; ++k) {
          const int32_t activation = group[tile.tap_offsets[k / kChannels] + k % kChannels];
          const int32_t weight = tile.b[(k / kGroup * tile.columns + column) * kGroup + k % kGroup];
          sum += activation * weight;
        }
        tile.sums[row * kPanelColumns + column] = sum;
      }
    }
  }

  static void Copy(const char* from, int64_t stride, int64_t count, uint8_t flip, uint8_t* to) {
    for (int64_t i = 0; i < count * kNarrowPixel; ++i) {
      to[i] = static_cast<uint8_t>(from[i / kNarrowPixel * stride + i % kNarrowPixel]) ^ flip;
    }
  }

  static constexpr NarrowKernels kKernels = {Prepare, Tile, Copy};
};

}  // namespace

const NarrowKernels& ScalarNarrowKernels(int64_t channels) {
  return channels == 4 ? ScalarNarrow<4>::kKernels : ScalarNarrow<8>::kKernels;
}

const NarrowKernels& CurrentNarrowKernels(int64_t channels) {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8:
    case OCTET_ISA_AVX512_VNNI:
      return Avx512VnniNarrowKernels(channels);
    case OCTET_ISA_AVX_VNNI:
      return AvxVnniNarrowKernels(channels);
    case OCTET_ISA_AVX512:
      return Avx512NarrowKernels(channels);
    case OCTET_ISA_AVX2:
      return Avx2NarrowKernels(channels);
#endif
    default:
      return ScalarNarrowKernels(channels);
  }
}

}  // namespace cpu
}  // namespace octet
