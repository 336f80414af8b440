// SPDX-License-Identifier: Apache-2.0
// Packed weights in floats, the same for every backend and instruction set: a header of 64 bytes, then panels of
// kPanelColumns columns, the last one of half as many if that is enough. A panel of c columns is [K][c] f32; columns
// beyond N are zeros.
#ifndef OCTET_CORE_PACKED_FLOAT_H_
#define OCTET_CORE_PACKED_FLOAT_H_

#include <algorithm>
#include <cstdint>

#include "core/packed_gemm.h"

namespace octet {

struct PackedFloatHeader {
  char magic[8];
  uint32_t version;
  uint32_t unused;
  int64_t n;
  int64_t k;
  int64_t bytes;
  int64_t more_unused[3];
};
static_assert(sizeof(PackedFloatHeader) == 64, "a multiple of the alignment");

constexpr char kPackedFloatMagic[8] = {'o', 'c', 't', 'g', 'e', 'm', 'f', '\0'};
constexpr uint32_t kPackedFloatVersion = 1;

/** Columns of panel number `panel`, those beyond n included. */
inline int64_t PanelColumnsOf(int64_t n, int64_t panel) {
  return std::min(kPanelColumns, RoundUp(n, kHalfPanel) - panel * kPanelColumns);
}

/** Panels of floats. */
struct FloatPanels {
  int64_t n = 0;
  int64_t k = 0;
  const float* data = nullptr;

  static int64_t BytesOf(int64_t n, int64_t k) { return RoundUp(n, kHalfPanel) * k * 4; }
  const float* Panel(int64_t panel) const { return data + panel * kPanelColumns * k; }
};

}  // namespace octet

#endif  // OCTET_CORE_PACKED_FLOAT_H_
