// SPDX-License-Identifier: Apache-2.0
// The reference.
#include "core/packed_gemm.h"
#include "cpu/gemm_bytes.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {
namespace {

void Tile(const GemmTile& tile) {
  const uint8_t* a = static_cast<const uint8_t*>(tile.a);
  const int half = tile.second_half == 0 ? tile.rows : tile.rows / 2;
  for (int row = 0; row < tile.rows; ++row) {
    const int64_t row_offset = row < half ? row * tile.a_stride : tile.second_half + (row - half) * tile.a_stride;
    for (int column = 0; column < tile.columns; ++column) {
      // Unsigned, so that sums of part of the products may wrap around.
      uint32_t sum = 0;
      for (int64_t g = 0; g < tile.runs * tile.groups; ++g) {
        const int64_t offset = tile.run_offsets[g / tile.groups] + g % tile.groups * kGroup;
        for (int64_t j = 0; j < kGroup; ++j) {
          const int32_t activation = a[row_offset + offset + j];
          const int32_t weight = tile.b[(g * tile.columns + column) * kGroup + j];
          sum += static_cast<uint32_t>(activation * weight);
        }
      }
      int32_t* out = tile.sums + row * kPanelColumns + column;
      *out = static_cast<int32_t>(tile.add ? static_cast<uint32_t>(*out) + sum : sum);
    }
  }
}

constexpr GemmKernels kKernels = {kMaxTileRows, true,      false,      Tile,     0,
                                  nullptr,      FlipBytes, WidenBytes, SumBytes, UnpackHalfBytes};

}  // namespace

const GemmKernels& ScalarGemmKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
