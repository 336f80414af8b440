// SPDX-License-Identifier: Apache-2.0
// How a kernel of single elements walks over tensors of one shape and any strides: as rows, the elements of which are
// those of the dimension that lies closest together in the first operand, the output. Dimensions that lie without gaps
// in all operands are one, so compact tensors are a single row.
#ifndef OCTET_CUDA_WALK_H_
#define OCTET_CUDA_WALK_H_

#include <cstdint>

#include "core/tensor_view.h"
#include "cuda/divider.h"

namespace octet {
namespace cuda {

/** Dimensions beside the one of rows. */
constexpr int kMaxOuterDims = kMaxDims;

/** An operand: strides are in bytes, 0 where it is broadcast. */
struct WalkOperand {
  char* data;
  int64_t inner;
  int64_t outer[kMaxOuterDims];
};

/** A kernel parameter. */
template <int kOperands>
struct Walk {
  WalkOperand operands[kOperands];
  int64_t rows;
  /** Elements of a row. */
  int64_t length;
  /** Chunks of a row: see chunk.h. */
  Divider chunks;
  int outer_dims;
  /** Sizes, the last dimension first. */
  Divider outer[kMaxOuterDims];
  /** The operand whose 16-byte boundaries chunks keep to. */
  int lead;
};

/** What is known of a walk before its chunks are. */
struct WalkShape {
  int dims = 0;
  int64_t sizes[kMaxDims + 1];
};

/** Operand number i of a walk in the making: strides in bytes, one for each dimension of the shape. */
struct WalkStrides {
  char* data = nullptr;
  int64_t bytes[kMaxDims + 1];
};

/** Puts dimensions in the order of the strides of the first operand and joins those that lie without gaps in all. */
void Simplify(WalkShape* shape, WalkStrides* operands, int count);

/** Fills in sizes, strides and rows of a walk over `count` operands; `outer` has room for kMaxOuterDims. */
struct WalkRows {
  int64_t rows;
  int64_t length;
  int outer_dims;
};
WalkRows RowsOf(const WalkShape& shape, const WalkStrides* strides, int count, WalkOperand* operands, Divider* outer);

/** Chunks of `elements` that a row takes, in the worst case of its alignment. */
int64_t ChunksOf(const WalkOperand& lead, int outer_dims, int64_t length, int elements);

/** All operands have the shape; elements: of a chunk. */
template <int kOperands>
Walk<kOperands> WalkOver(WalkShape shape, WalkStrides (&operands)[kOperands], int lead, int elements) {
  Walk<kOperands> walk;
  Simplify(&shape, operands, kOperands);
  const WalkRows rows = RowsOf(shape, operands, kOperands, walk.operands, walk.outer);
  walk.rows = rows.rows;
  walk.length = rows.length;
  walk.outer_dims = rows.outer_dims;
  walk.lead = lead;
  walk.chunks = DividerOf(ChunksOf(walk.operands[lead], rows.outer_dims, rows.length, elements));
  return walk;
}

/** The shape of a view. */
WalkShape ShapeOf(const TensorView& view);
/** Its strides. */
WalkStrides StridesOf(const TensorView& view);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_WALK_H_
