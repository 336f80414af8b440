// SPDX-License-Identifier: Apache-2.0
// Walks through tensors of one shape and any strides, in tiles that fit the first-level cache: elements in an order
// that suits the output's memory, each tile where it lies if its elements lie side by side, else collected.
#ifndef OCTET_CPU_TILE_LOOP_H_
#define OCTET_CPU_TILE_LOOP_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "core/operand.h"
#include "cpu/row_kernels.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {

/** Elements of a tile. */
constexpr int64_t kTileElements = 1024;

/** How an operand is repeated: images of `rows` times the same `columns` elements, which lie side by side. */
struct RepeatedRows {
  int64_t images;
  int64_t rows;
  int64_t columns;
};

class TileLoop {
 public:
  static constexpr int kMaxOperands = 4;

  /** The output first. Shapes are equal, strides 0 where an input is broadcast. */
  explicit TileLoop(std::initializer_list<const TensorView*> operands);

  int64_t count() const { return count_; }

  /** The memory of an element. */
  char* At(int operand, int64_t element) const;
  /** The memory of elements first..first + count - 1 if they lie side by side, else null. */
  char* Direct(int operand, int64_t first, int64_t count) const;
  /** Whether all elements of an operand lie side by side in the order of the loop. */
  bool IsCompact(int operand) const { return operands_[operand].compact; }
  /** Whether an operand is repeated so, more than once. */
  bool IsRepeated(int operand, RepeatedRows* rows) const;
  /** Copies elements out of an operand, or into it. */
  void Gather(int operand, int64_t first, int64_t count, char* to) const;
  void Scatter(int operand, int64_t first, int64_t count, const char* from) const;

 private:
  struct Operand {
    char* data;
    int64_t item_size;
    /** All elements lie side by side in the order of the loop. */
    bool compact;
    /** In bytes. */
    int64_t strides[kMaxDims];
  };

  template <typename Run>
  void ForEachRun(const Operand& operand, int64_t first, int64_t count, const Run& run) const;

  int64_t count_;
  int ndim_ = 0;
  int64_t shape_[kMaxDims];
  int operand_count_ = 0;
  Operand operands_[kMaxOperands];
};

/** Memory for a tile of one operand. */
struct TileBuffer {
  alignas(64) char raw[kTileElements * 8];
  alignas(64) float values[kTileElements];
};

/** A tile's elements as they are stored: where they lie, or collected. */
inline const char* RawTile(const TileLoop& loop, int operand, int64_t first, int64_t count, TileBuffer* buffer) {
  const char* direct = loop.Direct(operand, first, count);
  if (direct != nullptr) return direct;
  loop.Gather(operand, first, count, buffer->raw);
  return buffer->raw;
}

/** A tile's values as f32. */
inline const void* TileValues(const TileLoop& loop, const ConvertKernels& kernels, int operand, const Operand& how,
                              int64_t first, int64_t count, TileBuffer* buffer) {
  const char* raw = RawTile(loop, operand, first, count, buffer);
  if (how.view.type == ElementType::kF32) return raw;
  kernels.load[RowTypeIndex(how.view.type)](raw, how.step, count, buffer->values);
  return buffer->values;
}

/** Calls write(memory) for the raw elements of the output's tile. */
template <typename Write>
void WriteRawTile(const TileLoop& loop, int64_t first, int64_t count, TileBuffer* buffer, const Write& write) {
  char* direct = loop.Direct(0, first, count);
  write(direct != nullptr ? direct : buffer->raw);
  if (direct == nullptr) loop.Scatter(0, first, count, buffer->raw);
}

/** Calls compute(f32 values) for a tile of the output, and stores them. */
template <typename Compute>
void WriteTile(const TileLoop& loop, const ConvertKernels& kernels, const Operand& how, int64_t first, int64_t count,
               TileBuffer* buffer, const Compute& compute) {
  WriteRawTile(loop, first, count, buffer, [&](char* raw) {
    if (how.view.type == ElementType::kF32) {
      compute(raw);
      return;
    }
    compute(buffer->values);
    kernels.store[RowTypeIndex(how.view.type)](buffer->values, how.step, how.limits, count, raw);
  });
}

/** Calls body(first, count) for all tiles, on several threads where that pays. body may not throw. */
template <typename Body>
void ForEachTile(const TileLoop& loop, const Body& body) {
  // Tiles of a piece of work: reading and writing 128 KB of f32 takes about as long as waking a thread.
  constexpr int64_t kPiece = 32 * kTileElements;
  ParallelFor((loop.count() + kPiece - 1) / kPiece, [&](int64_t piece) {
    const int64_t end = std::min(loop.count(), (piece + 1) * kPiece);
    for (int64_t first = piece * kPiece; first < end; first += kTileElements) {
      body(first, std::min(kTileElements, end - first));
    }
  });
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_TILE_LOOP_H_
