// SPDX-License-Identifier: Apache-2.0
// The loop over K: global memory to stages of shared memory to fragments to sums in registers.
//
// From sm_80 on, copies run kStages - 1 tiles ahead (cp.async), and fragments of a step are read while the products of
// the step before are made. A tile costs a warp one barrier. Two tiles are a turn of the loop, so that the addresses of
// copies move on once for both. On sm_75, which has no such copies, there are two stages,
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
      row_addresses_[step] = address_ + FragmentOffset<kRowBits>(row, lane, step);
      column_addresses_[step] = address_ + kRowStageBytes + FragmentOffset<kColumnBits>(column, lane, step);
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
  struct Step {
    Fragments<T::kWarpRows, kRowBits> rows;
    Fragments<T::kWarpColumns, kColumnBits> columns;
  };

  static_assert(kStepsPerTile == 2, "fragments of one step are read while those of the other are multiplied");

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ void RunAsync(int tiles, RowsLoader* rows, ColumnsLoader* columns, Sums& sums) {
    if (tiles == 0) return;
    rows->Attach(address_);
    columns->Attach(address_);
#pragma unroll
    for (int stage = 0; stage < T::kStages - 1; ++stage) {
      if (stage < tiles) Copy(InTurn<0, 1>(), stage * kBytes, stage == tiles - 1, rows, columns);
      CommitCopies();
    }
    WaitForCopies<T::kStages - 2>();
    __syncthreads();
    Pipeline at = {0, tiles, tiles - (T::kStages - 1), 0, (T::kStages - 1) * kBytes};
    Step steps[2];
    Load(at.read, 0, &steps[0]);
    while (RunTile(InTurn<0, 2>(), &at, rows, columns, steps, sums) &&
           RunTile(InTurn<1, 2>(), &at, rows, columns, steps, sums)) {
    }
    Multiply(steps[1], sums);
    WaitForCopies<0>();
    __syncthreads();
  }

  /** Where the loop is. Stages are offsets from the first one. */
  struct Pipeline {
    int tile;
    const int tiles;
    /** Tiles that are copied within the loop. */
    const int copied;
    uint32_t read;
    /** The stage that was read before. */
    uint32_t free;
  };

  /**
   * False after the last tile, whose second step is left to be multiplied. Tried in vain: numbers of the stage and the
   * tile that the compiler has to keep (it makes some of them again from those before) are 1.25 instructions a step
   * less, but 0.3 to 2.4 an element of the epilogue more, which is as much as 500 to 7000 of K.
   */
  template <typename Turn, typename RowsLoader, typename ColumnsLoader>
  __device__ bool RunTile(Turn turn, Pipeline* at, RowsLoader* rows, ColumnsLoader* columns, Step (&steps)[2],
                          Sums& sums) const {
    Load(at->read, 1, &steps[1]);
    // Into the stage whose last fragments were read before the barrier of the tile before.
    if (at->tile < at->copied) Copy(turn, at->free, at->tile == at->copied - 1, rows, columns);
    CommitCopies();
    Multiply(steps[0], sums);
    if (++at->tile == at->tiles) return false;
    WaitForCopies<T::kStages - 2>();
    __syncthreads();
    at->free = at->read;
    at->read = at->read == (T::kStages - 1) * kBytes ? 0 : at->read + kBytes;
    Load(at->read, 0, &steps[0]);
    Multiply(steps[1], sums);
    return true;
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ void RunWithRegisters(int tiles, RowsLoader* rows, ColumnsLoader* columns, Sums& sums) {
    int8_t* stage = shared_;
    if (tiles > 0) {
      Fetch(tiles == 1, rows, columns);
      Put(stage, *rows, *columns);
    }
    __syncthreads();
    for (int tile = 0; tile < tiles; ++tile) {
      const bool more = tile + 1 < tiles;
      if (more) Fetch(tile + 2 == tiles, rows, columns);
      const auto read = static_cast<uint32_t>(stage - shared_);
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

  template <typename Turn, typename RowsLoader, typename ColumnsLoader>
  __device__ void Copy(Turn turn, uint32_t stage, bool last, RowsLoader* rows, ColumnsLoader* columns) const {
    rows->template Copy<0>(turn, stage, last);
    columns->template Copy<kRowStageBytes>(turn, stage, last);
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ static void Fetch(bool last, RowsLoader* rows, ColumnsLoader* columns) {
    rows->Fetch(last);
    columns->Fetch(last);
  }

  template <typename RowsLoader, typename ColumnsLoader>
  __device__ static void Put(int8_t* stage, const RowsLoader& rows, const ColumnsLoader& columns) {
    rows.Put(stage);
    columns.Put(stage + kRowStageBytes);
  }

  __device__ void Load(uint32_t stage, int step, Step* fragments) const {
    fragments->rows.Load(stage + row_addresses_[step]);
    fragments->columns.Load(stage + column_addresses_[step]);
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
  /** Of a lane's fragments in the first stage. */
  uint32_t row_addresses_[kStepsPerTile];
  uint32_t column_addresses_[kStepsPerTile];
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_MAIN_LOOP_H_
