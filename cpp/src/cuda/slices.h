// SPDX-License-Identifier: Apache-2.0
// Tensors as slices, each a sequence of elements in row-major order, for reductions.
#ifndef OCTET_CUDA_SLICES_H_
#define OCTET_CUDA_SLICES_H_

#include "cuda/span.h"
#include "cuda/walk.h"
#include "numerics/summation.h"

namespace octet {
namespace cuda {

/** Some of the dimensions of operands. Strides are in bytes. */
template <int kOperands>
struct SliceDims {
  int dims;
  /** The last dimension first. */
  Divider sizes[kMaxDims + 1];
  int64_t strides[kOperands][kMaxDims + 1];

  /** As divider.h has it, but for the way out of no dimensions at all: taken for each element, it cost columns 3 %. */
  __device__ int64_t OffsetOf(int operand, int64_t index) const {
    int64_t offset = 0;
#pragma unroll 1
    for (int d = 0; d < dims - 1; ++d) {
      const Divider::Result place = sizes[d].Divide(index);
      offset += place.remainder * strides[operand][d];
      index = place.quotient;
    }
    // What is left is the place in the outermost dimension: no more to divide, and nothing at all of a single one.
    return dims > 0 ? offset + index * strides[operand][dims - 1] : 0;
  }
};

template <int kElements>
struct SliceElements;

/** A kernel parameter. Operand 0 is the output, with an element a slice (or nothing, at strides of 0). */
template <int kOperands>
struct SliceWalk {
  char* data[kOperands];
  int64_t slices;
  int64_t length;
  /** Blocks of numerics/summation.h of a slice; at least 1. */
  Divider blocks;
  SliceDims<kOperands> outer;
  SliceDims<kOperands> inner;

  __device__ char* Slice(int operand, int64_t slice) const { return data[operand] + outer.OffsetOf(operand, slice); }

  /** Whether the elements of a slice lie side by side. */
  __device__ bool IsRow(int operand, ElementType type) const {
    return inner.dims == 1 && inner.strides[operand][0] == SizeOf(type);
  }

  /** Values element..element + count - 1 of a slice that begins at `start`. */
  template <int kElements>
  __device__ void Load(int operand, const char* start, int64_t element, int count, const Coding& coding,
                       float (&values)[kElements]) const {
    LoadFrom(SliceElements<kElements>(*this, operand, start, element, count, coding.type), coding,
             reinterpret_cast<float(&)[1][kElements]>(values));
  }

  template <int kElements>
  __device__ void Store(int operand, char* start, int64_t element, int count, const Coding& coding,
                        const float (&values)[kElements]) const {
    StoreTo(SliceElements<kElements>(*this, operand, start, element, count, coding.type), coding,
            reinterpret_cast<const float(&)[1][kElements]>(values));
  }
};

/** The place of neighbouring elements of a slice, as LoadBits takes one. */
template <int kElements>
struct SliceElements {
  uintptr_t at[kElements];
  int count;
  bool whole;

  template <int kOperands>
  __device__ SliceElements(const SliceWalk<kOperands>& walk, int operand, const char* start, int64_t element,
                           int number, ElementType type)
      : count(number) {
    const SliceDims<kOperands>& inner = walk.inner;
    const char* const first = start + inner.OffsetOf(operand, element);
    const bool side_by_side =
        walk.IsRow(operand, type) || (inner.dims > 0 && inner.strides[operand][0] == SizeOf(type) &&
                                      inner.sizes[0].Divide(element).remainder + kElements <= inner.sizes[0].divisor);
    whole = kElements == 1 || (side_by_side && PiecesAreWhole<0, 1, kElements>(first, 0, count, type));
    at[0] = reinterpret_cast<uintptr_t>(first);
#pragma unroll
    for (int i = 1; i < kElements; ++i) {
      at[i] = whole ? 0 : reinterpret_cast<uintptr_t>(start + inner.OffsetOf(operand, element + i));
    }
  }

  __device__ bool Has(int, int i) const { return i < count; }
  __device__ uintptr_t At(int, int i, int) const { return at[i]; }
};

/** Dimensions of operands in the making: strides in bytes. */
template <int kOperands>
struct SliceStrides {
  WalkShape shape;
  WalkStrides operands[kOperands];
};

template <int kOperands>
SliceDims<kOperands> SliceDimsOf(const SliceStrides<kOperands>& from, const bool* reduced, bool wanted) {
  SliceDims<kOperands> result;
  result.dims = 0;
  for (int d = from.shape.dims - 1; d >= 0; --d) {
    const int64_t size = from.shape.sizes[d];
    // Without elements there is no index to take apart.
    if (reduced[d] != wanted || size <= 1) continue;
    const int last = result.dims - 1;
    bool joins = last >= 0;
    for (int i = 0; joins && i < kOperands; ++i) {
      joins = from.operands[i].bytes[d] == result.strides[i][last] * result.sizes[last].divisor;
    }
    if (joins) {
      result.sizes[last] = DividerOf(result.sizes[last].divisor * size);
      continue;
    }
    result.sizes[result.dims] = DividerOf(size);
    for (int i = 0; i < kOperands; ++i) result.strides[i][result.dims] = from.operands[i].bytes[d];
    ++result.dims;
  }
  return result;
}

/** reduced: for each dimension whether it belongs to the elements of a slice. */
template <int kOperands>
SliceWalk<kOperands> SlicesOver(const SliceStrides<kOperands>& from, const bool* reduced) {
  SliceWalk<kOperands> walk;
  walk.slices = 1;
  walk.length = 1;
  for (int d = 0; d < from.shape.dims; ++d) (reduced[d] ? walk.length : walk.slices) *= from.shape.sizes[d];
  const int64_t blocks = numerics::BlockCount(walk.length);
  walk.blocks = DividerOf(blocks < 1 ? 1 : blocks);
  walk.outer = SliceDimsOf(from, reduced, false);
  walk.inner = SliceDimsOf(from, reduced, true);
  for (int i = 0; i < kOperands; ++i) walk.data[i] = from.operands[i].data;
  return walk;
}

/** The slices of a reduction of x to out, which has the kept dimensions of x alone. */
inline SliceWalk<2> ReductionOver(const TensorView& x, const bool* reduced, const TensorView& out) {
  SliceStrides<2> from;
  from.shape = ShapeOf(x);
  from.operands[1] = StridesOf(x);
  from.operands[0].data = out.data;
  int kept = 0;
  for (int d = 0; d < x.ndim; ++d) from.operands[0].bytes[d] = reduced[d] ? 0 : out.strides[kept++] * out.item_size();
  return SlicesOver(from, reduced);
}

/**
 * Slices along an axis in groups, slice_count of them (axis -1: one slice): operand 0 is nothing, the others are views
 * of one shape.
 */
template <int kOperands>
SliceWalk<kOperands> SlicesAlong(const TensorView* const (&views)[kOperands - 1], int axis, int64_t slice_count) {
  SliceStrides<kOperands> from;
  bool reduced[kMaxDims + 1];
  from.shape = ShapeOf(*views[0]);
  from.operands[0] = {};
  for (int i = 1; i < kOperands; ++i) from.operands[i] = StridesOf(*views[i - 1]);
  for (bool& flag : reduced) flag = true;
  if (axis >= 0) {
    const int64_t size = slice_count < 1 ? 1 : from.shape.sizes[axis] / slice_count;
    for (int d = from.shape.dims; d > axis; --d) {
      from.shape.sizes[d] = from.shape.sizes[d - 1];
      for (int i = 1; i < kOperands; ++i) from.operands[i].bytes[d] = from.operands[i].bytes[d - 1];
    }
    ++from.shape.dims;
    from.shape.sizes[axis] = slice_count;
    from.shape.sizes[axis + 1] = size;
    for (int i = 1; i < kOperands; ++i) from.operands[i].bytes[axis] = from.operands[i].bytes[axis + 1] * size;
    reduced[axis] = false;
  }
  for (int64_t& stride : from.operands[0].bytes) stride = 0;
  return SlicesOver(from, reduced);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_SLICES_H_
