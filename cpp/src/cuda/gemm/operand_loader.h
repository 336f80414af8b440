// SPDX-License-Identifier: Apache-2.0
// Copies of an operand from global to shared memory, a tile of K at a time, by all threads of a block together. Rows
// beyond the last one read the last one again: what they give is not stored, and no instruction is spent on them.
#ifndef OCTET_CUDA_GEMM_OPERAND_LOADER_H_
#define OCTET_CUDA_GEMM_OPERAND_LOADER_H_

#include <cstdint>
#include <utility>

#include "cuda/gemm/instructions.h"
#include "cuda/gemm/shared_layout.h"

namespace octet {
namespace cuda {

constexpr int64_t kMostStride = int64_t{1} << 22;

/** Rows of codes in global memory, each at a multiple of 16 bytes. */
struct OperandRows {
  const int8_t* data;
  /** Bytes from row to row: 0 to kMostStride, so that 32 bits are enough within a tile. */
  int64_t stride;
  int32_t rows;
  /** Bytes of a row that exist; zeros follow them. */
  int32_t bytes;
};

/** kWhole: rows have a whole number of tiles, so that no copy has to be cut. */
template <int kRows, int kBits, int kThreads, bool kWhole>
class RowLoader {
 public:
  static constexpr int kChunks = ChunksPerRow(kBits);
  static constexpr int kCopies = (kRows * kChunks + kThreads - 1) / kThreads;
  static constexpr int kRowsApart = kThreads / kChunks;
  static_assert(kThreads % kChunks == 0 && kRowsApart % 8 == 0, "a thread's chunks differ by whole patterns");
  static_assert(kCopies == 1 || kRows * kChunks % kThreads == 0, "all threads copy as much");

  /**
   * first_tile: the tile of K that the first copy is for; tiles: how many there will be. skipped: bytes before the
   * first row.
   */
  __device__ RowLoader(const OperandRows& operand, int64_t first_row, int first_tile, int tiles, int64_t skipped) {
    const int thread = static_cast<int>(threadIdx.x);
    const int row = thread / kChunks;
    const int chunk = thread % kChunks;
    active_ = kRows * kChunks >= kThreads || thread < kRows * kChunks;
    to_ = ChunkOffset<kBits>(row, chunk);
    const int last = (first_tile + tiles - 1) * RowBytes(kBits) + chunk * 16;
    last_bytes_ = min(max(operand.bytes - last, 0), 16);
    const int8_t* from =
        operand.data + skipped + first_row * operand.stride + first_tile * RowBytes(kBits) + chunk * 16;
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      const int existing = min(row + i * kRowsApart, static_cast<int>(operand.rows - 1 - first_row));
      from_[i] = from + existing * static_cast<int>(operand.stride);
    }
  }

  /** To be called before the first Copy, whose stages are offsets from this address in shared memory. */
  __device__ void Attach(uint32_t address) { to_ += address; }

  /** Starts copying the next tile to a stage, to the bytes from kOffset on. last: whether it is the last one. */
  template <int kOffset, int kNumber, int kTiles>
  __device__ void Copy(InTurn<kNumber, kTiles> turn, uint32_t stage, bool last) {
    if (active_) CopyAll<kOffset>(turn, stage + to_, last, std::make_integer_sequence<int, kCopies>());
    if constexpr (kNumber == kTiles - 1) Advance(kTiles);
  }

  /** Reads the next tile into registers. Where rows are cut, whole chunks are there or not. */
  __device__ void Fetch(bool last) {
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      words_[i] = active_ && (kWhole || !last || last_bytes_ > 0) ? __ldg(reinterpret_cast<const uint4*>(from_[i]))
                                                                  : uint4{0, 0, 0, 0};
    }
    Advance(1);
  }

  /** Writes what was fetched to a stage. */
  __device__ void Put(int8_t* stage) const {
    if (!active_) return;
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      *reinterpret_cast<uint4*>(stage + to_ + i * kRowsApart * RowBytes(kBits)) = words_[i];
    }
  }

 private:
  template <int kOffset, int kNumber, int kTiles, int... kIndices>
  __device__ void CopyAll(InTurn<kNumber, kTiles>, uint32_t to, bool last,
                          std::integer_sequence<int, kIndices...>) const {
    constexpr int kStep = kRowsApart * RowBytes(kBits);
    constexpr int kFrom = kNumber * RowBytes(kBits);
    if constexpr (kWhole) {
      (CopyAsync<kOffset + kIndices * kStep, kFrom>(to, from_[kIndices]), ...);
    } else {
      const int bytes = last ? last_bytes_ : 16;
      (CopyAsync<kOffset + kIndices * kStep, kFrom>(to, from_[kIndices], bytes), ...);
    }
  }

  __device__ void Advance(int tiles) {
#pragma unroll
    for (int i = 0; i < kCopies; ++i) from_[i] += tiles * RowBytes(kBits);
  }

  const int8_t* from_[kCopies];
  uint32_t to_;
  /** Of the thread's chunk in the last tile. */
  int last_bytes_;
  bool active_;
  uint4 words_[kCopies];
};

/** The loader of a source of activations. */
template <typename Source, int kRows, int kThreads>
struct LoaderOf;
template <int kRows, int kThreads>
struct LoaderOf<OperandRows, kRows, kThreads> {
  using Type = RowLoader<kRows, 8, kThreads, false>;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_OPERAND_LOADER_H_
