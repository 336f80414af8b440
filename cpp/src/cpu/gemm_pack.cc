// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "core/packed_gemm.h"
#include "cpu/backend.h"
#include "cpu/compact.h"

namespace octet {
namespace cpu {
namespace {

/** What is taken from a code to make it the s8 that is multiplied. */
int32_t Middle(ElementType type, int bits) {
  if (type == ElementType::kS8) return 0;
  return bits == 8 ? 128 : 8;
}

float ZeroPoint(const GridView& grid, int64_t index) {
  return grid.has_zero_float ? numerics::ZeroPointOf(LoadCompact(grid.zero_float, index), grid.limits) : 0.0f;
}

/** The number of the grid parameter for a row of the weights. */
int64_t ParameterOf(const GridView& grid, int64_t row, int64_t rows) {
  return grid.axis < 0 ? 0 : row / (rows / grid.delta.count);
}

class Packer {
 public:
  Packer(const TensorView& weights, int bits, const PackedGemmLayout& layout, char* packed)
      : weights_(weights),
        n_(weights.shape[0]),
        k_(weights.shape[1]),
        bits_(bits),
        middle_(Middle(weights.type, bits)),
        layout_(layout),
        packed_(packed) {}

  bool Codes() {
    if (bits_ == 8 && weights_.strides[1] == 1) {
      for (int64_t n = 0; n < n_; n += kPanelColumns) BytePanel(n);
      return true;
    }
    for (int64_t n = 0; n < n_; ++n) {
      for (int64_t k = 0; k < k_; ++k) {
        const int32_t code = CodeAt(n, k);
        if (bits_ == 4 && (code < -8 || code > 7)) return false;
        Put(n, k, code);
      }
      // Half bytes hold code + 8: what lies beyond K is a code too.
      for (int64_t k = k_; bits_ == 4 && k < RoundUp(k_, 2 * kGroup); ++k) Put(n, k, 0);
    }
    for (int64_t n = n_; bits_ == 4 && n < RoundUp(n_, kHalfPanel); ++n) {
      for (int64_t k = 0; k < RoundUp(k_, 2 * kGroup); ++k) Put(n, k, 0);
    }
    return true;
  }

  void Parameters(const GridView& grid, const GridRows& rows) {
    for (int64_t n = 0; n < n_; ++n) {
      const int64_t parameter = ParameterOf(grid, rows.first + n, rows.all);
      const float scale = numerics::ScaleOf(LoadCompact(grid.delta, parameter), grid.eps, grid.log_domain);
      const int32_t zero_point = static_cast<int32_t>(ZeroPoint(grid, parameter)) - middle_;
      uint32_t sum = SumOfRow(n);
      sum -= static_cast<uint32_t>(k_) * static_cast<uint32_t>(zero_point);
      std::memcpy(packed_ + layout_.scales + n * 4, &scale, 4);
      std::memcpy(packed_ + layout_.sums + n * 4, &sum, 4);
      if (layout_.zero_points != 0) std::memcpy(packed_ + layout_.zero_points + n * 4, &zero_point, 4);
    }
  }

 private:
  const char* RowAt(int64_t n) const { return weights_.data + n * weights_.strides[0]; }

  /**
   * Packs the columns of a panel from rows whose bytes lie side by side: in the order of the packed bytes, a group of
   * each row at a time. A model of 10 million weights is opened in 30 ms less than with Put for every byte.
   */
  void BytePanel(int64_t first) {
    static_assert(kGroup == sizeof(uint32_t), "a group is moved as a word");
    const int64_t columns = std::min(kPanelColumns, RoundUp(n_, kHalfPanel) - first);
    const int64_t rows = std::min(columns, n_ - first);
    const uint32_t flip = middle_ == 0 ? 0 : 0x80808080u;  // code - 128 has the bits of code ^ 128
    const int64_t whole = k_ / kGroup * kGroup;
    char* to = packed_ + layout_.panels + first / kPanelColumns * layout_.panel_bytes;
    for (int64_t k = 0; k < whole; k += kGroup, to += columns * kGroup) {
      for (int64_t row = 0; row < rows; ++row) {
        uint32_t group;
        std::memcpy(&group, RowAt(first + row) + k, sizeof(group));
        group ^= flip;
        std::memcpy(to + row * kGroup, &group, sizeof(group));
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t k = whole; k < k_; ++k) Put(first + row, k, CodeAt(first + row, k));
    }
  }

  uint32_t SumOfRow(int64_t n) const {
    uint32_t sum = 0;
    if (weights_.type == ElementType::kS8 && weights_.strides[1] == 1) {
      const signed char* row = reinterpret_cast<const signed char*>(RowAt(n));
      for (int64_t k = 0; k < k_; ++k) sum += static_cast<uint32_t>(int32_t{row[k]});
      return sum;
    }
    for (int64_t k = 0; k < k_; ++k) sum += static_cast<uint32_t>(CodeAt(n, k));
    return sum;
  }

  int32_t CodeAt(int64_t n, int64_t k) const {
    const char byte = weights_.data[n * weights_.strides[0] + k * weights_.strides[1]];
    const int32_t code = weights_.type == ElementType::kS8 ? static_cast<signed char>(byte)
                                                           : static_cast<int32_t>(static_cast<unsigned char>(byte));
    return code - middle_;
  }

  void Put(int64_t n, int64_t k, int32_t code) {
    const int64_t panel = n / kPanelColumns;
    const int64_t column = n % kPanelColumns;
    const int64_t columns = std::min(kPanelColumns, RoundUp(n_, kHalfPanel) - panel * kPanelColumns);
    char* codes = packed_ + layout_.panels + panel * layout_.panel_bytes;
    if (bits_ == 8) {
      codes[(k / kGroup * columns + column) * kGroup + k % kGroup] = static_cast<char>(code);
      return;
    }
    const int64_t in_group = k % (2 * kGroup);
    char& pair = codes[(k / (2 * kGroup) * columns + column) * kGroup + in_group % kGroup];
    pair = static_cast<char>(pair | (code + 8) << (in_group < kGroup ? 0 : 4));
  }

  const TensorView& weights_;
  const int64_t n_;
  const int64_t k_;
  const int bits_;
  const int32_t middle_;
  const PackedGemmLayout& layout_;
  char* const packed_;
};

}  // namespace

bool GemmHasZeroPoints(const GridView& grid, ElementType type, int bits) {
  for (int64_t i = 0; i < grid.delta.count; ++i) {
    if (static_cast<int32_t>(ZeroPoint(grid, i)) != Middle(type, bits)) return true;
  }
  return false;
}

bool PackGemm(const TensorView& weights, const GridView& grid, const GridRows& rows, int bits, bool has_zero_points,
              char* packed) {
  const int64_t n = weights.shape[0];
  const int64_t k = weights.shape[1];
  const PackedGemmLayout layout = LayoutOf(n, k, bits, has_zero_points);
  std::memset(packed, 0, static_cast<size_t>(layout.bytes));
  Packer packer(weights, bits, layout, packed);
  if (!packer.Codes()) return false;
  packer.Parameters(grid, rows);
  PackedGemmHeader header = {};
  std::memcpy(header.magic, kPackedGemmMagic, sizeof(header.magic));
  header.version = kPackedGemmVersion;
  header.bits = static_cast<uint32_t>(bits);
  header.n = n;
  header.k = k;
  header.has_zero_points = has_zero_points ? 1 : 0;
  header.bytes = layout.bytes;
  std::memcpy(packed, &header, sizeof(header));
  return true;
}

}  // namespace cpu
}  // namespace octet
