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
//   Part                  sums of Part::kVectors of the vectors: Add(a, w) adds products of those that lie at a, and
//                         Sums(v) are those of one
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
  /** Pixels whose sums are made at a time where groups lie ready: products have to wait for those before them. */
  static constexpr int kMostPixels = 8;
  /** Groups that lie ready at a time: 20 KB. */
  static constexpr int64_t kReadyGroups = 160;

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
   * fifth line: three of seven groups are interleaved for a pixel, or four where pixels are two steps apart. Measured
   * on a Xeon with AVX512-VNNI: steps of two take 0.77 of the time of taps in the order of memory for 56 x 56 pixels,
   * and no less for 14 x 14.
   */
  template <int kStep>
  static void RunFiveRolling(const DepthwiseTile& tile) {
    __m256i weights[kMostRollingGroups * D::kWeights];
    Prepare(tile.b, tile.columns, kMostRollingGroups, weights);
    const int64_t* const offsets = tile.tap_offsets;
    __m256i columns[5][kVectors];
    for (int i = 0; i < 5 - kStep; ++i) Interleave(tile.a, offsets + i * kGroup, columns[i]);
    const auto pixel = [&](int row, const auto& first, const auto& second, const auto& third, auto& fourth, auto& fifth)
        __attribute__((always_inline)) {
      const uint8_t* const a = tile.a + row * tile.a_stride;
      __m256i sums[D::kSums];
      for (__m256i& sum : sums) sum = _mm256_setzero_si256();
      for (int i = 5; i < 7; ++i) {
        __m256i line[kVectors];
        Interleave(a, offsets + i * kGroup, line);
        D::Add(line, weights + i * D::kWeights, sums);
      }
      if (kStep == 2) Interleave(a, offsets + 3 * kGroup, fourth);
      Interleave(a, offsets + 4 * kGroup, fifth);
      D::Add(first, weights, sums);
      D::Add(second, weights + D::kWeights, sums);
      D::Add(third, weights + 2 * D::kWeights, sums);
      D::Add(fourth, weights + 3 * D::kWeights, sums);
      D::Add(fifth, weights + 4 * D::kWeights, sums);
      StoreSums(sums, tile.sums + row * kPanelColumns, tile.add);
    };
    for (int row = 0; row < tile.rows; row += 5) {
      auto& c = columns;
      const auto step = [&](int i) __attribute__((always_inline)) {
        const int first = i * kStep;
        pixel(row + i, c[first % 5], c[(first + 1) % 5], c[(first + 2) % 5], c[(first + 3) % 5], c[(first + 4) % 5]);
      };
      step(0);
      if (row + 1 < tile.rows) step(1);
      if (row + 2 < tile.rows) step(2);
      if (row + 3 < tile.rows) step(3);
      if (row + 4 < tile.rows) step(4);
    }
  }

  /**
   * Any number of rolling groups: more than registers have room for. Each is interleaved once to memory; then each of
   * the four vectors has its turn, with a vector of weights loaded for some pixels at a time.
   *
   * Measured on a Xeon with AVX512-VNNI: convolutions with 7 x 7 taps of 56 x 56 and 28 x 28 pixels take 0.69 and 0.64
   * of the time that taps take in the order of memory; of 7 x 7 pixels, where every line starts anew, about the same.
   * In vain: four pixels at a time in vectors of 32 bytes, 1.25 and 1.09 of that time, because products wait.
   */
  static void RunManyRolling(const DepthwiseTile& tile) {
    alignas(64) __m256i weights[kMostManyRollingGroups * D::kWeights];
    alignas(64) __m256i ready[kReadyGroups * kVectors];
    Prepare(tile.b, tile.columns, tile.groups, weights);
    const int64_t most_rows = (kReadyGroups - tile.groups) / tile.rolling + 1;
    for (int64_t first = 0; first < tile.rows; first += most_rows) {
      const int rows = static_cast<int>(tile.rows - first < most_rows ? tile.rows - first : most_rows);
      const uint8_t* const a = tile.a + first * tile.a_stride;
      for (int64_t g = 0; g < tile.groups; ++g) InterleaveTo(a, tile.tap_offsets + g * kGroup, ready + g * kVectors);
      for (int row = 1; row < rows; ++row) {
        for (int64_t g = tile.groups - tile.rolling; g < tile.groups; ++g) {
          InterleaveTo(a + row * tile.a_stride, tile.tap_offsets + g * kGroup,
                       ready + (row * tile.rolling + g) * kVectors);
        }
      }
      const int parts = (rows + kMostPixels - 1) / kMostPixels;
      for (int part = 0; part < parts; ++part) {
        const int row = rows * part / parts;
        RunPixels<kMostPixels>(rows * (part + 1) / parts - row, ready + row * tile.rolling * kVectors, weights,
                               tile.sums + (first + row) * kPanelColumns, tile);
      }
    }
  }

  /** Sums for `count` pixels, at most kCount, of groups that lie ready. */
  template <int kCount>
  static void RunPixels(int count, const __m256i* ready, const __m256i* weights, int32_t* out,
                        const DepthwiseTile& tile) {
    if constexpr (kCount > 1) {
      if (count < kCount) {
        RunPixels<kCount - 1>(count, ready, weights, out, tile);
        return;
      }
    }
    const int64_t groups = tile.groups;
    const int64_t step = tile.rolling * kVectors;
    for (int q = 0; q < kVectors; q += D::Part::kVectors) {
      typename D::Part sums[kCount];
      const __m256i* a = ready + q;
      const __m256i* w = weights + q * (D::kWeights / kVectors);
      for (int64_t g = 0; g < groups; ++g, a += kVectors, w += D::kWeights) {
        for (int i = 0; i < kCount; ++i) sums[i].Add(a + i * step, w);
      }
      for (int i = 0; i < kCount; ++i) {
        for (int v = 0; v < D::Part::kVectors; ++v) {
          const __m256i sum = sums[i].Sums(v);
          int32_t* const to = out + i * kPanelColumns + (q + v) * 4;
          StoreHalf(to, _mm256_castsi256_si128(sum), tile.add);
          StoreHalf(to + 16, _mm256_extracti128_si256(sum, 1), tile.add);
        }
      }
    }
  }

  static void InterleaveTo(const uint8_t* a, const int64_t* offsets, __m256i* to) {
    __m256i vectors[kVectors];
    Interleave(a, offsets, vectors);
    for (int q = 0; q < kVectors; ++q) to[q] = vectors[q];
  }

  static void StoreHalf(int32_t* to, __m128i sums, bool add) {
    __m128i* out = reinterpret_cast<__m128i*>(to);
    _mm_store_si128(out, add ? _mm_add_epi32(sums, _mm_load_si128(out)) : sums);
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
      if (tile.rolling_groups == kMostRollingColumns && tile.groups == kMostRollingGroups) {
        if (tile.rolling == 1) {
          RunFiveRolling<1>(tile);
          return;
        }
        if (tile.rolling == 2) {
          RunFiveRolling<2>(tile);
          return;
        }
      }
    }
    if (tile.rolling > 0 && tile.rolling < tile.groups && tile.rolling_groups == tile.groups &&
        tile.groups <= kMostManyRollingGroups) {
      RunManyRolling(tile);
      return;
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

/** With a D::Dot of u8 and s8, and a D::Part. */
template <typename D>
struct DepthwiseDot {
  using Part = typename D::Part;
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
