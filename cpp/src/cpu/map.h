// SPDX-License-Identifier: Apache-2.0
// Functions of single elements, and copies, on checked arguments: inputs have the shape of the output, with strides of
// 0 where they are broadcast.
#ifndef OCTET_CPU_MAP_H_
#define OCTET_CPU_MAP_H_

#include <cstdint>

#include "core/functions.h"
#include "core/operand.h"
#include "cpu/row_kernels.h"

namespace octet {
namespace cpu {

void MapBinary(Binary function, const Operand& a, const Operand& b, numerics::Unary activation, const Operand& out);

void MapUnary(const UnaryCall& call, const Operand& x, const Operand& out);

/** Types, steps and limits of x and out are looked at, their memory is not. */
void UnaryTable(const UnaryCall& call, const Operand& x, const Operand& out, uint8_t* table);

/** table: 256 bytes. */
void LookUp(const uint8_t* table, const TensorView& x, const TensorView& out);

void Compare(Comparison comparison, const Operand& a, const Operand& b, const TensorView& out);
/** Of s32 or s64. */
void CompareIntegers(Comparison comparison, const TensorView& a, const TensorView& b, const TensorView& out);

/** Elements of 1, 2, 4 or 8 bytes. */
void Where(const TensorView& mask, const TensorView& a, const TensorView& b, const TensorView& out);
void Copy(const TensorView& x, const TensorView& out);

/** f32, f16, bf16, s32, s64 or bool. */
void Cast(const TensorView& x, const TensorView& out);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_MAP_H_
