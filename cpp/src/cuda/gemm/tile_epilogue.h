// SPDX-License-Identifier: Apache-2.0
// From the sums of a warp to its part of the output, through the shared memory that the main loop is done with.
//
// Fragments have two neighbouring sums a thread. Written to shared memory and read as rows, they are four neighbouring
// columns a thread: parameters of columns are loaded once, residuals in whole sectors. The elements made of them are
// written back, where sums have been read already, in rows without gaps, and from there to global memory 16 bytes a
// thread. Each warp has memory of its own, so that no warp waits for another one.
//
// Rows of sums are 8 words (swapped: 4 words) longer than their columns: then neither writes of fragments nor reads of
// rows meet in a bank.
#ifndef OCTET_CUDA_GEMM_TILE_EPILOGUE_H_
#define OCTET_CUDA_GEMM_TILE_EPILOGUE_H_

#include <cstdint>

#include "cuda/gemm/batch.h"
#include "cuda/gemm/epilogue_values.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

/** What a product of a batch has of the output, in the numbers that the epilogue goes by. */
struct EpiloguePart {
  int64_t first_row;
  int32_t first_column;
  /** Rows and columns from here on are not of this product. */
  int64_t rows_end;
  int32_t columns_end;
  /** From a column's number to its place in the arrays over columns. */
  int32_t to_terms;
  /** From a row's number to its place in the sums of activations. */
  int64_t to_sums;
};

__device__ inline EpiloguePart PartOf(const Epilogue& epilogue, const Batch& batch, const BatchPlace& product) {
  if (batch.count <= 1) return {0, 0, epilogue.rows, epilogue.columns, 0, 0};
  EpiloguePart part;
  part.first_row = product.number * batch.rows;
  part.first_column = product.number * batch.columns;
  part.rows_end = batch.rows == 0 ? epilogue.rows : part.first_row + batch.rows;
  part.columns_end = batch.columns == 0 ? epilogue.columns : part.first_column + batch.columns;
  part.to_terms = static_cast<int32_t>(product.Of(batch.terms)) - part.first_column;
  part.to_sums = product.Of(batch.sums) - part.first_row;
  return part;
}

/** kShift: what the sums are to be shifted right by. */
template <typename T, int kSharedBytes, int kShift>
class TileEpilogue {
 public:
  using Sums = int32_t[T::kRowParts][T::kColumnParts][4];

  /** Of the output: what a warp has of it. */
  static constexpr int kColumns = T::kSwapped ? T::kWarpRows : T::kWarpColumns;
  static constexpr int kRowWords = EpilogueRowWords<T>();
  static constexpr int kWarpBytes = kSharedBytes / T::kWarps / 16 * 16;
  /** Row parts of sums that fit at once: a divisor of all of them. */
  static constexpr int FittingParts() {
    int parts = T::kRowParts;
    while (parts > 1 && parts * 16 * kRowWords * 4 > kWarpBytes) parts /= 2;
    return parts;
  }
  static constexpr int kPassParts = T::kSwapped ? T::kRowParts : FittingParts();
  static constexpr int kPasses = T::kRowParts / kPassParts;
  static constexpr int kPassRows = T::kSwapped ? T::kWarpColumns : kPassParts * 16;
  static_assert(T::kRowParts % kPassParts == 0, "passes are alike");
  static_assert(kPassRows * kRowWords * 4 <= kWarpBytes, "a pass fits");

  /** first_row, first_column: of the warp's part of the product. */
  __device__ TileEpilogue(const Epilogue& epilogue, const EpiloguePart& part, int8_t* shared, int64_t first_row,
                          int32_t first_column)
      : epilogue_(epilogue),
        part_(part),
        memory_(shared + static_cast<int>(threadIdx.x) / kWarpSize * kWarpBytes),
        lane_(static_cast<int>(threadIdx.x) % kWarpSize),
        row_(part.first_row + first_row),
        column_(part.first_column + first_column) {}

  /** Uses up sums. */
  __device__ void Run(Sums& sums) {
    const int32_t column = column_ + lane_ % kLanesPerRow * 4;
    const ColumnTerms terms = TermsOf(epilogue_, column, part_.to_terms);
#pragma unroll 1
    for (int pass = 0; pass < kPasses; ++pass) {
      WriteSums(sums);
      __syncwarp();
      MakeElements(terms, column);
      __syncwarp();
      Store();
      __syncwarp();
      row_ += kPassRows;
      if constexpr (kPasses > 1) Shift(sums);
    }
  }

 private:
  static constexpr int kLanesPerRow = kColumns / 4;
  static constexpr int kRowsPerStep = kWarpSize / kLanesPerRow;
  static_assert(kWarpSize % kLanesPerRow == 0 && kPassRows % kRowsPerStep == 0, "whole steps");

  __device__ void WriteSums(const Sums& sums) const {
    int32_t* words = reinterpret_cast<int32_t*>(memory_);
    const int group = lane_ / 4;
    const int pair = lane_ % 4 * 2;
#pragma unroll
    for (int r = 0; r < kPassParts; ++r) {
#pragma unroll
      for (int c = 0; c < T::kColumnParts; ++c) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int row = r * 16 + half * 8 + group;
          const int column = c * 8 + pair;
          const int32_t first = sums[r][c][half * 2] >> kShift;
          const int32_t second = sums[r][c][half * 2 + 1] >> kShift;
          if constexpr (T::kSwapped) {
            words[column * kRowWords + row] = first;
            words[(column + 1) * kRowWords + row] = second;
          } else {
            *reinterpret_cast<int2*>(words + row * kRowWords + column) = {first, second};
          }
        }
      }
    }
  }

  /** The sums of the next pass take the place of those of this one: indices of registers have to be constants. */
  __device__ static void Shift(Sums& sums) {
#pragma unroll
    for (int r = 0; r + kPassParts < T::kRowParts; ++r) {
#pragma unroll
      for (int c = 0; c < T::kColumnParts; ++c) {
#pragma unroll
        for (int i = 0; i < 4; ++i) sums[r][c][i] = sums[r + kPassParts][c][i];
      }
    }
  }

  __device__ void MakeElements(const ColumnTerms& terms, int32_t column) const {
    const int32_t* words = reinterpret_cast<const int32_t*>(memory_);
    const int size = static_cast<int>(SizeOf(epilogue_.view.out.type));
    const int from = lane_ % kLanesPerRow * 4;
#pragma unroll 1
    for (int step = 0; step < kPassRows / kRowsPerStep; ++step) {
      const int row_of_pass = step * kRowsPerStep + lane_ / kLanesPerRow;
      const int4 sum = *reinterpret_cast<const int4*>(words + row_of_pass * kRowWords + from);
      // Rows beyond the last one do as if they were it.
      const int64_t wanted = row_ + row_of_pass;
      const int64_t row = wanted < part_.rows_end ? wanted : part_.rows_end - 1;
      const int32_t sums[4] = {sum.x, sum.y, sum.z, sum.w};
      float values[4];
      ScaleSums(epilogue_.scales, terms, sums, row + part_.to_sums, values);
      FinishValues(epilogue_, row, column, values);
      // Elements of a row take no more room than its sums: only those of this step could be overwritten too early.
      __syncwarp();
      PutValues(epilogue_.view, values, memory_ + (row_of_pass * kColumns + from) * size);
    }
  }

  __device__ void Store() const {
    const RowsView& out = epilogue_.view.out;
    const int size = static_cast<int>(SizeOf(out.type));
    const int rows = static_cast<int>(min(static_cast<int64_t>(kPassRows), part_.rows_end - row_));
    const int columns = min(kColumns, part_.columns_end - column_);
    if (rows <= 0 || columns <= 0) return;
    const char* from = reinterpret_cast<const char*>(memory_);
    if (!epilogue_.out_vectors) {
      const RowPlaces& places = epilogue_.out_places;
      for (int i = lane_; i < rows * kColumns; i += kWarpSize) {
        const int column = i % kColumns;
        if (column >= columns) continue;
        char* to = out.data + places.Of(row_ + i / kColumns) + (column_ + column) * places.column;
        CopyElement(to, from + i * size, size);
      }
      return;
    }
    char* to = out.data + static_cast<int64_t>(column_) * size;
    const int chunks = kColumns * size / 16;
    const int bytes = columns * size;
    for (int i = lane_; i < rows * chunks; i += kWarpSize) {
      const int offset = i % chunks * 16;
      char* row = to + epilogue_.out_places.Of(row_ + i / chunks);
      if (offset + 16 <= bytes) {
        *reinterpret_cast<uint4*>(row + offset) = *reinterpret_cast<const uint4*>(from + i * 16);
      } else {
        for (int b = offset; b < bytes; b += size) CopyElement(row + b, from + i * 16 + b - offset, size);
      }
    }
  }

  const Epilogue& epilogue_;
  const EpiloguePart part_;
  int8_t* const memory_;
  const int lane_;
  int64_t row_;
  const int32_t column_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_TILE_EPILOGUE_H_
