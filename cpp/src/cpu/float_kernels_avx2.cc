// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/float_kernels.h"
#include "cpu/float_tile.h"

namespace octet {
namespace cpu {
namespace {

struct Avx2Float {
  using Floats = __m256;
  using Codes = __m256i;
  static constexpr int kColumns = 8;
  static Floats Zero() { return _mm256_setzero_ps(); }
  static Floats Load(const float* from) { return _mm256_loadu_ps(from); }
  static void Store(float* to, Floats a) { _mm256_storeu_ps(to, a); }
  static Floats Broadcast(const char* from) { return _mm256_broadcast_ss(reinterpret_cast<const float*>(from)); }
  static Floats Add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Codes LoadCodes(const int8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  static Floats FromIntegers(const int32_t* from) {
    return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  template <int kByte>
  static Floats Value(Codes codes) {
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(codes, 24 - 8 * kByte), 24));
  }
};

// 6 rows and 16 columns: 12 sums, two vectors of columns and one of a row are 15 of 16 registers. One or two rows take
// all columns at once, so that there are sums enough to hide how long each takes.
constexpr int kRows = 6;
constexpr int kColumnsAtOnce = 16;
constexpr int kCodeRows = 4;

template <int kTileRows>
void Rows(const FloatTile& tile) {
  if (kTileRows <= 2 && tile.columns == kPanelColumns) {
    RunFloatTile<Avx2Float, kTileRows <= 2 ? kTileRows : 1, 4>(tile, 0);
    return;
  }
  for (int column = 0; column < tile.columns; column += kColumnsAtOnce)
    RunFloatTile<Avx2Float, kTileRows, 2>(tile, column);
}

void Tile(const FloatTile& tile) {
  WithRows<kRows>(tile.rows, [&tile](auto rows) { Rows<decltype(rows)::value>(tile); });
}

void CodeTile(const FloatTile& tile, const CodePanel& panel) {
  WithRows<kCodeRows>(tile.rows, [&](auto rows) {
    for (int column = 0; column < tile.columns; column += kColumnsAtOnce) {
      RunCodeTile<Avx2Float, decltype(rows)::value, 2>(tile, panel, column);
    }
  });
}

constexpr FloatKernels kKernels = {
    kRows, Tile, kCodeRows, CodeTile, DequantizePanel<Avx2Float>, FloatDepthwise<Avx2Float>};

}  // namespace

const FloatKernels& Avx2FloatKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
