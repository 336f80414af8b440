// SPDX-License-Identifier: Apache-2.0
#include "cpu/float_panels.h"

#include <algorithm>
#include <cstring>

#include "cpu/row_kernels.h"
#include "cpu/transpose.h"

namespace octet {
namespace cpu {
namespace {

/** k that are read at a time where rows of memory are columns of the panel: 16 KB on the stack. */
constexpr int64_t kDepth = 128;

/** Copies elements that lie a stride apart side by side. */
void Collect(const char* from, int64_t stride, int64_t size, int64_t count, char* to) {
  for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * size, from + i * stride, static_cast<size_t>(size));
}

class PanelMaker {
 public:
  PanelMaker(const FloatMatrix& matrix, int64_t panel, float* to)
      : matrix_(matrix),
        size_(SizeOf(matrix.type)),
        first_(panel * kPanelColumns),
        columns_(PanelColumnsOf(matrix.n, panel)),
        count_(std::min(kPanelColumns, matrix.n - first_)),
        load_(CurrentRowKernels().convert.load[RowTypeIndex(matrix.type)]),
        to_(to) {}

  /** Rows of memory are rows of the panel. */
  void FromRows() const {
    for (int64_t k = 0; k < matrix_.k; ++k) {
      const char* from = matrix_.data + k * matrix_.k_stride + first_ * matrix_.n_stride;
      float* row = to_ + k * columns_;
      if (matrix_.type == ElementType::kF32) {
        std::memcpy(row, from, static_cast<size_t>(count_) * sizeof(float));
      } else {
        load_(from, matrix_.step, count_, row);
      }
      std::fill(row + count_, row + columns_, 0.0f);
    }
  }

  /** Rows of memory are columns of the panel, or nothing lies side by side. */
  void FromColumns() const {
    alignas(64) float values[kPanelColumns * kDepth];
    char raw[kDepth * 4];
    for (int64_t k = 0; k < matrix_.k; k += kDepth) {
      const int64_t depth = std::min(kDepth, matrix_.k - k);
      const char* from = matrix_.data + k * matrix_.k_stride + first_ * matrix_.n_stride;
      float* to = to_ + k * columns_;
      if (matrix_.type == ElementType::kF32 && matrix_.k_stride == size_) {
        TransposeWords(from, matrix_.n_stride, to, columns_ * 4, count_, depth);
      } else {
        for (int64_t c = 0; c < count_; ++c) {
          const char* column = from + c * matrix_.n_stride;
          if (matrix_.k_stride != size_) {
            Collect(column, matrix_.k_stride, size_, depth, raw);
            column = raw;
          }
          load_(column, matrix_.step, depth, values + c * kDepth);
        }
        TransposeWords(values, kDepth * 4, to, columns_ * 4, count_, depth);
      }
      for (int64_t i = 0; count_ < columns_ && i < depth; ++i) {
        std::fill(to + i * columns_ + count_, to + (i + 1) * columns_, 0.0f);
      }
    }
  }

 private:
  const FloatMatrix& matrix_;
  const int64_t size_;
  const int64_t first_;
  const int64_t columns_;
  /** Columns that there are. */
  const int64_t count_;
  void (*const load_)(const void* row, numerics::Step step, int64_t count, void* values);
  float* const to_;
};

}  // namespace

void MakeFloatPanel(const FloatMatrix& matrix, int64_t panel, float* to) {
  const PanelMaker maker(matrix, panel, to);
  if (matrix.n_stride == SizeOf(matrix.type) && matrix.n > 1) {
    maker.FromRows();
  } else {
    maker.FromColumns();
  }
}

}  // namespace cpu
}  // namespace octet
