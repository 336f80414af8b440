// SPDX-License-Identifier: Apache-2.0
// Tiles without vpdpbusd: bytes are widened to s16, and vpmaddwd adds two exact products to a lane. (vpmaddubsw takes
// bytes, but saturates: 2 * 255 * 127 > 32767. With |a| and the sign moved to the weights it would be exact for weights
// above -128, yet takes four instructions for 32 products, which is no more a cycle than two for 16.)
//
// The activations are widened once a call, weights at each use: a widening serves all rows of the tile. A vector of
// weights holds four k of kColumns columns, so each column's sum is in two neighbouring lanes until the end. D is an
// instruction set:
//
//   Vector                  integers
//   kColumns                columns a vector of weights has
//   Zero()
//   Widen(p)                4 * kColumns s8 at p as s16
//   Broadcast(p)            four s16 at p over and over
//   Madd(a, b)              s32 lanes of two products of s16
//   AddTo(sum, products)    sum += products, in s32 lanes: after this nothing that came before it in the text is left
//                           to do
//   StorePair(p, a, b, add) the sums of the columns of two vectors; added to what is there if `add`
#ifndef OCTET_CPU_GEMM_TILE_MADD_H_
#define OCTET_CPU_GEMM_TILE_MADD_H_

#include <cstdint>

#include "core/packed_gemm.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"

namespace octet {
namespace cpu {

/** kRows rows and two vectors of columns from first_column on. */
template <typename D, int kRows>
struct MaddTile {
  using Vector = typename D::Vector;
  static constexpr int kColumns = 2 * D::kColumns;

  static void Run(const GemmTile& tile, int first_column) {
    Vector sums[kRows][2];
    Repeat<kRows>([&](auto r) OCTET_INLINE { sums[r()][0] = sums[r()][1] = D::Zero(); });
    const RowOffsets<kRows> rows(tile.a_stride);
    const int64_t step = int64_t{tile.columns} * kGroup;
    const int8_t* b = tile.b + first_column * kGroup;
    const int64_t groups = tile.groups;
    for (int64_t run = 0; run < tile.runs; ++run) {
      const char* a = static_cast<const char*>(tile.a) + tile.run_offsets[run];
      for (int64_t g = 0; g < groups; ++g) {
        const Vector first = D::Widen(b);
        const Vector second = D::Widen(b + D::kColumns * kGroup);
        Repeat<kRows>([&](auto r) OCTET_INLINE {
          const Vector activations = D::Broadcast(a + rows.template Of<decltype(r)::value>());
          D::AddTo(sums[r()][0], D::Madd(activations, first));
          D::AddTo(sums[r()][1], D::Madd(activations, second));
        });
        a += kGroup * static_cast<int64_t>(sizeof(int16_t));
        b += step;
      }
    }
    Repeat<kRows>([&](auto r) OCTET_INLINE {
      D::StorePair(tile.sums + r() * kPanelColumns + first_column, sums[r()][0], sums[r()][1], tile.add);
    });
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_TILE_MADD_H_
