// SPDX-License-Identifier: Apache-2.0
// From bytes in memory to a panel (core/packed_gemm.h) during a call: activations that are multiplied by activations.
// For the most part plain C++ that compilers vectorize, included by the translation unit of each instruction set;
// everything has internal linkage, so that no code of one can be linked in for another.
#ifndef OCTET_CPU_PANEL_BYTES_H_
#define OCTET_CPU_PANEL_BYTES_H_

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstdint>
#include <cstring>

#include "core/packed_gemm.h"
#include "cpu/product_kernels.h"

namespace octet {
namespace cpu {

/** Adds the four codes of each column of a group. */
static inline void AddGroup(const int8_t* group, int columns, int32_t* sums) {
#if defined(__AVX2__)
  const __m256i ones = _mm256_set1_epi8(1);
  for (int c = 0; c < columns; c += 8) {
    const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(group + c * kGroup));
    const __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(ones, codes), _mm256_set1_epi16(1));
    __m256i* const to = reinterpret_cast<__m256i*>(sums + c);
    _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), fours));
  }
#else
  for (int c = 0; c < columns; ++c, group += kGroup) sums[c] += group[0] + group[1] + group[2] + group[3];
#endif
}

#if defined(__AVX2__)
/** Eight groups of eight rows of memory, for eight columns of the panel. */
static inline void TransposeGroups(const char* from, int64_t stride, uint32_t flip, int8_t* to, int64_t step) {
  const __m256i flips = _mm256_set1_epi32(static_cast<int>(flip));
  __m256i half[8];
  for (int i = 0; i < 4; ++i) {
    const auto row = [&](int r) {
      return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + r * stride)), flips);
    };
    // Rows i and i + 4 in the lower and upper lanes: of groups 0 to 3, then of groups 4 to 7.
    const __m256i a = row(i);
    const __m256i b = row(i + 4);
    half[i] = _mm256_permute2x128_si256(a, b, 0x20);
    half[i + 4] = _mm256_permute2x128_si256(a, b, 0x31);
  }
  for (int h = 0; h < 8; h += 4) {
    const __m256i even_low = _mm256_unpacklo_epi32(half[h], half[h + 2]);
    const __m256i even_high = _mm256_unpackhi_epi32(half[h], half[h + 2]);
    const __m256i odd_low = _mm256_unpacklo_epi32(half[h + 1], half[h + 3]);
    const __m256i odd_high = _mm256_unpackhi_epi32(half[h + 1], half[h + 3]);
    const __m256i groups[4] = {_mm256_unpacklo_epi32(even_low, odd_low), _mm256_unpackhi_epi32(even_low, odd_low),
                               _mm256_unpacklo_epi32(even_high, odd_high), _mm256_unpackhi_epi32(even_high, odd_high)};
    for (int g = 0; g < 4; ++g) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (h + g) * step), groups[g]);
    }
  }
}
#endif

/** Rows of memory are columns of the panel. */
static inline void PanelOfColumns(const PanelBytes& bytes) {
  const uint32_t flip = bytes.flip * 0x01010101u;
  const int64_t whole = bytes.k / kGroup;
  const int64_t rest = bytes.k % kGroup;
  const int64_t step = int64_t{bytes.columns} * kGroup;
  int64_t transposed = 0;
  int transposed_columns = 0;
#if defined(__AVX2__)
  transposed = whole / 8 * 8;
  transposed_columns = transposed == 0 ? 0 : bytes.count / 8 * 8;
  for (int c = 0; c < transposed_columns; c += 8) {
    for (int64_t g = 0; g < transposed; g += 8) {
      TransposeGroups(bytes.from + c * bytes.stride + g * kGroup, bytes.stride, flip, bytes.to + g * step + c * kGroup,
                      step);
    }
  }
#endif
  for (int c = 0; c < bytes.count; ++c) {
    const char* from = bytes.from + c * bytes.stride;
    const int64_t first = c < transposed_columns ? transposed : 0;
    int8_t* to = bytes.to + first * step + c * kGroup;
    for (int64_t g = first; g < whole; ++g, to += step) {
      uint32_t four;
      std::memcpy(&four, from + g * kGroup, sizeof(four));
      four ^= flip;
      std::memcpy(to, &four, sizeof(four));
    }
    if (rest != 0) {
      uint32_t four = 0;
      std::memcpy(&four, from + whole * kGroup, static_cast<size_t>(rest));
      four ^= flip & ((1u << (8 * rest)) - 1u);
      std::memcpy(to, &four, sizeof(four));
    }
  }
  const int64_t groups = whole + (rest != 0 ? 1 : 0);
  const size_t missing = static_cast<size_t>((bytes.columns - bytes.count) * kGroup);
  for (int64_t g = 0; missing != 0 && g < groups; ++g) {
    std::memset(bytes.to + g * step + bytes.count * kGroup, 0, missing);
  }
  if (bytes.sums == nullptr) return;
  std::memset(bytes.sums, 0, static_cast<size_t>(bytes.columns) * sizeof(int32_t));
  for (int64_t g = 0; g < groups; ++g) AddGroup(bytes.to + g * step, bytes.columns, bytes.sums);
}

/** Four rows of memory, one group of the panel. */
template <int kColumns>
static inline void Interleave(const uint8_t* a, const uint8_t* b, const uint8_t* c, const uint8_t* d, uint8_t flip,
                              int8_t* to) {
  for (int i = 0; i < kColumns; ++i) {
    to[4 * i] = static_cast<int8_t>(a[i] ^ flip);
    to[4 * i + 1] = static_cast<int8_t>(b[i] ^ flip);
    to[4 * i + 2] = static_cast<int8_t>(c[i] ^ flip);
    to[4 * i + 3] = static_cast<int8_t>(d[i] ^ flip);
  }
}

/** Rows of memory are rows of the panel. */
template <int kColumns>
static inline void PanelOfRowsOf(const PanelBytes& bytes) {
  const int64_t groups = (bytes.k + kGroup - 1) / kGroup;
  int32_t sums[kColumns] = {};
  for (int64_t g = 0; g < groups; ++g) {
    const char* from = bytes.from + g * kGroup * bytes.stride;
    int8_t* to = bytes.to + g * kColumns * kGroup;
    const int64_t rows = bytes.k - g * kGroup < kGroup ? bytes.k - g * kGroup : kGroup;
    if (rows == kGroup && bytes.count == kColumns) {
      const auto row = [&](int64_t j) { return reinterpret_cast<const uint8_t*>(from + j * bytes.stride); };
      Interleave<kColumns>(row(0), row(1), row(2), row(3), bytes.flip, to);
    } else {
      // What is missing becomes 0.
      uint8_t four[kGroup][kColumns];
      std::memset(four, bytes.flip, sizeof(four));
      for (int64_t j = 0; j < rows; ++j) {
        std::memcpy(four[j], from + j * bytes.stride, static_cast<size_t>(bytes.count));
      }
      Interleave<kColumns>(four[0], four[1], four[2], four[3], bytes.flip, to);
    }
    if (bytes.sums == nullptr) continue;
    AddGroup(to, kColumns, sums);
  }
  for (int i = 0; bytes.sums != nullptr && i < kColumns; ++i) bytes.sums[i] += sums[i];
}

static inline void PanelOfRows(const PanelBytes& bytes) {
  if (bytes.columns == kPanelColumns) {
    PanelOfRowsOf<kPanelColumns>(bytes);
  } else {
    PanelOfRowsOf<kHalfPanel>(bytes);
  }
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_PANEL_BYTES_H_
