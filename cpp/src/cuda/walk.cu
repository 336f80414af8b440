// SPDX-License-Identifier: Apache-2.0
#include "cuda/walk.h"

namespace octet {
namespace cuda {
namespace {

int64_t Magnitude(int64_t value) { return value < 0 ? -value : value; }

void Exchange(WalkShape* shape, WalkStrides* operands, int count, int a, int b) {
  const int64_t size = shape->sizes[a];
  shape->sizes[a] = shape->sizes[b];
  shape->sizes[b] = size;
  for (int i = 0; i < count; ++i) {
    const int64_t stride = operands[i].bytes[a];
    operands[i].bytes[a] = operands[i].bytes[b];
    operands[i].bytes[b] = stride;
  }
}

}  // namespace

WalkShape ShapeOf(const TensorView& view) {
  WalkShape shape;
  shape.dims = view.ndim;
  for (int d = 0; d < view.ndim; ++d) shape.sizes[d] = view.shape[d];
  return shape;
}

WalkStrides StridesOf(const TensorView& view) {
  WalkStrides strides;
  strides.data = view.data;
  for (int d = 0; d < view.ndim; ++d) strides.bytes[d] = view.strides[d] * view.item_size();
  return strides;
}

void Simplify(WalkShape* shape, WalkStrides* operands, int count) {
  // Dimensions of size 1 go.
  int dims = 0;
  for (int d = 0; d < shape->dims; ++d) {
    if (shape->sizes[d] == 1) continue;
    if (d != dims) Exchange(shape, operands, count, d, dims);
    ++dims;
  }
  // By insertion: there are few, and mostly they are in order.
  for (int d = 1; d < dims; ++d) {
    for (int e = d; e > 0 && Magnitude(operands[0].bytes[e - 1]) < Magnitude(operands[0].bytes[e]); --e) {
      Exchange(shape, operands, count, e - 1, e);
    }
  }
  int kept = dims == 0 ? 0 : 1;
  for (int d = 1; d < dims; ++d) {
    bool joins = true;
    for (int i = 0; i < count; ++i) {
      joins = joins && operands[i].bytes[kept - 1] == operands[i].bytes[d] * shape->sizes[d];
    }
    if (joins) {
      shape->sizes[kept - 1] *= shape->sizes[d];
      for (int i = 0; i < count; ++i) operands[i].bytes[kept - 1] = operands[i].bytes[d];
      continue;
    }
    shape->sizes[kept] = shape->sizes[d];
    for (int i = 0; i < count; ++i) operands[i].bytes[kept] = operands[i].bytes[d];
    ++kept;
  }
  shape->dims = kept;
}

WalkRows RowsOf(const WalkShape& shape, const WalkStrides* strides, int count, WalkOperand* operands, Divider* outer) {
  WalkRows result = {1, 1, 0};
  const int last = shape.dims - 1;
  if (last >= 0) result.length = shape.sizes[last];
  for (int d = last - 1; d >= 0; --d) {
    outer[result.outer_dims++] = DividerOf(shape.sizes[d] < 1 ? 1 : shape.sizes[d]);
    result.rows *= shape.sizes[d];
  }
  for (int i = 0; i < count; ++i) {
    operands[i].data = strides[i].data;
    operands[i].inner = last >= 0 ? strides[i].bytes[last] : 0;
    for (int k = 0; k < result.outer_dims; ++k) operands[i].outer[k] = strides[i].bytes[last - 1 - k];
  }
  return result;
}

int64_t ChunksOf(const WalkOperand& lead, int outer_dims, int64_t length, int elements) {
  bool aligned = reinterpret_cast<uintptr_t>(lead.data) % 16 == 0;
  for (int k = 0; k < outer_dims; ++k) aligned = aligned && lead.outer[k] % 16 == 0;
  const int64_t reach = aligned ? length : length + elements - 1;
  const int64_t chunks = (reach + elements - 1) / elements;
  return chunks < 1 ? 1 : chunks;
}

}  // namespace cuda
}  // namespace octet
