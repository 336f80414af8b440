// SPDX-License-Identifier: Apache-2.0
// A tensor as rows: what its last dimensions span, which must lie without gaps, for every index of the others.
#ifndef OCTET_CPU_ROWS_H_
#define OCTET_CPU_ROWS_H_

#include <cstdint>

#include "core/epilogue_view.h"
#include "core/tensor_view.h"

namespace octet {
namespace cpu {

class Rows {
 public:
  Rows() = default;
  /** The last row_dims dimensions are a row's. */
  Rows(const TensorView& tensor, int row_dims);

  bool given() const { return data_ != nullptr; }

  /** First element of a row, rows in row-major order. */
  char* At(int64_t row) const {
    char* data = data_;
    for (int d = ndim_ - 1; d > 0; --d) {
      data += row % shape_[d] * strides_[d];
      row /= shape_[d];
    }
    return data + row * strides_[0];
  }

 private:
  char* data_ = nullptr;
  int ndim_ = 1;
  int64_t shape_[kMaxDims];
  /** In bytes. */
  int64_t strides_[kMaxDims];
};

/** Whether the rows that the last dimension spans lie without gaps, all at one stride; if so *rows is these rows. */
bool AsMatrix(const TensorView& tensor, RowsView* rows);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ROWS_H_
