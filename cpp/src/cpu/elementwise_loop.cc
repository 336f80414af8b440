// SPDX-License-Identifier: Apache-2.0
#include "cpu/elementwise_loop.h"

#include <utility>

namespace octet {
namespace cpu {
namespace {

const TensorView& FirstOperand(const ElementwiseOperands& operands) { return *operands.in[0]; }

void SwapDims(ElementwiseLoop* loop, int a, int b) {
  std::swap(loop->shape[a], loop->shape[b]);
  std::swap(loop->parameter_strides[a], loop->parameter_strides[b]);
  for (LoopOperand& operand : loop->operands) std::swap(operand.strides[a], operand.strides[b]);
}

/** All dimensions of more than one element, the axis cut in groups. */
void CopyDims(const ElementwiseOperands& operands, int64_t parameter_count, int axis, ElementwiseLoop* loop) {
  const TensorView& first = FirstOperand(operands);
  const auto add = [&](int dim, int64_t size, int64_t step, int64_t parameter_stride) {
    if (size == 1) return;
    const int d = loop->ndim++;
    loop->shape[d] = size;
    loop->parameter_strides[d] = parameter_stride;
    for (int i = 0; i < kMaxOperands; ++i) {
      const TensorView* view = i < kMaxRowInputs ? operands.in[i] : operands.out[i - kMaxRowInputs];
      loop->operands[i].strides[d] = view == nullptr ? 0 : view->strides[dim] * step * view->item_size();
    }
  };
  for (int d = 0; d < first.ndim; ++d) {
    const int64_t size = first.shape[d];
    if (d == axis && parameter_count > 1) {
      add(d, parameter_count, size / parameter_count, 1);
      add(d, size / parameter_count, 1, 0);
    } else {
      add(d, size, 1, 0);
    }
  }
}

/** Makes the first input's strides positive: elementwise kernels may take elements in any order. */
void Unreverse(ElementwiseLoop* loop) {
  for (int d = 0; d < loop->ndim; ++d) {
    if (loop->operands[0].strides[d] >= 0) continue;
    const int64_t last = loop->shape[d] - 1;
    for (LoopOperand& operand : loop->operands) {
      if (operand.data == nullptr) continue;
      operand.data += last * operand.strides[d];
      operand.strides[d] = -operand.strides[d];
    }
    loop->parameter_start += last * loop->parameter_strides[d];
    loop->parameter_strides[d] = -loop->parameter_strides[d];
  }
}

/** Whether dimension a should be outside b: the strides of the first output decide, then those of the input. */
bool Outside(const ElementwiseLoop& loop, int a, int b) {
  for (int i = kMaxOperands - 1; i >= 0; --i) {
    if (loop.operands[i].data == nullptr) continue;
    const int64_t first = loop.operands[i].strides[a] < 0 ? -loop.operands[i].strides[a] : loop.operands[i].strides[a];
    const int64_t second = loop.operands[i].strides[b] < 0 ? -loop.operands[i].strides[b] : loop.operands[i].strides[b];
    if (first != second) return first > second;
  }
  return false;
}

void Sort(ElementwiseLoop* loop) {
  for (int i = 1; i < loop->ndim; ++i) {
    for (int j = i; j > 0 && Outside(*loop, j, j - 1); --j) SwapDims(loop, j, j - 1);
  }
}

/** Makes one dimension of neighbours wherever every operand steps through them as through one. */
void Merge(ElementwiseLoop* loop) {
  int kept = 0;
  for (int d = 1; d < loop->ndim; ++d) {
    const int64_t size = loop->shape[d];
    bool one = loop->parameter_strides[kept] == loop->parameter_strides[d] * size;
    for (const LoopOperand& operand : loop->operands) {
      one = one && (operand.data == nullptr || operand.strides[kept] == operand.strides[d] * size);
    }
    if (!one) ++kept;
    const int64_t merged = one ? loop->shape[kept] * size : size;
    loop->shape[kept] = merged;
    loop->parameter_strides[kept] = loop->parameter_strides[d];
    for (LoopOperand& operand : loop->operands) operand.strides[kept] = operand.strides[d];
  }
  loop->ndim = kept + 1;
}

}  // namespace

ElementwiseLoop MakeElementwiseLoop(const ElementwiseOperands& operands, int64_t parameter_count, int axis) {
  ElementwiseLoop loop;
  loop.count = FirstOperand(operands).count;
  for (int i = 0; i < kMaxOperands; ++i) {
    const TensorView* view = i < kMaxRowInputs ? operands.in[i] : operands.out[i - kMaxRowInputs];
    if (view == nullptr) continue;
    loop.operands[i].data = view->data;
    loop.operands[i].item_size = view->item_size();
  }
  CopyDims(operands, parameter_count, axis, &loop);
  if (loop.ndim == 0) {
    loop.ndim = 1;
    loop.shape[0] = 1;
    loop.parameter_strides[0] = 0;
    for (LoopOperand& operand : loop.operands) operand.strides[0] = operand.item_size;
    return loop;
  }
  Unreverse(&loop);
  Sort(&loop);
  Merge(&loop);
  return loop;
}

}  // namespace cpu
}  // namespace octet
