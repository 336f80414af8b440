// SPDX-License-Identifier: Apache-2.0
// Pooling on checked arguments: images [N, H, W, C] of any strides.
#ifndef OCTET_CPU_POOL_H_
#define OCTET_CPU_POOL_H_

#include "core/operand.h"
#include "core/pool_axes.h"

namespace octet {
namespace cpu {

/** x and out have the same type. */
void MaxPool2d(const TensorView& x, const PoolAxes& axes, const TensorView& out);

/** Dilations are 1. */
void AvgPool2d(const Operand& x, const PoolAxes& axes, const AvgPoolOptions& options, const Operand& out);

void AdaptiveAvgPool2d(const Operand& x, const Operand& out);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_POOL_H_
