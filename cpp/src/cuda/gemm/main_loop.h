// SPDX-License-Identifier: Apache-2.0
// The loop over K: global memory to stages of shared memory to fragments to sums in registers.
//
// From sm_80 on, copies run kStages - 1 tiles ahead (cp.async), and fragments of a step are read while the products of
// the step before are made. A tile costs a warp one barrier. On sm_75, which has no such copies, there are two stages,
// and the next tile waits in registers while the products of this one are made.
#ifndef OCTET_CUDA_GEMM_MAIN_LOOP_H_
#define OCTET_CUDA_GEMM_MAIN_LOOP_H_

#include <cstdint>

#include "cuda/gemm/fragments.h"
#include "cuda/gemm/instructions.h"
#include "cuda/gemm/shared_layout.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

/** Types of a product: of the activations' codes, and bits of the weights', which are signed. */
template <bool kSignedActivations, int kBits>
struct Codes {
  static constexpr bool kSigned = kSignedActivations;
  static constexpr int kWeightBits = kBits;
};

template <typename T, typename C>
class MainLoop {
 public:
  static constexpr int kRowBits = T::kSwapped ? C::kWeightBits : 8;
  static constexpr int kColumnBits = T::kSwapped ? 8 : C::kWeightBits;
  static constexpr int kRowStageBytes = T::kRows * RowBytes(kRowBits);
  static constexpr int kBytes = StageBytes<T, C::kWeightBits>();
  static constexpr Factors kFactors = C::kSigned ? Factors::kS8S8 : T::kSwapped ? Factors::kS8U8 : Factors::kU8S8;

  using Sums = int32_t[T::kRowParts][T::kColumnParts][4];

  __device__ MainLoop(int8_t* shared, int warp, int lane) : shared_(shared), address_(SharedAddress(shared)) {
    const int row = warp % T::kWarpsByRows * T::kWarpRows;
    const int column = warp / T::kWarpsByRows * T::kWarpColumns;
#pragma unroll
    for (int step = 0; step < kStepsPerTile; ++step) {
      row_offsets_[step] = FragmentOffset<kRowBits>(row, lane, step);
      column_offsets_[step] = kRowStageBytes + FragmentOffset<kColumnBits>(column, lane, step);
    }
  }

  /** Adds the products of `tiles` >= 0 tiles of K to sums; all threads of the block together. */
  template <typename RowsLoader, typename ColumnsLoader>
  __device__ void Run(int tiles, RowsLoader* rows, ColumnsLoader* columns, Sums& sums) {
#if __CUDA_ARCH__ >= 800
    RunAsync(tiles, rows, columns, sums);
#else
    RunWithRegisters(tiles, rows, columns, sums);
#endif
  }

 private:
  template <typename RowsLoader, typename ColumnsLoader>
  __device__ void RunAsync(int tiles, RowsLoader* rows, ColumnsLoader* columns, Sums& sums) {
    if (tiles == 0) return;
    uint32_t filled = address_;
#pragma unroll
    for (int stage = 0; stage < T::kStages - 1; ++stage) {
      if (stage < tiles) Copy(&filled, rows, columns);
      CommitCopies();
    }
    WaitForCopies<T::kStages - 2>();
    __syncthreads();
    uint32_t read = address_;
    Step steps[2];
    Load(read, 0, &steps[0]);
    for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
      for (int step = 0; step < kStepsPerTile; ++step) {
        if (step == kStepsPerTile - 1) {
          WaitForCopies<T::kStages - 2>();
          __syncthreads();
          Advance(&read);
        }
        // After the last tile this reads a stage that is not used.
        if (step < kStepsPerTile - 1 || tile + 1 < tiles) {
          Load(read, (step + 1) % kStepsPerTile, &steps[(step + 1) % 2]);
        }
        if (step == 0) {
          // Into the stage whose last fragments were read before the barrier of the tile before.
          if (tile + T::kStages - 1 < tiles) Copy(&filled, rows, columns);
          CommitCopies();
        }
        Multiply(steps[step % 2], sums);
      }
    }
    WaitForCopies<0>();
    __syncthreads();
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ void RunWithRegisters(int tiles, RowsLoader* rows, ColumnsLoader* columns, Sums& sums) {
    int8_t* stage = shared_;
    if (tiles > 0) {
      Fetch(rows, columns);
      Put(stage, *rows, *columns);
    }
    __syncthreads();
    for (int tile = 0; tile < tiles; ++tile) {
      const bool more = tile + 1 < tiles;
      if (more) Fetch(rows, columns);
      const uint32_t read = SharedAddress(stage);
#pragma unroll
      for (int step = 0; step < kStepsPerTile; ++step) {
        Step fragments;
        Load(read, step, &fragments);
        Multiply(fragments, sums);
      }
      stage = stage == shared_ ? shared_ + kBytes : shared_;
      if (more) Put(stage, *rows, *columns);
      __syncthreads();
    }
  }

  struct Step {
    Fragments<T::kWarpRows, kRowBits> rows;
    Fragments<T::kWarpColumns, kColumnBits> columns;
  };

  __device__ void Advance(uint32_t* stage) const {
    *stage += kBytes;
    if (*stage == address_ + T::kStages * kBytes) *stage = address_;
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ void Copy(uint32_t* stage, RowsLoader* rows, ColumnsLoader* columns) const {
    rows->Copy(*stage);
    columns->Copy(*stage + kRowStageBytes);
    Advance(stage);
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ static void Fetch(RowsLoader* rows, ColumnsLoader* columns) {
    rows->Fetch();
    columns->Fetch();
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ static void Put(int8_t* stage, const RowsLoader& rows, const ColumnsLoader& columns) {
    rows.Put(stage);
    columns.Put(stage + kRowStageBytes);
  }

  __device__ void Load(uint32_t stage, int step, Step* fragments) const {
    fragments->rows.Load(stage + row_offsets_[step]);
    fragments->columns.Load(stage + column_offsets_[step]);
  }

  __device__ static void Multiply(const Step& step, Sums& sums) {
    uint32_t low[T::kColumnParts];
    uint32_t high[T::kColumnParts];
#pragma unroll
    for (int column = 0; column < T::kColumnParts; ++column) step.columns.Columns(column, &low[column], &high[column]);
#pragma unroll
    for (int row = 0; row < T::kRowParts; ++row) {
      uint32_t words[4];
      step.rows.Rows(row, words);
#pragma unroll
      for (int column = 0; column < T::kColumnParts; ++column) {
        cuda::Multiply<kFactors>(sums[row][column], words, low[column], high[column]);
      }
    }
  }

  int8_t* const shared_;
  const uint32_t address_;
  uint32_t row_offsets_[kStepsPerTile];
  uint32_t column_offsets_[kStepsPerTile];
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_MAIN_LOOP_H_
