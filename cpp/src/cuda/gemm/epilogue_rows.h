// SPDX-License-Identifier: Apache-2.0
// From rows of sums in a warp's part of shared memory to a warp's part of the output.
//
// Read as rows, sums are four neighbouring columns a thread: parameters of columns are loaded once, residuals in whole
// sectors. The elements made of them are written back, where sums have been read already, in rows without gaps, and
// from there to global memory 16 bytes a thread. Each warp has memory of its own, so that no warp waits for another
// one.
#ifndef OCTET_CUDA_GEMM_EPILOGUE_ROWS_H_
#define OCTET_CUDA_GEMM_EPILOGUE_ROWS_H_

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

/** kRowWords: from row to row of sums, in words of which there are at least kColumns. */
template <int kColumns, int kRows, int kRowWords>
class EpilogueRows {
 public:
  /** memory: of the warp, for kRows * kRowWords words. first_column: in the numbers of the epilogue. */
  __device__ EpilogueRows(const Epilogue& epilogue, const EpiloguePart& part, int8_t* memory, int32_t first_column)
      : epilogue_(epilogue),
        part_(part),
        memory_(memory),
        lane_(static_cast<int>(threadIdx.x) % kWarpSize),
        column_(first_column),
        terms_(TermsOf(epilogue, first_column + lane_ % kLanesPerRow * 4, part.to_terms)) {}

  /** Rows first_row.. of the output from the sums in memory, which it uses up; the warp together. */
  __device__ void Run(int64_t first_row) const {
    __syncwarp();
    MakeElements(first_row);
    __syncwarp();
    Store(first_row);
    __syncwarp();
  }

 private:
  static constexpr int kLanesPerRow = kColumns / 4;
  static constexpr int kRowsPerStep = kWarpSize / kLanesPerRow;
  static_assert(kWarpSize % kLanesPerRow == 0 && kRows % kRowsPerStep == 0, "whole steps");

  __device__ void MakeElements(int64_t first_row) const {
    const int32_t* words = reinterpret_cast<const int32_t*>(memory_);
    const int size = static_cast<int>(SizeOf(epilogue_.view.out.type));
    const int from = lane_ % kLanesPerRow * 4;
    const int32_t column = column_ + from;
#pragma unroll 1
    for (int step = 0; step < kRows / kRowsPerStep; ++step) {
      const int row_of_part = step * kRowsPerStep + lane_ / kLanesPerRow;
      const int4 sum = *reinterpret_cast<const int4*>(words + row_of_part * kRowWords + from);
      // Rows beyond the last one do as if they were it.
      const int64_t wanted = first_row + row_of_part;
      const int64_t row = wanted < part_.rows_end ? wanted : part_.rows_end - 1;
      const int32_t sums[4] = {sum.x, sum.y, sum.z, sum.w};
      float values[4];
      ScaleSums(epilogue_.scales, terms_, sums, row + part_.to_sums, values);
      FinishValues(epilogue_, row, column, values);
      // Elements of a row take no more room than its sums: only those of this step could be overwritten too early.
      __syncwarp();
      PutValues(epilogue_.view, values, memory_ + (row_of_part * kColumns + from) * size);
    }
  }

  __device__ void Store(int64_t first_row) const {
    const RowsView& out = epilogue_.view.out;
    const int size = static_cast<int>(SizeOf(out.type));
    const int rows = static_cast<int>(min(static_cast<int64_t>(kRows), part_.rows_end - first_row));
    const int columns = min(kColumns, part_.columns_end - column_);
    if (rows <= 0 || columns <= 0) return;
    const char* from = reinterpret_cast<const char*>(memory_);
    if (!epilogue_.out_vectors) {
      const RowPlaces& places = epilogue_.out_places;
      for (int i = lane_; i < rows * kColumns; i += kWarpSize) {
        const int column = i % kColumns;
        if (column >= columns) continue;
        char* to = out.data + places.Of(first_row + i / kColumns) + (column_ + column) * places.column;
        CopyElement(to, from + i * size, size);
      }
      return;
    }
    char* to = out.data + static_cast<int64_t>(column_) * size;
    const int chunks = kColumns * size / 16;
    const int bytes = columns * size;
    for (int i = lane_; i < rows * chunks; i += kWarpSize) {
      const int offset = i % chunks * 16;
      char* row = to + epilogue_.out_places.Of(first_row + i / chunks);
      if (offset + 16 <= bytes) {
        *reinterpret_cast<uint4*>(row + offset) = *reinterpret_cast<const uint4*>(from + i * 16);
      } else {
        for (int b = offset; b < bytes; b += size) CopyElement(row + b, from + i * 16 + b - offset, size);
      }
    }
  }

  const Epilogue& epilogue_;
  const EpiloguePart& part_;
  int8_t* const memory_;
  const int lane_;
  const int32_t column_;
  const ColumnTerms terms_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_EPILOGUE_ROWS_H_
