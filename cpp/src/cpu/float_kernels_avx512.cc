// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/float_kernels.h"
#include "cpu/float_tile.h"

namespace octet {
namespace cpu {
namespace {

struct Avx512Float {
  using Floats = __m512;
  using Codes = __m512i;
  static constexpr int kColumns = 16;
  static Floats Zero() { return _mm512_setzero_ps(); }
  static Floats Load(const float* from) { return _mm512_loadu_ps(from); }
  static void Store(float* to, Floats a) { _mm512_storeu_ps(to, a); }
  static Floats Broadcast(const char* from) { return _mm512_set1_ps(*reinterpret_cast<const float*>(from)); }
  static Floats Add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats Sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats Mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats Fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Codes LoadCodes(const int8_t* from) { return _mm512_loadu_si512(from); }
  static Floats FromIntegers(const int32_t* from) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(from)); }
  template <int kByte>
  static Floats Value(Codes codes) {
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(codes, 24 - 8 * kByte), 24));
  }
};

// 14 rows and 32 columns: 28 sums, two vectors of columns and one of a row are 31 of 32 registers.
constexpr int kRows = 14;
constexpr int kCodeRows = 8;

void Tile(const FloatTile& tile) {
  WithRows<kRows>(tile.rows, [&tile](auto rows) {
    if (tile.columns == kPanelColumns) {
      RunFloatTile<Avx512Float, decltype(rows)::value, 2>(tile, 0);
    } else {
      RunFloatTile<Avx512Float, decltype(rows)::value, 1>(tile, 0);
    }
  });
}

void CodeTile(const FloatTile& tile, const CodePanel& panel) {
  WithRows<kCodeRows>(tile.rows, [&](auto rows) {
    if (tile.columns == kPanelColumns) {
      RunCodeTile<Avx512Float, decltype(rows)::value, 2>(tile, panel, 0);
    } else {
      RunCodeTile<Avx512Float, decltype(rows)::value, 1>(tile, panel, 0);
    }
  });
}

constexpr FloatKernels kKernels = {
    kRows, Tile, kCodeRows, CodeTile, DequantizePanel<Avx512Float>, FloatDepthwise<Avx512Float>};

}  // namespace

const FloatKernels& Avx512FloatKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
