// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/matmul_parts.h"

namespace octet {
namespace cuda {
namespace {

/** Strides of the dimensions before the last two; all 0 for a tensor that is not there. */
WalkStrides BatchStridesOf(const TensorView& view, int dims) {
  WalkStrides strides;
  strides.data = view.data;
  for (int d = 0; d < dims; ++d) strides.bytes[d] = view.data == nullptr ? 0 : view.strides[d] * view.item_size();
  return strides;
}

int64_t RowStrideOf(const TensorView& view) {
  return view.data == nullptr ? 0 : view.strides[view.ndim - 2] * view.item_size();
}

}  // namespace

bool PartMatrices::Aligned(int64_t bytes) const {
  return reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(bytes) == 0 && row % bytes == 0 &&
         strides.outer % bytes == 0 && strides.inner % bytes == 0;
}

MatmulParts::MatmulParts(const MatmulCall& call, const MatmulOutput& output) : m_(call.m()) {
  const int dims = output.out.ndim - 2;
  shape_.dims = dims;
  for (int d = 0; d < dims; ++d) shape_.sizes[d] = output.out.shape[d];
  const TensorView* const views[kOperands] = {&output.out, &call.a.view, &call.b.view, &output.residual};
  for (int i = 0; i < kOperands; ++i) {
    strides_[i] = BatchStridesOf(*views[i], dims);
    rows_[i] = RowStrideOf(*views[i]);
  }
  Simplify(&shape_, strides_, kOperands);
  while (shape_.dims > 0 && RowsJoin(shape_.dims - 1)) {
    const int last = --shape_.dims;
    for (int i : {kOut, kA, kResidual}) {
      if (m_ == 1) rows_[i] = strides_[i].bytes[last];
    }
    m_ *= shape_.sizes[last];
  }
  for (int d = 0; d + 2 < shape_.dims; ++d) count_ *= shape_.sizes[d];
}

/** Whether the matrices of a dimension follow each other as rows do, and share b. */
bool MatmulParts::RowsJoin(int dim) const {
  // A shared a would have to be counted as rows of its own.
  if (strides_[kB].bytes[dim] != 0 || strides_[kA].bytes[dim] == 0) return false;
  for (int i : {kOut, kA, kResidual}) {
    if (m_ != 1 && strides_[i].bytes[dim] != m_ * rows_[i]) return false;
  }
  return true;
}

PartMatrices MatmulParts::MatricesOf(int operand, int64_t offset) const {
  const int64_t* bytes = strides_[operand].bytes;
  char* data = strides_[operand].data == nullptr ? nullptr : strides_[operand].data + offset;
  const int dims = shape_.dims;
  return {data, {dims < 2 ? 0 : bytes[dims - 2], dims < 1 ? 0 : bytes[dims - 1]}, rows_[operand]};
}

MatmulPart MatmulParts::At(int64_t part) const {
  int64_t offsets[kOperands] = {};
  for (int d = shape_.dims - 3; d >= 0; --d) {
    for (int i = 0; i < kOperands; ++i) offsets[i] += part % shape_.sizes[d] * strides_[i].bytes[d];
    part /= shape_.sizes[d];
  }
  MatmulPart result;
  result.outer = shape_.dims < 2 ? 1 : shape_.sizes[shape_.dims - 2];
  result.inner = shape_.dims < 1 ? 1 : shape_.sizes[shape_.dims - 1];
  result.a = MatricesOf(kA, offsets[kA]);
  result.b = MatricesOf(kB, offsets[kB]);
  result.out = MatricesOf(kOut, offsets[kOut]);
  result.residual = MatricesOf(kResidual, offsets[kResidual]);
  return result;
}

RowPlaces PlacesOf(const PartMatrices& matrices, int64_t m, int64_t outer, int64_t inner, int64_t item_size) {
  const BatchStrides& strides = matrices.strides;
  RowPlaces places = {matrices.row, strides.outer,           strides.inner,
                      matrices.row, static_cast<int32_t>(m), static_cast<int32_t>(inner * m),
                      item_size};
  const bool even_inner = inner == 1 || strides.inner == m * matrices.row;
  const bool even_outer = outer == 1 || strides.outer == inner * m * matrices.row;
  if (even_inner && even_outer) places.width = 0;
  return places;
}

Epilogue EpilogueOf(const MatmulPart& part, const MatmulOutput& output, int64_t m, int64_t n) {
  Epilogue epilogue = {};
  epilogue.view = output.epilogue;
  const int64_t out_size = output.out.item_size();
  epilogue.view.out = {part.out.data, output.out.type, part.out.row};
  epilogue.out_places = PlacesOf(part.out, m, part.outer, part.inner, out_size);
  epilogue.out_vectors = part.out.Aligned(16);
  epilogue.view.residual = {};
  epilogue.view.residual_first = output.epilogue.residual_first && part.residual.data != nullptr;
  if (part.residual.data != nullptr) {
    const int64_t size = output.residual.item_size();
    epilogue.view.residual = {part.residual.data, output.residual.type, part.residual.row};
    epilogue.residual_places = PlacesOf(part.residual, m, part.outer, part.inner, size);
    epilogue.residual_vectors = part.residual.Aligned(4 * size);
  }
  epilogue.columns = static_cast<int32_t>(n);
  epilogue.rows = part.count() * m;
  return epilogue;
}

}  // namespace cuda
}  // namespace octet
