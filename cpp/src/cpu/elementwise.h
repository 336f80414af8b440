// SPDX-License-Identifier: Apache-2.0
// Runs an elementwise kernel over tensors of one shape and any strides.
#ifndef OCTET_CPU_ELEMENTWISE_H_
#define OCTET_CPU_ELEMENTWISE_H_

#include "core/tensor_view.h"
#include "cpu/kernels.h"
#include "cpu/parameters.h"

namespace octet {
namespace cpu {

/** Tensors of one shape; as many inputs and outputs as the kernel takes. */
struct ElementwiseOperands {
  const TensorView* in[kMaxRowInputs] = {};
  /** Null: not wanted. */
  const TensorView* out[kMaxRowOutputs] = {};
};

/** axis: the dimension along which the parameters vary, in groups of equal size, or -1. */
void RunElementwise(RowKernel kernel, const ElementwiseOperands& operands, const Parameters& parameters,
                    numerics::Limits limits, int axis);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ELEMENTWISE_H_
