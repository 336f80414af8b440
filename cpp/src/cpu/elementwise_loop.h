// SPDX-License-Identifier: Apache-2.0
// The loop nest of an elementwise kernel: dimensions in the order that suits the memory, as few as possible.
#ifndef OCTET_CPU_ELEMENTWISE_LOOP_H_
#define OCTET_CPU_ELEMENTWISE_LOOP_H_

#include "cpu/elementwise.h"

namespace octet {
namespace cpu {

constexpr int kMaxOperands = kMaxRowInputs + kMaxRowOutputs;

/** An operand: inputs first, then outputs, at fixed places; absent ones have no data. */
struct LoopOperand {
  char* data = nullptr;
  int64_t item_size = 0;
  /** In bytes; 0 for absent operands. One more than tensors have: the axis becomes two dimensions. */
  int64_t strides[kMaxDims + 1];
};

/** Arrays hold ndim values; setting more would cost as much as a short loop. */
struct ElementwiseLoop {
  int ndim = 0;
  int64_t count = 0;
  int64_t shape[kMaxDims + 1];
  LoopOperand operands[kMaxOperands];
  /** Parameter number of the first element, and steps from there. */
  int64_t parameter_start = 0;
  int64_t parameter_strides[kMaxDims + 1];
};

/** At least one dimension comes out; count must not be 0. */
ElementwiseLoop MakeElementwiseLoop(const ElementwiseOperands& operands, int64_t parameter_count, int axis);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ELEMENTWISE_LOOP_H_
