// SPDX-License-Identifier: Apache-2.0
// Reductions on checked arguments.
#ifndef OCTET_CPU_REDUCE_H_
#define OCTET_CPU_REDUCE_H_

#include <cstdint>

#include "core/functions.h"
#include "core/operand.h"

namespace octet {
namespace cpu {

/** reduced: for each dimension of x whether it is one that is reduced. out has the kept dimensions of x alone. */
void Reduce(Reduction reduction, const Operand& x, const bool* reduced, const Operand& out);

/** out: s32 or s64, the dimensions of x without dim. */
void Argmax(const TensorView& x, int dim, const TensorView& out);

/** x [B, T, H], mask [B, T] (f32, bool, u8, s32 or s64), out [B, H]. */
void MaskedMean(const Operand& x, const TensorView& mask, float eps, const Operand& out);

/** Over the last dimension. */
void L2Normalize(const Operand& x, float eps, const Operand& out);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_REDUCE_H_
