// SPDX-License-Identifier: Apache-2.0
// Checks that functions of single elements have in common.
#ifndef OCTET_API_ELEMENTWISE_H_
#define OCTET_API_ELEMENTWISE_H_

#include "api/operand.h"
#include "core/functions.h"

namespace octet {
namespace api {

/** Every type that elements may be copied as. */
constexpr TypeSet kAnyType = {Bit(ElementType::kF32) | Bit(ElementType::kF16) | Bit(ElementType::kBF16) |
                                  Bit(ElementType::kS8) | Bit(ElementType::kU8) | Bit(ElementType::kS32) |
                                  Bit(ElementType::kF64) | Bit(ElementType::kS64) | Bit(ElementType::kBool),
                              "f32, f16, bf16, f64, s8, u8, s32, s64 or bool"};

/** value: a C enumeration with count values from 0 on. */
octet_status EnumBelow(const Checker& check, const char* name, int value, int count, const char* words);

/** Gives an input the shape of out, with strides of 0 where it is broadcast, after checking for overlap. */
octet_status SpreadTo(const Checker& check, Named input, Named out, TensorView* view);

/** Runs a unary function of checked operands, of one shape, on the device of the call. */
octet_status UnaryOnCuda(const Checker& check, void* stream, const UnaryCall& call, const Operand& x,
                         const Operand& out);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_ELEMENTWISE_H_
