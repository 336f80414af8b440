// SPDX-License-Identifier: Apache-2.0
// Where an epilogue's rows lie in memory.
#ifndef OCTET_CUDA_GEMM_ROW_PLACES_H_
#define OCTET_CUDA_GEMM_ROW_PLACES_H_

#include <cstdint>

#include "core/epilogue_view.h"

namespace octet {
namespace cuda {

/** Where the rows of a tensor lie: evenly spaced, or pixels of images with any strides. In bytes. */
struct RowPlaces {
  /** Even rows: from row to row. */
  int64_t row;
  /** Pixels: from image to image, from line to line, from pixel to pixel. */
  int64_t image;
  int64_t line;
  int64_t pixel;
  /** Of a line, of an image; 0: rows are even. */
  int32_t width;
  int32_t pixels;
  /** From column to column. */
  int64_t column;

  /** Whether all rows begin at a multiple of so many bytes if the first one does. */
  bool AreMultiplesOf(int64_t bytes) const {
    if (width == 0) return row % bytes == 0;
    return image % bytes == 0 && line % bytes == 0 && pixel % bytes == 0;
  }

  __device__ int64_t Of(int64_t number) const {
    if (width == 0) return number * row;
    const int64_t in_image = number % pixels;
    return number / pixels * image + in_image / width * line + in_image % width * pixel;
  }
};

inline RowPlaces EvenRows(const RowsView& rows) { return {rows.stride, 0, 0, 0, 0, 0, SizeOf(rows.type)}; }

/** Whether all rows begin at multiples of so many bytes. */
inline bool RowsAreMultiplesOf(const RowsView& rows, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(rows.data) % static_cast<uintptr_t>(bytes) == 0 && rows.stride % bytes == 0;
}

/** Rows of a tensor from number first_row on, each from first_byte on: evenly spaced ones cost a multiplication. */
class RowsFrom {
 public:
  __device__ RowsFrom(char* data, const RowPlaces& places, int64_t first_row, int64_t first_byte)
      : data_(data + first_byte), places_(places), first_row_(first_row), first_(data_ + places.Of(first_row)) {}

  __device__ char* At(int row) const {
    return places_.width == 0 ? first_ + row * places_.row : data_ + places_.Of(first_row_ + row);
  }

 private:
  char* const data_;
  const RowPlaces& places_;
  const int64_t first_row_;
  char* const first_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_ROW_PLACES_H_
