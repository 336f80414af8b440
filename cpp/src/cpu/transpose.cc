// SPDX-License-Identifier: Apache-2.0
// Squares are transposed in registers by SSE2, which every x86-64 has: two matrices are interleaved by rows, again and
// again. What is left at the edges is copied an element at a time.
#include "cpu/transpose.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace octet {
namespace cpu {
namespace {

template <typename T>
void TransposeElements(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t rows,
                       int64_t columns) {
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(to + c * to_stride + r * static_cast<int64_t>(sizeof(T)),
                  from + r * from_stride + c * static_cast<int64_t>(sizeof(T)), sizeof(T));
    }
  }
}

#if defined(__SSE2__)
struct ByteSquare {
  static constexpr int64_t kSize = 16;
  static constexpr int64_t kItem = 1;
  static void Run(const char* from, int64_t from_stride, char* to, int64_t to_stride) {
    __m128i rows[2][16];
    for (int r = 0; r < 16; ++r) rows[0][r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + r * from_stride));
    // Interleaving rows r and r + 8 moves the highest bit of the row number to the lowest of the column number: after
    // four times row and column have changed places.
    for (int step = 0; step < 4; ++step) {
      const __m128i* a = rows[step % 2];
      __m128i* b = rows[(step + 1) % 2];
      for (int r = 0; r < 8; ++r) {
        b[2 * r] = _mm_unpacklo_epi8(a[r], a[r + 8]);
        b[2 * r + 1] = _mm_unpackhi_epi8(a[r], a[r + 8]);
      }
    }
    for (int r = 0; r < 16; ++r) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + r * to_stride), rows[0][r]);
  }
};

struct WordSquare {
  static constexpr int64_t kSize = 4;
  static constexpr int64_t kItem = 4;
  static void Run(const char* from, int64_t from_stride, char* to, int64_t to_stride) {
    __m128i rows[4];
    for (int r = 0; r < 4; ++r) rows[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + r * from_stride));
    const __m128i a = _mm_unpacklo_epi32(rows[0], rows[2]);
    const __m128i b = _mm_unpackhi_epi32(rows[0], rows[2]);
    const __m128i c = _mm_unpacklo_epi32(rows[1], rows[3]);
    const __m128i d = _mm_unpackhi_epi32(rows[1], rows[3]);
    __m128i* out[4];
    for (int r = 0; r < 4; ++r) out[r] = reinterpret_cast<__m128i*>(to + r * to_stride);
    _mm_storeu_si128(out[0], _mm_unpacklo_epi32(a, c));
    _mm_storeu_si128(out[1], _mm_unpackhi_epi32(a, c));
    _mm_storeu_si128(out[2], _mm_unpacklo_epi32(b, d));
    _mm_storeu_si128(out[3], _mm_unpackhi_epi32(b, d));
  }
};

/**
 * Two to four rows of bytes, as the colours of images, into columns side by side: sixteen columns become words, which
 * are written over what the one before has too much. The last columns are left: returns how many are done.
 */
int64_t TransposeFewRows(const char* from, int64_t from_stride, char* to, int64_t rows, int64_t columns) {
  const __m128i zero = _mm_setzero_si128();
  int64_t c = 0;
  for (; c + 18 <= columns; c += 16) {
    __m128i row[4] = {zero, zero, zero, zero};
    for (int64_t r = 0; r < rows; ++r) {
      row[r] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + r * from_stride + c));
    }
    alignas(16) char words[64];
    const __m128i pairs[4] = {_mm_unpacklo_epi8(row[0], row[1]), _mm_unpackhi_epi8(row[0], row[1]),
                              _mm_unpacklo_epi8(row[2], row[3]), _mm_unpackhi_epi8(row[2], row[3])};
    for (int i = 0; i < 2; ++i) {
      _mm_store_si128(reinterpret_cast<__m128i*>(words + 32 * i), _mm_unpacklo_epi16(pairs[i], pairs[2 + i]));
      _mm_store_si128(reinterpret_cast<__m128i*>(words + 32 * i + 16), _mm_unpackhi_epi16(pairs[i], pairs[2 + i]));
    }
    for (int64_t i = 0; i < 16; ++i) std::memcpy(to + (c + i) * rows, words + 4 * i, 4);
  }
  return c;
}

/** Rows and columns are cut into squares; the outer loop goes along what is written. */
template <typename Square, typename T>
void Transpose(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t rows, int64_t columns) {
  constexpr int64_t kSize = Square::kSize;
  constexpr int64_t kItem = Square::kItem;
  const int64_t whole_rows = rows / kSize * kSize;
  const int64_t whole_columns = columns / kSize * kSize;
  for (int64_t c = 0; c < whole_columns; c += kSize) {
    for (int64_t r = 0; r < whole_rows; r += kSize) {
      Square::Run(from + r * from_stride + c * kItem, from_stride, to + c * to_stride + r * kItem, to_stride);
    }
  }
  TransposeElements<T>(from + whole_rows * from_stride, from_stride, to + whole_rows * kItem, to_stride,
                       rows - whole_rows, whole_columns);
  TransposeElements<T>(from + whole_columns * kItem, from_stride, to + whole_columns * to_stride, to_stride, rows,
                       columns - whole_columns);
}
#endif

}  // namespace

#if defined(__SSE2__)
void TransposeBytes(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t columns) {
  const char* first = static_cast<const char*>(from);
  char* out = static_cast<char*>(to);
  if (rows >= 2 && rows <= 4 && to_stride == rows) {
    const int64_t done = TransposeFewRows(first, from_stride, out, rows, columns);
    TransposeElements<uint8_t>(first + done, from_stride, out + done * to_stride, to_stride, rows, columns - done);
    return;
  }
  Transpose<ByteSquare, uint8_t>(first, from_stride, out, to_stride, rows, columns);
}

void TransposeWords(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t columns) {
  Transpose<WordSquare, uint32_t>(static_cast<const char*>(from), from_stride, static_cast<char*>(to), to_stride, rows,
                                  columns);
}
#else
void TransposeBytes(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t columns) {
  TransposeElements<uint8_t>(static_cast<const char*>(from), from_stride, static_cast<char*>(to), to_stride, rows,
                             columns);
}

void TransposeWords(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t columns) {
  TransposeElements<uint32_t>(static_cast<const char*>(from), from_stride, static_cast<char*>(to), to_stride, rows,
                              columns);
}
#endif

}  // namespace cpu
}  // namespace octet
