// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/gemm_bytes.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"
#include "cpu/gemm_tile_dot.h"

namespace octet {
namespace cpu {
namespace {

struct AvxVnni {
  using Sums = __m256i;
  using Bytes = __m256i;
  static constexpr int kColumns = 8;
  static Sums Zero() { return _mm256_setzero_si256(); }
  static Sums Load(const int32_t* from) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(from)); }
  static void Store(int32_t* to, Sums a) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), a); }
  static Sums Add(Sums a, Sums b) { return _mm256_add_epi32(a, b); }
  static Bytes LoadBytes(const int8_t* from) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(from)); }
  static Bytes LowerHalves(Bytes a) {
    return _mm256_sub_epi8(_mm256_and_si256(a, _mm256_set1_epi8(15)), _mm256_set1_epi8(8));
  }
  static Bytes UpperHalves(Bytes a) { return LowerHalves(_mm256_srli_epi16(a, 4)); }
  static Bytes Broadcast(const void* from) {
    int32_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    return _mm256_set1_epi32(four);
  }
  template <int kTimes, int kOffset>
  static Bytes BroadcastAt(const char* from, int64_t index) {
    return Broadcast(from + index * kTimes + kOffset);
  }
  static Sums Dot(Sums sums, Bytes activations, Bytes weights) {
    return _mm256_dpbusd_avx_epi32(sums, activations, weights);
  }
};

// 6 rows and 16 columns: 12 sums, two vectors of weights and one of activations are 15 of 16 registers.
constexpr int kRows = 6;
constexpr int kVectors = 2;
constexpr int kHalfByteRows = 2;

void Tile(const GemmTile& tile) {
  WithRows<kRows>(tile.rows, [&tile](auto rows) {
    for (int column = 0; column < tile.columns; column += kVectors * AvxVnni::kColumns) {
      DotTile<AvxVnni, decltype(rows)::value, kVectors>::Run(tile, column);
    }
  });
}

void HalfByteTile(const GemmTile& tile) {
  WithRows<kHalfByteRows>(tile.rows, [&tile](auto rows) {
    for (int column = 0; column < tile.columns; column += kVectors * AvxVnni::kColumns) {
      DotHalfByteTile<AvxVnni, decltype(rows)::value, kVectors>::Run(tile, column);
    }
  });
}

constexpr GemmKernels kKernels = {kRows,        false,     false,      Tile,     kHalfByteRows,
                                  HalfByteTile, FlipBytes, WidenBytes, SumBytes, UnpackHalfBytes};

}  // namespace

const GemmKernels& AvxVnniGemmKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
