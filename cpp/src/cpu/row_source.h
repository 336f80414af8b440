// SPDX-License-Identifier: Apache-2.0
// A row of real values as f32, a piece at a time: where it lies if it is f32, else converted into a buffer.
#ifndef OCTET_CPU_ROW_SOURCE_H_
#define OCTET_CPU_ROW_SOURCE_H_

#include <algorithm>
#include <cstdint>

#include "core/operand.h"
#include "cpu/row_kernels.h"
#include "numerics/summation.h"

namespace octet {
namespace cpu {

/** A row and how its elements are read or written. */
struct OperandRow {
  char* data = nullptr;
  ElementType type = ElementType::kF32;
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 0.0f};

  char* At(int64_t element) const { return data + element * SizeOf(type); }
};

inline OperandRow RowOf(const Operand& operand, char* data) {
  return {data, operand.view.type, operand.step, operand.limits};
}

/** Values that a thread keeps of a row: 16 KB, half of the smallest first-level caches. */
constexpr int64_t kKeptValues = 4096;

struct RowBuffer {
  alignas(64) float values[kKeptValues];
};

/**
 * The values of a row, or of the sum of two, in blocks of numerics::kBlock. Rows of up to kKeptValues are converted
 * once and stay in the buffer; longer ones are converted at every pass.
 */
class RowSource {
 public:
  /** added.data is null: nothing is added. */
  RowSource(const ConvertKernels& kernels, const OperandRow& row, const OperandRow& added, int64_t length,
            RowBuffer* buffer)
      : kernels_(kernels),
        row_(row),
        added_(added),
        length_(length),
        buffer_(buffer->values),
        in_place_(row.type == ElementType::kF32 && added.data == nullptr) {
    if (!in_place_ && length <= kKeptValues) Convert(0, length, buffer_);
  }

  /** Calls body(values, first element, count) for each block in order. */
  template <typename Body>
  void ForEachBlock(const Body& body) const {
    for (int64_t start = 0; start < length_; start += numerics::kBlock) {
      const int64_t count = std::min(numerics::kBlock, length_ - start);
      body(Block(start, count), start, count);
    }
  }

  /** Whether blocks are in a buffer of the caller's that may be written, and stay there. */
  bool kept() const { return !in_place_ && length_ <= kKeptValues; }

 private:
  const void* Block(int64_t start, int64_t count) const {
    if (in_place_) return row_.At(start);
    if (length_ <= kKeptValues) return buffer_ + start;
    Convert(start, count, buffer_);
    return buffer_;
  }

  void Convert(int64_t start, int64_t count, float* to) const {
    if (added_.data == nullptr) {
      kernels_.load[RowTypeIndex(row_.type)](row_.At(start), row_.step, count, to);
      return;
    }
    const void* values = row_.At(start);
    if (row_.type != ElementType::kF32) {
      kernels_.load[RowTypeIndex(row_.type)](values, row_.step, count, to);
      values = to;
    }
    kernels_.add[RowTypeIndex(added_.type)](values, added_.At(start), added_.step, count, to);
  }

  const ConvertKernels& kernels_;
  const OperandRow row_;
  const OperandRow added_;
  const int64_t length_;
  float* const buffer_;
  const bool in_place_;
};

/** Calls compute(to) for f32 values `count` of which are stored from `start` on: directly where out is f32. */
template <typename Compute>
void StoreThrough(const ConvertKernels& kernels, const OperandRow& out, int64_t start, int64_t count, float* buffer,
                  const Compute& compute) {
  if (out.type == ElementType::kF32) {
    compute(out.At(start));
    return;
  }
  compute(buffer);
  kernels.store[RowTypeIndex(out.type)](buffer, out.step, out.limits, count, out.At(start));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ROW_SOURCE_H_
