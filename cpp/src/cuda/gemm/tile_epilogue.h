// SPDX-License-Identifier: Apache-2.0
// From the sums of a warp to its part of the output, through the shared memory that the main loop is done with.
//
// Fragments have two neighbouring sums a thread. Written to shared memory they are read as rows: epilogue_rows.h.
//
// Rows of sums are 8 words (swapped: 4 words) longer than their columns: then neither writes of fragments nor reads of
// rows meet in a bank.
#ifndef OCTET_CUDA_GEMM_TILE_EPILOGUE_H_
#define OCTET_CUDA_GEMM_TILE_EPILOGUE_H_

#include <cstdint>

#include "cuda/gemm/epilogue_rows.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

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
    const EpilogueRows<kColumns, kPassRows, kRowWords> rows(epilogue_, part_, memory_, column_);
#pragma unroll 1
    for (int pass = 0; pass < kPasses; ++pass) {
      WriteSums(sums);
      rows.Run(row_);
      row_ += kPassRows;
      if constexpr (kPasses > 1) Shift(sums);
    }
  }

 private:
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
