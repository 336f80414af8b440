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

  /** first_tile: the tile of K that the first call of Copy or Fetch is for. skipped: bytes before the first row. */
  __device__ RowLoader(const OperandRows& operand, int64_t first_row, int first_tile, int64_t skipped) {
    const int thread = static_cast<int>(threadIdx.x);
    const int row = thread / kChunks;
    const int chunk = thread % kChunks;
    active_ = kRows * kChunks >= kThreads || thread < kRows * kChunks;
    to_ = ChunkOffset<kBits>(row, chunk);
    const int offset = first_tile * RowBytes(kBits) + chunk * 16;
    left_ = operand.bytes - offset;
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      const int existing = min(row + i * kRowsApart, static_cast<int>(operand.rows - 1 - first_row));
      rows_[i] = static_cast<uint32_t>(existing * static_cast<int>(operand.stride));
    }
    from_ = operand.data + skipped + first_row * operand.stride + offset;
  }

  /** Starts copying the next tile to a stage. */
  __device__ void Copy(uint32_t stage) {
    if (active_) CopyAll(stage + to_, std::make_integer_sequence<int, kCopies>());
    Advance();
  }

  /** Reads the next tile into registers. */
  __device__ void Fetch() {
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      words_[i] = active_ && (kWhole || left_ > 0) ? __ldg(reinterpret_cast<const uint4*>(from_ + rows_[i]))
                                                   : uint4{0, 0, 0, 0};
    }
    Advance();
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
  template <int... kIndices>
  __device__ void CopyAll(uint32_t to, std::integer_sequence<int, kIndices...>) const {
    constexpr int kStep = kRowsApart * RowBytes(kBits);
    if constexpr (kWhole) {
      (CopyAsync<kIndices * kStep>(to, from_ + rows_[kIndices]), ...);
    } else {
      const int bytes = min(max(left_, 0), 16);
      (CopyAsync<kIndices * kStep>(to, from_ + rows_[kIndices], bytes), ...);
    }
  }

  __device__ void Advance() {
    if constexpr (!kWhole) left_ -= RowBytes(kBits);
    from_ += RowBytes(kBits);
  }

  const int8_t* from_;
  uint32_t rows_[kCopies];
  uint32_t to_;
  /** Bytes from the thread's chunk to the end of a row. */
  int left_;
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
