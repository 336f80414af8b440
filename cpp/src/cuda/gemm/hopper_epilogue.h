// SPDX-License-Identifier: Apache-2.0
// From the sums of a warp of a warpgroup to its part of the output. Stages belong to the next tile by then, so the
// epilogue has shared memory of its own: for eight rows of 128 columns a warp, which is what is left beside the stages,
// or sixteen of 32 where weights are the rows of products.
#ifndef OCTET_CUDA_GEMM_HOPPER_EPILOGUE_H_
#define OCTET_CUDA_GEMM_HOPPER_EPILOGUE_H_

#include <cstdint>

#include "cuda/gemm/epilogue_rows.h"
#include "cuda/gemm/fragments.h"
#include "cuda/gemm/hopper_problem.h"
#include "cuda/gemm/hopper_tile.h"

namespace octet {
namespace cuda {

/** Where the rows of a tile lie in the output: one below the other, or, with kPixels, as the pixels of a box may do. */
template <bool kPixels>
class TileRows {
 public:
  /** first_row: of the tile in its product; not of pixels. */
  __device__ TileRows(const HopperProblem& problem, const HopperUnit& unit, int first_row)
      : pixels_(problem.pixels),
        part_(PartOf(problem.epilogue, problem.batch, unit.product)),
        first_row_(part_.first_row + first_row),
        box_(kPixels && problem.pixels.kernel_w > 0 ? PlaceOf(problem.pixels, unit.at.by_activations)
                                                    : BoxPlace{0, 0, 0}) {}

  /** What the product has of the output. */
  __device__ const EpiloguePart& part() const { return part_; }

  /**
   * The number in the output of a row of the tile, a multiple of eight, and that of the first row after it that is not
   * its neighbour. False: there is no such row.
   */
  __device__ bool Find(int row, int64_t* number, int64_t* end) const {
    if (!kPixels || pixels_.kernel_w == 0) {
      *number = first_row_ + row;
      *end = part_.rows_end;
      return *number < *end;
    }
    const int32_t x = box_.x + (row & ((1 << pixels_.width_log) - 1));
    const int32_t line = row >> pixels_.width_log;
    const int32_t y = box_.y + (line & ((1 << pixels_.height_log) - 1));
    const int32_t image = box_.image + (line >> pixels_.height_log);
    *number = (static_cast<int64_t>(image) * pixels_.out_height + y) * pixels_.out_width + x;
    *end = *number + (pixels_.out_width - x);
    return x < pixels_.out_width && y < pixels_.out_height && image < pixels_.images;
  }

 private:
  const PixelBoxes& pixels_;
  const EpiloguePart part_;
  const int64_t first_row_;
  const BoxPlace box_;
};

template <typename T>
class HopperEpilogue {
 public:
  using Sums = int32_t[T::kRowParts][T::kColumnParts][4];

  /** memory: kEpilogueWarpBytes of the warp. */
  __device__ HopperEpilogue(const Epilogue& epilogue, int8_t* memory)
      : epilogue_(epilogue), memory_(memory), lane_(static_cast<int>(threadIdx.x) % kWarpSize) {}

  /** row, column: the warp's first ones, in the tile and of the product. */
  __device__ void Run(const Sums& sums, const TileRows<T::kTakesPixels>& tile, int row, int32_t column) const {
    EpiloguePart part = tile.part();
#pragma unroll 1
    for (int side = 0; side < kSides; ++side) {
      const EpilogueRows<T::kEpilogueColumns, T::kEpilogueRows, T::kEpilogueRowWords, kMostAhead> rows(
          epilogue_, part, memory_, part.first_column + column + side * T::kEpilogueColumns);
#pragma unroll 1
      for (int pass = 0; pass < kPasses; ++pass) {
        int64_t number;
        if (!tile.Find(row + RowOf(pass), &number, &part.rows_end)) continue;
        WriteSums(sums, side * kPasses + pass);
        rows.Run(number);
      }
    }
  }

 private:
  // Sums have more than half of a thread's registers. With four rows, ptxas keeps variables of the main loop in memory.
  static constexpr int kMostAhead = T::kSwapped ? 1 : 2;
  /** Passes side by side, and one below the other. */
  static constexpr int kSides = T::kSwapped ? 1 : T::kWeights / T::kEpilogueColumns;
  static constexpr int kPasses = T::kSwapped ? T::kActivations / T::kEpilogueRows : T::kRowParts * 2;

  /** The first row of a pass, from the warp's first one on: rows of the next product are 64 further on. */
  __device__ static int RowOf(int pass) {
    if constexpr (T::kSwapped) return pass * T::kEpilogueRows;
    return pass / 2 * kGroupProductRows + pass % 2 * T::kEpilogueRows;
  }

  /** Indices of registers have to be constants: a branch for every pass. */
  __device__ void WriteSums(const Sums& sums, int pass) const {
#pragma unroll
    for (int i = 0; i < kSides * kPasses; ++i) {
      if (i != pass) continue;
      if constexpr (T::kSwapped) {
        WriteColumns(sums, i);
      } else {
        WriteRows(sums, i % kPasses, i / kPasses);
      }
    }
  }

  __device__ void WriteRows(const Sums& sums, int pass, int side) const {
    constexpr int kPassParts = T::kEpilogueColumns / 8;
    int32_t* words = reinterpret_cast<int32_t*>(memory_) + lane_ / 4 * T::kEpilogueRowWords + lane_ % 4 * 2;
#pragma unroll
    for (int c = 0; c < kPassParts; ++c) {
      const int32_t(&part)[4] = sums[pass / 2][side * kPassParts + c];
      *reinterpret_cast<int2*>(words + c * 8) = {part[pass % 2 * 2], part[pass % 2 * 2 + 1]};
    }
  }

  /** Columns of products are rows of the output. */
  __device__ void WriteColumns(const Sums& sums, int pass) const {
    constexpr int kPassParts = T::kEpilogueRows / 8;
    int32_t* words = reinterpret_cast<int32_t*>(memory_) + lane_ % 4 * 2 * T::kEpilogueRowWords + lane_ / 4;
#pragma unroll
    for (int c = 0; c < kPassParts; ++c) {
#pragma unroll
      for (int i = 0; i < 4 * T::kRowParts; ++i) {
        const int32_t sum = sums[i / 4][pass * kPassParts + c][i % 4];
        words[(c * 8 + i % 2) * T::kEpilogueRowWords + i / 2 * 8] = sum >> kHalfByteShift;
      }
    }
  }

  const Epilogue& epilogue_;
  int8_t* const memory_;
  const int lane_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_EPILOGUE_H_
