// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/device_weights.h"

#include <algorithm>
#include <cstring>

#include "core/device_gemm.h"
#include "cuda/place_block.h"

namespace octet {
namespace cuda {
namespace {

void WriteRow(const PackedGemm& packed, int bits, int64_t row, char* to) {
  for (int64_t k = 0; k < packed.k; ++k) {
    const int32_t code = PackedCode(packed, row, k);
    if (bits == 8) {
      to[k] = static_cast<char>(code);
    } else {
      char& pair = to[k / 32 * 16 + k % 16];
      pair = static_cast<char>(pair | (code & 15) << (k % 32 < 16 ? 0 : 4));
    }
  }
}

}  // namespace

int32_t PackedCode(const PackedGemm& packed, int64_t row, int64_t k) {
  const int64_t panel = row / kPanelColumns;
  const int64_t column = row % kPanelColumns;
  const int64_t columns = std::min(kPanelColumns, RoundUp(packed.n, kHalfPanel) - panel * kPanelColumns);
  const uint8_t* codes = packed.panels + panel * packed.panel_bytes;
  if (packed.bits == 8) {
    return static_cast<int8_t>(codes[(k / kGroup * columns + column) * kGroup + k % kGroup]);
  }
  const int64_t in_group = k % (2 * kGroup);
  const int pair = codes[(k / (2 * kGroup) * columns + column) * kGroup + in_group % kGroup];
  return (in_group < kGroup ? pair & 15 : pair >> 4) - 8;
}

void WriteDeviceBlock(const PackedGemm& packed, char* block) {
  const int bits = DeviceBitsOf(packed.k, packed.bits);
  const DeviceGemmLayout layout = DeviceLayoutOf(packed.n, packed.k, bits, packed.zero_points != nullptr);
  std::memset(block, 0, static_cast<size_t>(layout.bytes));
  if (packed.n == 0) return;
  const size_t columns = static_cast<size_t>(packed.n) * 4;
  std::memcpy(block + layout.scales, packed.scales, columns);
  std::memcpy(block + layout.sums, packed.sums, columns);
  if (packed.zero_points != nullptr) std::memcpy(block + layout.zero_points, packed.zero_points, columns);
  for (int64_t row = 0; row < packed.n; ++row) WriteRow(packed, bits, row, block + layout.codes + row * layout.stride);
}

octet_status PlaceGemm(const Call* call, const PackedGemm* packed, void* block) {
  const int bits = DeviceBitsOf(packed->k, packed->bits);
  const int64_t bytes = DeviceLayoutOf(packed->n, packed->k, bits, packed->zero_points != nullptr).bytes;
  return PlaceBlock<char>(call, bytes, block, [packed](char* host) { WriteDeviceBlock(*packed, host); });
}

}  // namespace cuda
}  // namespace octet
