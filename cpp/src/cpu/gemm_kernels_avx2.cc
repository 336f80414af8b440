// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/gemm_bytes.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"
#include "cpu/gemm_tile_madd.h"

namespace octet {
namespace cpu {
namespace {

struct Avx2Madd {
  using Vector = __m256i;
  static constexpr int kColumns = 4;
  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Widen(const int8_t* from) {
    return _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Vector Broadcast(const void* from) {
    int64_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    return _mm256_set1_epi64x(four);
  }
  static Vector Madd(Vector a, Vector b) { return _mm256_madd_epi16(a, b); }
  // Written in assembly because GCC 12 otherwise loads the activations of all rows first, for which it keeps most of
  // the sums in memory: half the speed.
  static void AddTo(Vector& sum, Vector products) {
    asm volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(products) : "memory");
  }
  static void StorePair(int32_t* to, Vector a, Vector b, bool add) {
    // Columns 0, 1, 4, 5, 2, 3, 6, 7.
    const Vector mixed = _mm256_hadd_epi32(a, b);
    const Vector sums = _mm256_permute4x64_epi64(mixed, 0xd8);
    __m256i* out = reinterpret_cast<__m256i*>(to);
    _mm256_store_si256(out, add ? _mm256_add_epi32(sums, _mm256_load_si256(out)) : sums);
  }
};

// 6 rows and 8 columns: 12 sums, two vectors of weights, one of activations and one of products are the 16 registers.
constexpr int kRows = 6;

void Tile(const GemmTile& tile) {
  WithRows<kRows>(tile.rows, [&tile](auto rows) {
    using Columns = MaddTile<Avx2Madd, decltype(rows)::value>;
    for (int column = 0; column < tile.columns; column += Columns::kColumns) Columns::Run(tile, column);
  });
}

constexpr GemmKernels kKernels = {kRows,   false,     true,       Tile,     0,
                                  nullptr, FlipBytes, WidenBytes, SumBytes, UnpackHalfBytes};

}  // namespace

const GemmKernels& Avx2GemmKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
