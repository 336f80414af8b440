// SPDX-License-Identifier: Apache-2.0
// Tiles by vpdpbusd, which adds four products of u8 and s8 to each s32 lane, without saturation. D is an instruction
// set:
//
//   Sums                          s32 lanes
//   kColumns                      how many
//   Zero(), Load(p), Store(p, a), LoadBytes(p): aligned
//   Add(a, b)
//   Dot(sums, u8, s8)
//   LowerHalves(b), UpperHalves(b) half bytes as s8: eight less than they are
//   Broadcast(p)                  four bytes at p in every lane
//   BroadcastAt<times, d>(p, i)   those at p + i * times + d; times is 1, 2, 4 or 8
#ifndef OCTET_CPU_GEMM_TILE_DOT_H_
#define OCTET_CPU_GEMM_TILE_DOT_H_

#include <cstdint>

#include "core/packed_gemm.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"

namespace octet {
namespace cpu {

/**
 * kRows rows and kVectors vectors of columns from tile.b + offset of the first column. kColumns is tile.columns where
 * that is known, else 0. kHalves: tile.second_half is where the second half of the rows begins.
 */
template <typename D, int kRows, int kVectors, int kColumns = 0, bool kHalves = false>
struct DotTile {
  using Sums = typename D::Sums;

  // A vpdpbusd waits 4 to 5 cycles for the one before in its sum, and two start a cycle: tiles with fewer than some ten
  // sums keep several of each, which take turns.
  static constexpr int kChains = kRows * kVectors >= 10 ? 1 : kRows * kVectors >= 5 ? 2 : 4;
  static constexpr int kUnrolled = 4;

  static void Run(const GemmTile& tile, int first_column) {
    Sums sums[kChains][kRows][kVectors];
    ForEachSum<kChains>([&](auto c, auto r, auto v) OCTET_INLINE { sums[c()][r()][v()] = D::Zero(); });
    constexpr int kHalfRows = kHalves ? kRows / 2 : kRows;
    using Rows = RowOffsets<kHalfRows>;
    const Rows rows(tile.a_stride);
    const char* a = nullptr;
    const char* second_half = nullptr;
    const int64_t step = int64_t{kColumns != 0 ? kColumns : tile.columns} * kGroup;
    const int8_t* b = tile.b + first_column * kGroup;
    const auto group = [&](auto ahead) OCTET_INLINE {
      constexpr int kAhead = decltype(ahead)::value;
      typename D::Bytes weights[kVectors];
      Repeat<kVectors>(
          [&](auto v) OCTET_INLINE { weights[v()] = D::LoadBytes(b + kAhead * step + v() * D::kColumns * kGroup); });
      Repeat<kRows>([&](auto r) OCTET_INLINE {
        constexpr int kRow = decltype(r)::value % kHalfRows;
        const char* const half = decltype(r)::value < kHalfRows ? a : second_half;
        const typename D::Bytes activations = [&]() OCTET_INLINE {
          if constexpr (kRow == 0) {
            return D::Broadcast(half + kAhead * kGroup);
          } else {
            return D::template BroadcastAt<Rows::template kTimes<kRow>, kAhead * kGroup>(half,
                                                                                         rows.template Odd<kRow>());
          }
        }();
        Repeat<kVectors>([&](auto v) OCTET_INLINE {
          Sums& sum = sums[kAhead % kChains][r()][v()];
          sum = D::Dot(sum, activations, weights[v()]);
        });
      });
    };
    // Few numbers in the inner loop: of the fifteen registers the offsets of rows take up to seven, and what finds none
    // GCC 12 keeps in vector registers, from where it comes through a port that products need.
    const int64_t unrolled_bytes = tile.groups / kUnrolled * kUnrolled * kGroup;
    const int64_t rest_bytes = tile.groups * kGroup - unrolled_bytes;
    const char* ahead = static_cast<const char*>(tile.ahead);
    for (int64_t run = 0; run < tile.runs; ++run) {
      a = static_cast<const char*>(tile.a) + tile.run_offsets[run];
      if constexpr (kHalves) second_half = a + tile.second_half;
      for (const char* const end = a + unrolled_bytes; a != end; a += kUnrolled * kGroup) {
        for (int64_t line = 0; line < tile.ahead_lines; ++line, ahead += 64) {
          constexpr int kSecondLevelCache = 2;
          __builtin_prefetch(ahead, 0, kSecondLevelCache);
        }
        Repeat<kUnrolled>(group);
        b += kUnrolled * step;
        if constexpr (kHalves) second_half += kUnrolled * kGroup;
      }
      for (const char* const end = a + rest_bytes; a != end; a += kGroup) {
        group(std::integral_constant<int, 0>());
        b += step;
        if constexpr (kHalves) second_half += kGroup;
      }
    }
    ForEachSum<1>([&](auto, auto r, auto v) OCTET_INLINE {
      Sums sum = sums[0][r()][v()];
      Repeat<kChains - 1>([&](auto c) OCTET_INLINE { sum = D::Add(sum, sums[c() + 1][r()][v()]); });
      int32_t* to = tile.sums + r() * kPanelColumns + first_column + v() * D::kColumns;
      D::Store(to, tile.add ? D::Add(sum, D::Load(to)) : sum);
    });
  }

 private:
  template <int kCount, typename Body>
  OCTET_INLINE static void ForEachSum(const Body& body) {
    Repeat<kCount>([&](auto c) OCTET_INLINE {
      Repeat<kRows>([&](auto r) OCTET_INLINE { Repeat<kVectors>([&](auto v) OCTET_INLINE { body(c, r, v); }); });
    });
  }
};

/**
 * For few rows, half bytes are taken apart in registers: with them memory and caches have half as much to deliver. More
 * rows share what is taken apart to the stack.
 */
template <typename D, int kRows, int kVectors>
struct DotHalfByteTile {
  using Sums = typename D::Sums;

  static void Run(const GemmTile& tile, int first_column) {
    // Lower and upper halves have sums of their own, and so have every other group's where there are few.
    Sums sums[kChains][2][kRows][kVectors];
    ForEachSum([&](auto r, auto v) OCTET_INLINE {
      Repeat<kChains>([&](auto c) OCTET_INLINE { sums[c()][0][r()][v()] = sums[c()][1][r()][v()] = D::Zero(); });
    });
    const RowOffsets<kRows> rows(tile.a_stride);
    const char* a = static_cast<const char*>(tile.a);
    const int64_t step = int64_t{tile.columns} * kGroup;
    const int8_t* b = tile.b + first_column * kGroup;
    const auto group = [&](auto ahead) OCTET_INLINE {
      constexpr int kAhead = decltype(ahead)::value;
      typename D::Bytes weights[2][kVectors];
      Repeat<kVectors>([&](auto v) OCTET_INLINE {
        const typename D::Bytes pairs = D::LoadBytes(b + v() * D::kColumns * kGroup);
        weights[0][v()] = D::LowerHalves(pairs);
        weights[1][v()] = D::UpperHalves(pairs);
      });
      Repeat<kRows>([&](auto r) OCTET_INLINE {
        const char* at = a + kAhead * 2 * kGroup + rows.template Of<decltype(r)::value>();
        Repeat<2>([&](auto half) OCTET_INLINE {
          const auto activations = D::Broadcast(at + half() * kGroup);
          Repeat<kVectors>([&](auto v) OCTET_INLINE {
            Sums& sum = sums[kAhead][half()][r()][v()];
            sum = D::Dot(sum, activations, weights[half()][v()]);
          });
        });
      });
      b += step;
    };
    const int64_t groups = tile.groups;
    int64_t g = 0;
    for (; g + kChains <= groups; g += kChains) {
      Repeat<kChains>(group);
      a += kChains * 2 * kGroup;
    }
    for (; g < groups; ++g) {
      group(std::integral_constant<int, 0>());
      a += 2 * kGroup;
    }
    ForEachSum([&](auto r, auto v) OCTET_INLINE {
      Sums sum = D::Zero();
      Repeat<kChains>([&](auto c)
                          OCTET_INLINE { sum = D::Add(sum, D::Add(sums[c()][0][r()][v()], sums[c()][1][r()][v()])); });
      D::Store(tile.sums + r() * kPanelColumns + first_column + v() * D::kColumns, sum);
    });
  }

 private:
  static constexpr int kChains = kRows * kVectors <= 2 ? 2 : 1;

  template <typename Body>
  OCTET_INLINE static void ForEachSum(const Body& body) {
    Repeat<kRows>([&](auto r) OCTET_INLINE { Repeat<kVectors>([&](auto v) OCTET_INLINE { body(r, v); }); });
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_TILE_DOT_H_
