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
#include "cuda/gemm/epilogue_elements.h"
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
  int64_t to_terms;
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
  part.to_terms = product.Of(batch.terms) - part.first_column;
  part.to_sums = product.Of(batch.sums) - part.first_row;
  return part;
}

/**
 * kRowWords: from row to row of sums, in words of which there are at least kColumns. kMostAhead: rows whose loads are
 * under way at once, for threads that have few registers to spare.
 */
template <int kColumns, int kRows, int kRowWords, int kMostAhead = 4>
class EpilogueRows {
 public:
  /** memory: of the warp, for kRows * kRowWords words. first_column: in the numbers of the epilogue. */
  __device__ EpilogueRows(const Epilogue& epilogue, const EpiloguePart& part, int8_t* memory, int32_t first_column)
      : epilogue_(epilogue),
        part_(part),
        memory_(memory),
        lane_(static_cast<int>(threadIdx.x) % kWarpSize),
        column_(first_column),
        terms_(TermsOf(epilogue, first_column + lane_ % kLanesPerRow * 4, part.to_terms)),
        is_finite_(CodeElements<false>::Fit(epilogue, terms_)) {}

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

  static constexpr int kSteps = kRows / kRowsPerStep;

  /**
   * The thread's lane. Where registers are few it is news to the compiler every time, so that addresses are made where
   * they are used: it would make those of all loops ahead of the passes, and have no registers to keep them in.
   */
  __device__ int Lane() const {
    int lane = lane_;
    if constexpr (kMostAhead == 1) asm volatile("" : "+r"(lane));
    return lane;
  }

  /** All threads of the warp take the same loop. */
  __device__ void MakeElements(int64_t first_row) const {
    const int32_t column = column_ + Lane() % kLanesPerRow * 4;
    switch (epilogue_.loop) {
      case LoopKind::kCodes:
        if (!is_finite_) break;
        return Make(CodeElements<false>(epilogue_, terms_, first_row, column), first_row);
      case LoopKind::kCodesAndResidual:
        if (!is_finite_) break;
        return Make(CodeElements<true>(epilogue_, terms_, first_row, column), first_row);
      case LoopKind::kF32:
        return Make(FloatElements<float>(epilogue_, terms_, first_row, column, part_.to_sums), first_row);
      case LoopKind::kF16:
        return Make(FloatElements<Float16>(epilogue_, terms_, first_row, column, part_.to_sums), first_row);
      case LoopKind::kBF16:
        return Make(FloatElements<BFloat16>(epilogue_, terms_, first_row, column, part_.to_sums), first_row);
      default:
        break;
    }
    Make(AnyElements(epilogue_, terms_, first_row, column, part_.to_sums), first_row);
  }

  template <typename Elements>
  __device__ void Make(const Elements& elements, int64_t first_row) const {
    constexpr int kMost = kSteps < kMostAhead ? kSteps : kMostAhead;
    constexpr int kAhead = Elements::kAhead < kMost ? Elements::kAhead : kMost;
    static_assert(kSteps % kAhead == 0, "whole groups of steps");
    const int lane = Lane();
    const int lane_row = lane / kLanesPerRow;
    const int from = lane % kLanesPerRow * 4;
    const int32_t* words = reinterpret_cast<const int32_t*>(memory_) + lane_row * kRowWords + from;
    int8_t* to = memory_ + (lane_row * kColumns + from) * elements.Size();
    // Rows beyond the last one do as if they were it.
    const int last_row = static_cast<int>(min(static_cast<int64_t>(kRows), part_.rows_end - first_row)) - 1;
#pragma unroll 1
    for (int step = 0; step < kSteps; step += kAhead) {
      typename Elements::Row rows[kAhead];
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        const int4 sums = *reinterpret_cast<const int4*>(words + (step + i) * kRowsPerStep * kRowWords);
        rows[i] = elements.Load(sums, min((step + i) * kRowsPerStep + lane_row, last_row));
      }
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        const typename Elements::Packed packed = elements.Make(rows[i]);
        // Elements of a row take no more room than its sums: only those of this step could be overwritten too early.
        __syncwarp();
        elements.Put(packed, to + (step + i) * kRowsPerStep * kColumns * elements.Size());
      }
    }
  }

  __device__ void Store(int64_t first_row) const {
    const int rows = static_cast<int>(min(static_cast<int64_t>(kRows), part_.rows_end - first_row));
    const int columns = min(kColumns, part_.columns_end - column_);
    if (rows <= 0 || columns <= 0) return;
    const int size = static_cast<int>(SizeOf(epilogue_.view.out.type));
    if (!epilogue_.out_vectors) return StoreOneByOne(first_row, rows, columns, size);
    switch (size) {
      case 1:
        return StoreRows<1>(first_row, rows, columns);
      case 2:
        return StoreRows<2>(first_row, rows, columns);
      default:
        return StoreRows<4>(first_row, rows, columns);
    }
  }

  __device__ void StoreOneByOne(int64_t first_row, int rows, int columns, int size) const {
    const RowPlaces& places = epilogue_.out_places;
    const char* from = reinterpret_cast<const char*>(memory_);
    for (int i = Lane(); i < rows * kColumns; i += kWarpSize) {
      const int column = i % kColumns;
      if (column >= columns) continue;
      char* to = epilogue_.view.out.data + places.Of(first_row + i / kColumns) + (column_ + column) * places.column;
      CopyElement(to, from + i * size, size);
    }
  }

  /** A lane has the same 16 bytes of some rows. */
  template <int kSize>
  __device__ void StoreRows(int64_t first_row, int rows, int columns) const {
    constexpr int kChunks = kColumns * kSize / 16;
    static_assert(kWarpSize % kChunks == 0, "whole rows");
    const int lane = Lane();
    const int offset = lane % kChunks * 16;
    const int bytes = columns * kSize;
    if (offset >= bytes) return;
    const char* from = reinterpret_cast<const char*>(memory_) + offset;
    const RowsFrom out(epilogue_.view.out.data, epilogue_.out_places, first_row,
                       static_cast<int64_t>(column_) * kSize + offset);
    for (int row = lane / kChunks; row < rows; row += kWarpSize / kChunks) {
      char* to = out.At(row);
      const char* chunk = from + row * (kColumns * kSize);
      if (offset + 16 <= bytes) {
        *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(chunk);
      } else {
        for (int b = 0; b < bytes - offset; b += kSize) CopyElement(to + b, chunk + b, kSize);
      }
    }
  }

  const Epilogue& epilogue_;
  const EpiloguePart& part_;
  int8_t* const memory_;
  const int lane_;
  const int32_t column_;
  const ColumnTerms terms_;
  const bool is_finite_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_EPILOGUE_ROWS_H_
