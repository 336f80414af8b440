// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/gemm_bytes.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"
#include "cpu/gemm_tile_madd.h"

namespace octet {
namespace cpu {
namespace {

struct Avx512Madd {
  using Vector = __m512i;
  static constexpr int kColumns = 8;
  static Vector Zero() { return _mm512_setzero_si512(); }
  static Vector Widen(const int8_t* from) {
    return _mm512_cvtepi8_epi16(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static Vector Broadcast(const void* from) {
    int64_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    return _mm512_set1_epi64(four);
  }
  static Vector Madd(Vector a, Vector b) { return _mm512_madd_epi16(a, b); }
  // Written in assembly because GCC 12 otherwise loads the activations of all rows first, for which it keeps most of
  // the sums in memory: half the speed.
  static void AddTo(Vector& sum, Vector products) {
    asm volatile("vpaddd %1, %0, %0" : "+v"(sum) : "v"(products) : "memory");
  }
  static void StorePair(int32_t* to, Vector a, Vector b, bool add) {
    const Vector even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const Vector odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const Vector sums = _mm512_add_epi32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
    _mm512_store_si512(to, add ? _mm512_add_epi32(sums, _mm512_load_si512(to)) : sums);
  }
};

// 12 rows and 16 columns: 24 sums, two vectors of weights, activations, products.
constexpr int kRows = 12;

void Tile(const GemmTile& tile) {
  WithRows<kRows>(tile.rows, [&tile](auto rows) {
    using Columns = MaddTile<Avx512Madd, decltype(rows)::value>;
    for (int column = 0; column < tile.columns; column += Columns::kColumns) Columns::Run(tile, column);
  });
}

constexpr GemmKernels kKernels = {kRows,   false,     true,       Tile,     0,
                                  nullptr, FlipBytes, WidenBytes, SumBytes, UnpackHalfBytes};

}  // namespace

const GemmKernels& Avx512GemmKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
