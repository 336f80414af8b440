// SPDX-License-Identifier: Apache-2.0
// Tiles of floats in vectors: every lane is a column and goes through k in order. D is an instruction set:
//
//   Floats                        lanes
//   kColumns                      how many
//   Zero(), Load(p), Store(p, a)  Load takes any alignment
//   Broadcast(p)                  the float at p in every lane
//   Add, Sub, Mul
//   Fma(a, b, c)                  a * b + c, rounded once
//   Codes                         as many s32 lanes of four bytes
//   LoadCodes(p)
//   Value<j>(codes)               byte j of every lane as a float
//   FromIntegers(p)               s32 at p as floats
#ifndef OCTET_CPU_FLOAT_TILE_H_
#define OCTET_CPU_FLOAT_TILE_H_

#include <cstdint>

#include "core/packed_gemm.h"
#include "cpu/float_kernels.h"
#include "cpu/gemm_rows.h"

namespace octet {
namespace cpu {

/** kRows rows and kVectors vectors of columns from first_column on. */
template <typename D, int kRows, int kVectors>
struct FloatSums {
  using Floats = typename D::Floats;

  OCTET_INLINE FloatSums() {
    ForEach([&](auto r, auto v) OCTET_INLINE { sums[r()][v()] = D::Zero(); });
  }

  OCTET_INLINE void Store(float* to, int first_column, bool add) const {
    ForEach([&](auto r, auto v) OCTET_INLINE {
      float* at = to + r() * kPanelColumns + first_column + v() * D::kColumns;
      D::Store(at, add ? D::Add(D::Load(at), sums[r()][v()]) : sums[r()][v()]);
    });
  }

  template <typename Body>
  OCTET_INLINE static void ForEach(const Body& body) {
    Repeat<kRows>([&](auto r) OCTET_INLINE { Repeat<kVectors>([&](auto v) OCTET_INLINE { body(r, v); }); });
  }

  Floats sums[kRows][kVectors];
};

template <typename D, int kRows, int kVectors>
void RunFloatTile(const FloatTile& tile, int first_column) {
  FloatSums<D, kRows, kVectors> all;
  const RowOffsets<kRows> rows(tile.a_stride);
  const char* a = reinterpret_cast<const char*>(tile.a);
  const float* b = tile.b + first_column;
  const int64_t step = tile.columns;
  constexpr int kUnrolled = 4;
  const auto one = [&](auto ahead) OCTET_INLINE {
    typename D::Floats columns[kVectors];
    Repeat<kVectors>([&](auto v) OCTET_INLINE { columns[v()] = D::Load(b + v() * D::kColumns); });
    Repeat<kRows>([&](auto r) OCTET_INLINE {
      constexpr int kAhead = decltype(ahead)::value * static_cast<int>(sizeof(float));
      const typename D::Floats row = D::Broadcast(a + kAhead + rows.template Of<decltype(r)::value>());
      Repeat<kVectors>([&](auto v) OCTET_INLINE {
        typename D::Floats& sum = all.sums[r()][v()];
        sum = D::Fma(row, columns[v()], sum);
      });
    });
    b += step;
  };
  int64_t k = 0;
  for (; k + kUnrolled <= tile.k; k += kUnrolled) {
    Repeat<kUnrolled>(one);
    a += kUnrolled * sizeof(float);
  }
  for (; k < tile.k; ++k) {
    one(std::integral_constant<int, 0>());
    a += sizeof(float);
  }
  all.Store(tile.sums, first_column, tile.add);
}

/** Parameters of the columns of a panel. */
template <typename D, int kVectors>
struct ColumnSteps {
  using Floats = typename D::Floats;

  OCTET_INLINE ColumnSteps(const CodePanel& panel, int first_column) {
    Repeat<kVectors>([&](auto v) OCTET_INLINE {
      const int at = first_column + v() * D::kColumns;
      scale[v()] = D::Load(panel.scales + at);
      zero_point[v()] = panel.zero_points != nullptr ? D::FromIntegers(panel.zero_points + at) : D::Zero();
    });
  }

  template <int kByte>
  OCTET_INLINE Floats Value(int v, typename D::Codes codes) const {
    return D::Mul(scale[v], D::Sub(D::template Value<kByte>(codes), zero_point[v]));
  }

  Floats scale[kVectors];
  Floats zero_point[kVectors];
};

/** As RunFloatTile on the values of codes. */
template <typename D, int kRows, int kVectors>
void RunCodeTile(const FloatTile& tile, const CodePanel& panel, int first_column) {
  FloatSums<D, kRows, kVectors> all;
  const ColumnSteps<D, kVectors> steps(panel, first_column);
  const RowOffsets<kRows> rows(tile.a_stride);
  const char* a = reinterpret_cast<const char*>(tile.a);
  const int8_t* b = panel.codes + first_column * kGroup;
  typename D::Codes codes[kVectors];
  const auto one = [&](auto j) OCTET_INLINE {
    constexpr int kByte = decltype(j)::value;
    typename D::Floats columns[kVectors];
    Repeat<kVectors>([&](auto v) OCTET_INLINE { columns[v()] = steps.template Value<kByte>(v(), codes[v()]); });
    Repeat<kRows>([&](auto r) OCTET_INLINE {
      constexpr int kAhead = kByte * static_cast<int>(sizeof(float));
      const typename D::Floats row = D::Broadcast(a + kAhead + rows.template Of<decltype(r)::value>());
      Repeat<kVectors>([&](auto v) OCTET_INLINE {
        typename D::Floats& sum = all.sums[r()][v()];
        sum = D::Fma(row, columns[v()], sum);
      });
    });
  };
  const auto load = [&] {
    Repeat<kVectors>([&](auto v) OCTET_INLINE { codes[v()] = D::LoadCodes(b + v() * D::kColumns * kGroup); });
    b += int64_t{panel.columns} * kGroup;
  };
  int64_t k = 0;
  for (; k + kGroup <= tile.k; k += kGroup) {
    load();
    Repeat<static_cast<int>(kGroup)>(one);
    a += kGroup * sizeof(float);
  }
  // The codes beyond the last k stand for something, too: they are left out.
  if (k < tile.k) {
    load();
    Repeat<static_cast<int>(kGroup) - 1>([&](auto j) OCTET_INLINE {
      if (k + j() < tile.k) one(j);
    });
  }
  all.Store(tile.sums, first_column, tile.add);
}

template <typename D>
void DequantizePanel(const CodePanel& panel, int64_t k, float* values) {
  for (int column = 0; column < panel.columns; column += D::kColumns) {
    const ColumnSteps<D, 1> steps(panel, column);
    const int8_t* b = panel.codes + column * kGroup;
    float* to = values + column;
    for (int64_t i = 0; i < k; i += kGroup, b += int64_t{panel.columns} * kGroup) {
      const typename D::Codes codes = D::LoadCodes(b);
      Repeat<static_cast<int>(kGroup)>([&](auto j) OCTET_INLINE {
        if (i + j() >= k) return;
        D::Store(to, steps.template Value<decltype(j)::value>(0, codes));
        to += panel.columns;
      });
    }
  }
}

template <typename D, int kRows, int kVectors>
void RunFloatDepthwise(const FloatDepthwiseTile& tile, int first_row, int first_column) {
  FloatSums<D, kRows, kVectors> all;
  const RowOffsets<kRows> rows(tile.a_stride);
  const char* a = tile.a + first_row * tile.a_stride + first_column * static_cast<int64_t>(sizeof(float));
  const float* b = tile.b + first_column;
  for (int64_t tap = 0; tap < tile.taps; ++tap, b += tile.columns) {
    typename D::Floats weights[kVectors];
    Repeat<kVectors>([&](auto v) OCTET_INLINE { weights[v()] = D::Load(b + v() * D::kColumns); });
    const char* at = a + tile.tap_offsets[tap];
    Repeat<kRows>([&](auto r) OCTET_INLINE {
      const float* pixel = reinterpret_cast<const float*>(at + rows.template Of<decltype(r)::value>());
      Repeat<kVectors>([&](auto v) OCTET_INLINE {
        typename D::Floats& sum = all.sums[r()][v()];
        sum = D::Fma(D::Load(pixel + v() * D::kColumns), weights[v()], sum);
      });
    });
  }
  all.Store(tile.sums + first_row * kPanelColumns, first_column, tile.add);
}

/** Four pixels and 16 columns at a time. */
template <typename D>
void FloatDepthwise(const FloatDepthwiseTile& tile) {
  constexpr int kRows = 4;
  constexpr int kVectors = static_cast<int>(kHalfPanel) / D::kColumns;
  for (int column = 0; column < tile.columns; column += kHalfPanel) {
    for (int row = 0; row < tile.rows; row += kRows) {
      WithRows<kRows>(tile.rows - row < kRows ? tile.rows - row : kRows,
                      [&](auto rows) { RunFloatDepthwise<D, decltype(rows)::value, kVectors>(tile, row, column); });
    }
  }
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_FLOAT_TILE_H_
