// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/gemm_bytes.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"
#include "cpu/gemm_tile_dot.h"

namespace octet {
namespace cpu {
namespace {

struct Avx512Vnni {
  using Sums = __m512i;
  using Bytes = __m512i;
  static constexpr int kColumns = 16;
  static Sums Zero() { return _mm512_setzero_si512(); }
  static Sums Load(const int32_t* from) { return _mm512_load_si512(from); }
  static void Store(int32_t* to, Sums a) { _mm512_store_si512(to, a); }
  static Sums Add(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static Bytes LoadBytes(const int8_t* from) { return _mm512_load_si512(from); }
  static Bytes LowerHalves(Bytes a) {
    return _mm512_sub_epi8(_mm512_and_si512(a, _mm512_set1_epi8(15)), _mm512_set1_epi8(8));
  }
  static Bytes UpperHalves(Bytes a) { return LowerHalves(_mm512_srli_epi16(a, 4)); }
  static Bytes Broadcast(const void* from) {
    int32_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  template <int kTimes, int kOffset>
  static Bytes BroadcastAt(const char* from, int64_t index) {
    // GCC 12 works out index * kTimes in a register of its own for every row, more than there are: with thirteen rows
    // it then fetched three offsets a group from vector registers, which took a tenth of the time.
    Bytes four;
    asm("vpbroadcastd %c[offset](%[from],%[index],%c[times]), %[four]"
        : [four] "=v"(four)
        : [from] "r"(from), [index] "r"(index), [times] "i"(kTimes), [offset] "i"(kOffset),
          "m"(*reinterpret_cast<const char(*)[INT32_MAX]>(from)));
    return four;
  }
  static Sums Dot(Sums sums, Bytes activations, Bytes weights) {
    return _mm512_dpbusd_epi32(sums, activations, weights);
  }
};

// 14 rows and 32 columns: 28 sums, two vectors of weights and one of activations are 31 of 32 registers, and 16 loads
// go with 28 products.
constexpr int kRows = 14;
constexpr int kHalfByteRows = 4;

template <int kTileRows, bool kHalves>
void Rows(const GemmTile& tile) {
  if (tile.columns == kPanelColumns) {
    DotTile<Avx512Vnni, kTileRows, 2, kPanelColumns, kHalves>::Run(tile, 0);
  } else {
    DotTile<Avx512Vnni, kTileRows, 1, kHalfPanel, kHalves>::Run(tile, 0);
  }
}

void Tile(const GemmTile& tile) {
  if (tile.second_half != 0) {
    WithRows<kRows / 2>(tile.rows / 2, [&tile](auto half) { Rows<2 * decltype(half)::value, true>(tile); });
  } else {
    WithRows<kRows>(tile.rows, [&tile](auto rows) { Rows<decltype(rows)::value, false>(tile); });
  }
}

template <int kTileRows>
void HalfByteRows(const GemmTile& tile) {
  if (tile.columns == kPanelColumns) {
    DotHalfByteTile<Avx512Vnni, kTileRows, 2>::Run(tile, 0);
  } else {
    DotHalfByteTile<Avx512Vnni, kTileRows, 1>::Run(tile, 0);
  }
}

void HalfByteTile(const GemmTile& tile) {
  WithRows<kHalfByteRows>(tile.rows, [&tile](auto rows) { HalfByteRows<decltype(rows)::value>(tile); });
}

constexpr GemmKernels kKernels = {kRows,        true,      false,      Tile,     kHalfByteRows,
                                  HalfByteTile, FlipBytes, WidenBytes, SumBytes, UnpackHalfBytes};

}  // namespace

const GemmKernels& Avx512VnniGemmKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
