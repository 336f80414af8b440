// SPDX-License-Identifier: Apache-2.0
// The layout of packed weights, the same for every backend and instruction set:
//
//     header        PackedGemmHeader, 64 bytes
//     scales        f32, one a column of the output
//     sums          s32, (sum of codes) - K * (zero point), mod 2^32
//     zero points   s32; absent where all are 0
//     panels        kPanelColumns columns each; the last one may have half as many
//
// Columns beyond N are zeros, up to the next multiple of kHalfPanel. A section starts at a multiple of 64 bytes.
//
// In a panel of c columns the codes of four neighbouring k lie side by side: [K / 4][c][4] bytes. u8 codes are stored
// less 128. That is the order in which vpdpbusd takes them and serves the instruction sets without it as well, so one
// layout does for all. Half bytes hold code + 8 (u8: the code), 8 neighbouring k in 4 bytes: [K / 8][c][4], k = 8 g + j
// in the lower half of byte j and 8 g + 4 + j in the upper one, so that a mask and a shift make two groups of four.
// Codes beyond K are 0.
#ifndef OCTET_CORE_PACKED_GEMM_H_
#define OCTET_CORE_PACKED_GEMM_H_

#include <cstdint>

namespace octet {

constexpr int64_t kPanelColumns = 32;
constexpr int64_t kHalfPanel = 16;
constexpr int64_t kGroup = 4;
constexpr int64_t kPackAlignment = 64;

struct PackedGemmHeader {
  char magic[8];
  uint32_t version;
  /** 8 or 4. */
  uint32_t bits;
  int64_t n;
  int64_t k;
  int64_t has_zero_points;
  int64_t bytes;
  int64_t unused[2];
};
static_assert(sizeof(PackedGemmHeader) == 64, "a section");

constexpr char kPackedGemmMagic[8] = {'o', 'c', 't', 'g', 'e', 'm', 'm', '\0'};
constexpr uint32_t kPackedGemmVersion = 1;

constexpr int64_t RoundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/** Where the sections of packed weights lie: offsets in bytes. */
struct PackedGemmLayout {
  int64_t scales;
  int64_t sums;
  /** 0 if absent. */
  int64_t zero_points;
  int64_t panels;
  int64_t bytes;
  /** Bytes of a whole panel. */
  int64_t panel_bytes;
};

/** n and k at most 2^31, so that nothing overflows. */
inline PackedGemmLayout LayoutOf(int64_t n, int64_t k, int bits, bool has_zero_points) {
  const int64_t columns = RoundUp(n, kHalfPanel);
  PackedGemmLayout layout;
  layout.scales = sizeof(PackedGemmHeader);
  layout.sums = layout.scales + columns * 4;
  layout.zero_points = has_zero_points ? layout.sums + columns * 4 : 0;
  layout.panels = layout.sums + columns * (has_zero_points ? 8 : 4);
  const int64_t codes_a_group = bits == 8 ? kGroup : 2 * kGroup;
  const int64_t column_bytes = RoundUp(k, codes_a_group) / codes_a_group * 4;
  layout.panel_bytes = column_bytes * kPanelColumns;
  layout.bytes = layout.panels + column_bytes * columns;
  return layout;
}

/** Checked packed weights. */
struct PackedGemm {
  int64_t n = 0;
  int64_t k = 0;
  int bits = 8;
  const float* scales = nullptr;
  const int32_t* sums = nullptr;
  /** Null: all 0. */
  const int32_t* zero_points = nullptr;
  const uint8_t* panels = nullptr;
  int64_t panel_bytes = 0;
};

inline PackedGemm PackedGemmAt(const char* block, int64_t n, int64_t k, int bits, bool has_zero_points) {
  const PackedGemmLayout layout = LayoutOf(n, k, bits, has_zero_points);
  PackedGemm view;
  view.n = n;
  view.k = k;
  view.bits = bits;
  view.scales = reinterpret_cast<const float*>(block + layout.scales);
  view.sums = reinterpret_cast<const int32_t*>(block + layout.sums);
  if (has_zero_points) view.zero_points = reinterpret_cast<const int32_t*>(block + layout.zero_points);
  view.panels = reinterpret_cast<const uint8_t*>(block + layout.panels);
  view.panel_bytes = layout.panel_bytes;
  return view;
}

}  // namespace octet

#endif  // OCTET_CORE_PACKED_GEMM_H_
