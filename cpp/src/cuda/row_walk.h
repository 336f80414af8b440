// SPDX-License-Identifier: Apache-2.0
// Tensors as rows, for every index of the dimensions that rows do not span.
#ifndef OCTET_CUDA_ROW_WALK_H_
#define OCTET_CUDA_ROW_WALK_H_

#include "cuda/walk.h"

namespace octet {
namespace cuda {

/** A kernel parameter. */
template <int kOperands>
struct RowWalk {
  char* data[kOperands];
  int64_t rows;
  int dims;
  /** The last dimension first; strides are in bytes. */
  Divider sizes[kMaxDims];
  int64_t strides[kOperands][kMaxDims];

  __device__ char* At(int operand, int64_t row) const {
    return data[operand] + OffsetOf(row, dims, sizes, strides[operand]);
  }
};

/** Rows in any order. shape: of what rows do not span. */
template <int kOperands>
RowWalk<kOperands> RowsOver(WalkShape shape, WalkStrides (&operands)[kOperands]) {
  RowWalk<kOperands> walk;
  Simplify(&shape, operands, kOperands);
  walk.rows = 1;
  walk.dims = shape.dims;
  for (int d = 0; d < shape.dims; ++d) {
    const int from = shape.dims - 1 - d;
    walk.sizes[d] = DividerOf(shape.sizes[from] < 1 ? 1 : shape.sizes[from]);
    walk.rows *= shape.sizes[from];
    for (int i = 0; i < kOperands; ++i) walk.strides[i][d] = operands[i].bytes[from];
  }
  for (int i = 0; i < kOperands; ++i) walk.data[i] = operands[i].data;
  return walk;
}

/** The dimensions of a view but for the last row_dims. */
inline WalkShape OuterShapeOf(const TensorView& view, int row_dims) {
  WalkShape shape = ShapeOf(view);
  shape.dims -= row_dims;
  return shape;
}

/** An operand that is not there: an address that is not read. */
inline WalkStrides NoStrides() {
  WalkStrides strides;
  for (int64_t& stride : strides.bytes) stride = 0;
  return strides;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ROW_WALK_H_
