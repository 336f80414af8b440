// SPDX-License-Identifier: Apache-2.0
// Depthwise tiles in registers of 32 bytes. Bytes of 32 channels at four taps become four vectors of eight channels'
// groups of four taps by interleaving, which works within halves of registers: vector q has channels 4 q .. 4 q + 3 and
// 16 + 4 q .. 16 + 4 q + 3. Weights are brought into that order once for all pixels of a tile. D is an instruction set:
//
//   kManyRegisters        whether there are 32
//   kSums                 accumulators for 32 channels
//   kWeights              vectors of weights for 32 channels and four taps
//   Prepare(w, to)        the weights of a vector q, in the order in which Add takes them
//   Add(a, w, sums)       adds the products of all four vectors
//   Sums(sums, q)         the sums of vector q
#ifndef OCTET_CPU_DEPTHWISE_TILE_H_
#define OCTET_CPU_DEPTHWISE_TILE_H_

#include <immintrin.h>

#include "core/packed_gemm.h"
#include "cpu/depthwise_kernels.h"

namespace octet {
namespace cpu {

template <typename D>
struct DepthwiseVectors {
  static constexpr int64_t kMostGroups = 16;
  static constexpr int kVectors = 4;

  static __m256i Halves(const void* low, const void* high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(low))),
                                   _mm_loadu_si128(static_cast<const __m128i*>(high)), 1);
  }

  static void Prepare(const int8_t* b, int columns, int64_t groups, __m256i* weights) {
    static constexpr int8_t kNone[16] = {};
    for (int64_t g = 0; g < groups; ++g) {
      for (int q = 0; q < kVectors; ++q) {
        const int8_t* low = b + g * columns * kGroup + q * 16;
        D::Prepare(Halves(low, columns == kPanelColumns ? low + 64 : kNone),
                   weights + (g * kVectors + q) * (D::kWeights / kVectors));
      }
    }
  }

  static void Interleave(const uint8_t* a, const int64_t* offsets, __m256i (&vectors)[kVectors]) {
    __m256i taps[4];
    for (int t = 0; t < 4; ++t) taps[t] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + offsets[t]));
    const __m256i low01 = _mm256_unpacklo_epi8(taps[0], taps[1]);
    const __m256i high01 = _mm256_unpackhi_epi8(taps[0], taps[1]);
    const __m256i low23 = _mm256_unpacklo_epi8(taps[2], taps[3]);
    const __m256i high23 = _mm256_unpackhi_epi8(taps[2], taps[3]);
    vectors[0] = _mm256_unpacklo_epi16(low01, low23);
    vectors[1] = _mm256_unpackhi_epi16(low01, low23);
    vectors[2] = _mm256_unpacklo_epi16(high01, high23);
    vectors[3] = _mm256_unpackhi_epi16(high01, high23);
  }

  static void Pixel(const uint8_t* a, const int64_t* offsets, int64_t groups, const __m256i* weights, int32_t* out,
                    bool add) {
    __m256i sums[D::kSums];
    for (__m256i& sum : sums) sum = _mm256_setzero_si256();
    for (int64_t g = 0; g < groups; ++g) {
      __m256i vectors[kVectors];
      Interleave(a, offsets + g * kGroup, vectors);
      D::Add(vectors, weights + g * D::kWeights, sums);
    }
    StoreSums(sums, out, add);
  }

  static void StoreSums(const __m256i (&sums)[D::kSums], int32_t* out, bool add) {
    for (int q = 0; q < kVectors; q += 2) {
      const __m256i first = D::Sums(sums, q);
      const __m256i second = D::Sums(sums, q + 1);
      Store(out + q * 4, _mm256_permute2x128_si256(first, second, 0x20), add);
      Store(out + 16 + q * 4, _mm256_permute2x128_si256(first, second, 0x31), add);
    }
  }

  static void Store(int32_t* to, __m256i sums, bool add) {
    __m256i* out = reinterpret_cast<__m256i*>(to);
    _mm256_store_si256(out, add ? _mm256_add_epi32(sums, _mm256_load_si256(out)) : sums);
  }

  /**
   * Three rolling groups: each is interleaved once, for the three pixels that use it. Loads and interleaving are most
   * of the work of a pixel: 36 of some 60 instructions become 12.
   */
  static void RunRolling(const DepthwiseTile& tile) {
    __m256i weights[3 * D::kWeights];
    Prepare(tile.b, tile.columns, 3, weights);
    const int64_t* const offsets = tile.tap_offsets;
    __m256i columns[3][kVectors];
    Interleave(tile.a, offsets, columns[0]);
    Interleave(tile.a + tile.a_stride, offsets, columns[1]);
    const auto pixel = [&](int row, const auto& first, const auto& second, auto& third) __attribute__((always_inline)) {
      Interleave(tile.a + (row + 2) * tile.a_stride, offsets, third);
      AddColumns(tile, row, weights, first, second, third);
    };
    int row = 0;
    for (; row + 3 <= tile.rows; row += 3) {
      pixel(row, columns[0], columns[1], columns[2]);
      pixel(row + 1, columns[1], columns[2], columns[0]);
      pixel(row + 2, columns[2], columns[0], columns[1]);
    }
    if (row < tile.rows) pixel(row, columns[0], columns[1], columns[2]);
    if (row + 1 < tile.rows) pixel(row + 1, columns[1], columns[2], columns[0]);
  }

  /** The same by two steps: the last group of a pixel is the first one of the next. */
  static void RunRollingByTwo(const DepthwiseTile& tile) {
    __m256i weights[3 * D::kWeights];
    Prepare(tile.b, tile.columns, 3, weights);
    const int64_t* const offsets = tile.tap_offsets;
    __m256i columns[3][kVectors];
    Interleave(tile.a, offsets, columns[0]);
    const auto pixel = [&](int row, const auto& first, auto& third) __attribute__((always_inline)) {
      Interleave(tile.a + row * tile.a_stride, offsets + kGroup, columns[1]);
      Interleave(tile.a + (row + 1) * tile.a_stride, offsets, third);
      AddColumns(tile, row, weights, first, columns[1], third);
    };
    int row = 0;
    for (; row + 2 <= tile.rows; row += 2) {
      pixel(row, columns[0], columns[2]);
      pixel(row + 1, columns[2], columns[0]);
    }
    if (row < tile.rows) pixel(row, columns[0], columns[2]);
  }

  template <typename Column>
  __attribute__((always_inline)) static void AddColumns(const DepthwiseTile& tile, int row, const __m256i* weights,
                                                        const Column& first, const Column& second,
                                                        const Column& third) {
    __m256i sums[D::kSums];
    for (__m256i& sum : sums) sum = _mm256_setzero_si256();
    D::Add(first, weights, sums);
    D::Add(second, weights + D::kWeights, sums);
    D::Add(third, weights + 2 * D::kWeights, sums);
    StoreSums(sums, tile.sums + row * kPanelColumns, tile.add);
  }

  /**
   * Five rolling groups, whose twenty registers only instruction sets with 32 of them have room for, and two for a
   * fifth line: three of seven groups are interleaved for a pixel.
   */
  static void RunFiveRolling(const DepthwiseTile& tile) {
    __m256i weights[kMostRollingGroups * D::kWeights];
    Prepare(tile.b, tile.columns, kMostRollingGroups, weights);
    const int64_t* const offsets = tile.tap_offsets;
    __m256i columns[5][kVectors];
    for (int i = 0; i < 4; ++i) Interleave(tile.a + i * tile.a_stride, offsets, columns[i]);
    const auto pixel = [&](int row, const auto& first, const auto& second, const auto& third, const auto& fourth,
                           auto& fifth) __attribute__((always_inline)) {
      const uint8_t* const a = tile.a + row * tile.a_stride;
      __m256i sums[D::kSums];
      for (__m256i& sum : sums) sum = _mm256_setzero_si256();
      for (int i = 5; i < 7; ++i) {
        __m256i line[kVectors];
        Interleave(a, offsets + i * kGroup, line);
        D::Add(line, weights + i * D::kWeights, sums);
      }
      Interleave(a + 4 * tile.a_stride, offsets, fifth);
      D::Add(first, weights, sums);
      D::Add(second, weights + D::kWeights, sums);
      D::Add(third, weights + 2 * D::kWeights, sums);
      D::Add(fourth, weights + 3 * D::kWeights, sums);
      D::Add(fifth, weights + 4 * D::kWeights, sums);
      StoreSums(sums, tile.sums + row * kPanelColumns, tile.add);
    };
    for (int row = 0; row < tile.rows; row += 5) {
      auto& c = columns;
      pixel(row, c[0], c[1], c[2], c[3], c[4]);
      if (row + 1 < tile.rows) pixel(row + 1, c[1], c[2], c[3], c[4], c[0]);
      if (row + 2 < tile.rows) pixel(row + 2, c[2], c[3], c[4], c[0], c[1]);
      if (row + 3 < tile.rows) pixel(row + 3, c[3], c[4], c[0], c[1], c[2]);
      if (row + 4 < tile.rows) pixel(row + 4, c[4], c[0], c[1], c[2], c[3]);
    }
  }

  static void Run(const DepthwiseTile& tile) {
    if (tile.rolling_groups == kRollingColumns && tile.groups == kRollingColumns) {
      if (tile.rolling == 1) {
        RunRolling(tile);
        return;
      }
      if (tile.rolling == 2) {
        RunRollingByTwo(tile);
        return;
      }
    }
    if constexpr (D::kManyRegisters) {
      if (tile.rolling == 1 && tile.rolling_groups == kMostRollingColumns && tile.groups == kMostRollingGroups) {
        RunFiveRolling(tile);
        return;
      }
    }
    __m256i weights[kMostGroups * D::kWeights];
    bool add = tile.add;
    int64_t g = 0;
    do {
      const int64_t groups = tile.groups - g < kMostGroups ? tile.groups - g : kMostGroups;
      Prepare(tile.b + g * tile.columns * kGroup, tile.columns, groups, weights);
      for (int row = 0; row < tile.rows; ++row) {
        Pixel(tile.a + row * tile.a_stride, tile.tap_offsets + g * kGroup, groups, weights,
              tile.sums + row * kPanelColumns, add);
      }
      add = true;
      g += groups;
    } while (g < tile.groups);
  }
};

/** With a D::Dot of u8 and s8. */
template <typename D>
struct DepthwiseDot {
  static constexpr bool kManyRegisters = D::kManyRegisters;
  static constexpr int kSums = 4;
  static constexpr int kWeights = 4;
  static void Prepare(__m256i weights, __m256i* to) { to[0] = weights; }
  static void Add(const __m256i (&a)[4], const __m256i* weights, __m256i (&sums)[kSums]) {
    for (int q = 0; q < 4; ++q) sums[q] = D::Dot(sums[q], a[q], weights[q]);
  }
  static __m256i Sums(const __m256i (&sums)[kSums], int q) { return sums[q]; }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_DEPTHWISE_TILE_H_
