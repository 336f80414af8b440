// SPDX-License-Identifier: Apache-2.0
#include "octet/elementwise.h"

#include "api/cuda_library.h"
#include "api/elementwise.h"
#include "api/error.h"
#include "api/words.h"
#include "core/broadcast.h"
#include "core/raw_value.h"
#include "cpu/map.h"
#include "numerics/epilogue.h"

namespace octet {
namespace api {

octet_status EnumBelow(const Checker& check, const char* name, int value, int count, const char* words) {
  if (value >= 0 && value < count) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected %s", check.function(), name, value, words);
}

octet_status SpreadTo(const Checker& check, Named input, Named out, TensorView* view) {
  OCTET_RETURN_IF_ERROR(check.NoOverlap({out}, {input}, out.view));
  TensorView spread;
  if (!BroadcastTo(*input.view, out.view->ndim, out.view->shape, &spread)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected one that can be broadcast to that of %s, %s",
                check.function(), input.name, ListWords(input.view->shape, input.view->ndim).text, out.name,
                ListWords(out.view->shape, out.view->ndim).text);
  }
  *view = spread;
  return OCTET_OK;
}

octet_status UnaryOnCuda(const Checker& check, void* stream, const UnaryCall& call, const Operand& x,
                         const Operand& out) {
  const cuda::MapFunctions& map = CudaTable()->map;
  if (!IsCode(x.view.type) || !IsCode(out.view.type)) return RunOnCuda(check, stream, map.unary, &call, &x, &out);
  // From codes to codes there are 256 results, which go along as a parameter of the kernel.
  uint8_t table[256];
  cpu::UnaryTable(call, x, out, table);
  return RunOnCuda(check, stream, map.look_up_in, static_cast<const uint8_t*>(table), &x.view, &out.view);
}

namespace {

constexpr const char* kUnaryWords = "OCTET_IDENTITY (0) to OCTET_MISH (23)";

octet_status ReadOut(Checker* check, const DLTensor* out, const octet_grid* grid, Operand* operand) {
  return ReadOperand(check, {"out", out, grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, operand);
}

/** Reads an input of values and gives it the shape of out. */
octet_status ReadInput(Checker* check, const OperandArgument& argument, const TensorView& out, Operand* operand) {
  OCTET_RETURN_IF_ERROR(ReadOperand(check, argument, Role::kInput, operand));
  return SpreadTo(*check, {argument.name, &operand->view}, {"out", &out}, &operand->view);
}

octet_status ReadRaw(Checker* check, const char* name, const DLTensor* tensor, TypeSet types, const TensorView& out,
                     TensorView* view) {
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, types, Role::kInput, view));
  return SpreadTo(*check, {name, view}, {"out", &out}, view);
}

octet_status BinaryFunction(const octet_binary_function& function, const DLTensor* a, const octet_grid* a_grid,
                            const DLTensor* b, const octet_grid* b_grid, const octet_activation& activation,
                            DLTensor* out, const octet_grid* out_grid, void* stream) {
  Checker check("octet_binary");
  Operand a_operand, b_operand, out_operand;
  OCTET_RETURN_IF_ERROR(
      EnumBelow(check, "function", RawValue(function), kBinaryFunctions, "OCTET_ADD (0) to OCTET_MAX (5)"));
  OCTET_RETURN_IF_ERROR(EnumBelow(check, "activation", RawValue(activation), numerics::kActivations,
                                  "OCTET_ACTIVATION_NONE (0) to OCTET_ACTIVATION_HARDSIGMOID (9)"));
  OCTET_RETURN_IF_ERROR(ReadOut(&check, out, out_grid, &out_operand));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, {"a", a, a_grid, OCTET_GRID_NAMES("a_grid")}, out_operand.view, &a_operand));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, {"b", b, b_grid, OCTET_GRID_NAMES("b_grid")}, out_operand.view, &b_operand));
  const auto which = static_cast<Binary>(RawValue(function));
  const auto then = static_cast<numerics::Unary>(RawValue(activation));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->map.binary, which, &a_operand, &b_operand, then, &out_operand);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MapBinary(which, a_operand, b_operand, then, out_operand);
  return OCTET_OK;
}

octet_status ReadFunction(const Checker& check, const octet_unary_function& function, float first, float second,
                          UnaryCall* call) {
  OCTET_RETURN_IF_ERROR(EnumBelow(check, "function", RawValue(function), numerics::kUnaryFunctions, kUnaryWords));
  call->function = static_cast<numerics::Unary>(RawValue(function));
  call->parameters = {first, second};
  if (!numerics::IsNan(first) && !numerics::IsNan(second)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is NaN; expected a number, 0 where the function has no such parameter",
              check.function(), numerics::IsNan(first) ? "first" : "second");
}

octet_status UnaryFunction(const octet_unary_function& function, float first, float second, const DLTensor* x,
                           const octet_grid* x_grid, DLTensor* out, const octet_grid* out_grid, void* stream) {
  Checker check("octet_unary");
  Operand x_operand, out_operand;
  UnaryCall call;
  OCTET_RETURN_IF_ERROR(ReadFunction(check, function, first, second, &call));
  OCTET_RETURN_IF_ERROR(ReadOut(&check, out, out_grid, &out_operand));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, out_operand.view, &x_operand));
  if (check.on_cuda()) return UnaryOnCuda(check, stream, call, x_operand, out_operand);
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MapUnary(call, x_operand, out_operand);
  return OCTET_OK;
}

/** A type and grid of codes without a tensor. */
octet_status ReadCodes(Checker* check, const char* name, const DLDataType* type, const octet_grid* grid,
                       const GridNames& grid_names, Operand* operand) {
  OCTET_RETURN_IF_ERROR(check->NotNull(name, type));
  const bool byte = type->bits == 8 && type->lanes == 1 && (type->code == kDLInt || type->code == kDLUInt);
  if (!byte) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %s; expected s8 or u8", check->function(), name,
                TypeWords(*type).text);
  }
  operand->view.type = type->code == kDLInt ? ElementType::kS8 : ElementType::kU8;
  return ReadGridOf(check, {name, nullptr, grid, grid_names}, operand);
}

octet_status Table(const octet_unary_function& function, float first, float second, const DLDataType* x_type,
                   const octet_grid* x_grid, const DLDataType* out_type, const octet_grid* out_grid, DLTensor* table) {
  Checker check("octet_unary_table");
  Operand x_operand, out_operand;
  TensorView view;
  UnaryCall call;
  OCTET_RETURN_IF_ERROR(ReadFunction(check, function, first, second, &call));
  OCTET_RETURN_IF_ERROR(ReadCodes(&check, "x_type", x_type, x_grid, OCTET_GRID_NAMES("x_grid"), &x_operand));
  OCTET_RETURN_IF_ERROR(ReadCodes(&check, "out_type", out_type, out_grid, OCTET_GRID_NAMES("out_grid"), &out_operand));
  OCTET_RETURN_IF_ERROR(check.Tensor("table", table, {Bit(ElementType::kU8), "u8"}, Role::kCompactOutput, &view));
  OCTET_RETURN_IF_ERROR(check.Count({"table", &view}, 256, "one for each byte"));
  OCTET_RETURN_IF_ERROR(check.OnCpu());
  cpu::UnaryTable(call, x_operand, out_operand, reinterpret_cast<uint8_t*>(view.data));
  return OCTET_OK;
}

octet_status LookUp(const DLTensor* table, const DLTensor* x, DLTensor* out, void* stream) {
  Checker check("octet_look_up");
  TensorView table_view, x_view, out_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("table", table, {Bit(ElementType::kU8), "u8"}, Role::kCompactInput, &table_view));
  OCTET_RETURN_IF_ERROR(check.Count({"table", &table_view}, 256, "one for each byte"));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kByteTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "x", x, kByteTypes, out_view, &x_view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {{"table", &table_view}}, nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->map.look_up, reinterpret_cast<const uint8_t*>(table_view.data),
                     &x_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::LookUp(reinterpret_cast<const uint8_t*>(table_view.data), x_view, out_view);
  return OCTET_OK;
}

octet_status Requantize(const DLTensor* x, const octet_grid* x_grid, DLTensor* out, const octet_grid* out_grid,
                        void* stream) {
  Checker check("octet_requantize");
  Operand x_operand, out_operand;
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kByteTypes, Role::kOutput, &out_operand.view));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, &out_operand));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "x", x, kByteTypes, out_operand.view, &x_operand.view));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, &x_operand));
  if (check.on_cuda()) return UnaryOnCuda(check, stream, {}, x_operand, out_operand);
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MapUnary({}, x_operand, out_operand);
  return OCTET_OK;
}

octet_status Compare(const octet_comparison& comparison, const DLTensor* a, const octet_grid* a_grid, const DLTensor* b,
                     const octet_grid* b_grid, DLTensor* out, void* stream) {
  Checker check("octet_compare");
  Operand a_operand, b_operand;
  TensorView out_view;
  constexpr TypeSet kTypes = {kFloatOrByteTypes.mask | kIntegerTypes.mask, "f32, f16, bf16, s8, u8, s32 or s64"};
  OCTET_RETURN_IF_ERROR(
      EnumBelow(check, "comparison", RawValue(comparison), kComparisons, "OCTET_EQUAL (0) to OCTET_GREATER_EQUAL (5)"));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kMaskTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "a", a, kTypes, out_view, &a_operand.view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "b", b, kTypes, out_view, &b_operand.view));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"a", a, a_grid, OCTET_GRID_NAMES("a_grid")}, &a_operand));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"b", b, b_grid, OCTET_GRID_NAMES("b_grid")}, &b_operand));
  const bool a_integer = (Bit(a_operand.view.type) & kIntegerTypes.mask) != 0;
  const bool b_integer = (Bit(b_operand.view.type) & kIntegerTypes.mask) != 0;
  if (a_integer != b_integer) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has dtype %s and b %s; expected both integers or neither: cast one",
                check.function(), TypeWords(a_operand.view.type), TypeWords(b_operand.view.type));
  }
  const auto which = static_cast<Comparison>(RawValue(comparison));
  if (check.on_cuda()) {
    const cuda::MapFunctions& map = CudaTable()->map;
    return a_integer
               ? RunOnCuda(check, stream, map.compare_integers, which, &a_operand.view, &b_operand.view, &out_view)
               : RunOnCuda(check, stream, map.compare, which, &a_operand, &b_operand, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  if (a_integer) {
    cpu::CompareIntegers(which, a_operand.view, b_operand.view, out_view);
  } else {
    cpu::Compare(which, a_operand, b_operand, out_view);
  }
  return OCTET_OK;
}

octet_status Where(const DLTensor* mask, const DLTensor* a, const DLTensor* b, DLTensor* out, void* stream) {
  Checker check("octet_where");
  TensorView mask_view, a_view, b_view, out_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kAnyType, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "mask", mask, kMaskTypes, out_view, &mask_view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "a", a, kAnyType, out_view, &a_view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "b", b, kAnyType, out_view, &b_view));
  OCTET_RETURN_IF_ERROR(check.SameType({"a", &a_view}, {"out", &out_view}));
  OCTET_RETURN_IF_ERROR(check.SameType({"b", &b_view}, {"out", &out_view}));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->map.where, &mask_view, &a_view, &b_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Where(mask_view, a_view, b_view, out_view);
  return OCTET_OK;
}

octet_status Copy(const DLTensor* x, DLTensor* out, void* stream) {
  Checker check("octet_copy");
  TensorView x_view, out_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kAnyType, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kAnyType, Role::kInput, &x_view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {{"x", &x_view}}, nullptr));
  OCTET_RETURN_IF_ERROR(SpreadTo(check, {"x", &x_view}, {"out", &out_view}, &x_view));
  OCTET_RETURN_IF_ERROR(check.SameType({"x", &x_view}, {"out", &out_view}));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->map.copy, &x_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Copy(x_view, out_view);
  return OCTET_OK;
}

octet_status Cast(const DLTensor* x, DLTensor* out, void* stream) {
  Checker check("octet_cast");
  TensorView x_view, out_view;
  constexpr TypeSet kTypes = {kFloatTypes.mask | kIntegerTypes.mask | Bit(ElementType::kBool),
                              "f32, f16, bf16, s32, s64 or bool"};
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(ReadRaw(&check, "x", x, kTypes, out_view, &x_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->map.cast, &x_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Cast(x_view, out_view);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_binary(octet_binary_function function, const DLTensor* a, const octet_grid* a_grid,
                          const DLTensor* b, const octet_grid* b_grid, octet_activation activation, DLTensor* out,
                          const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_binary", [&] {
    return octet::api::BinaryFunction(function, a, a_grid, b, b_grid, activation, out, out_grid, stream);
  });
}

octet_status octet_unary(octet_unary_function function, float first, float second, const DLTensor* x,
                         const octet_grid* x_grid, DLTensor* out, const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_unary", [&] {
    return octet::api::UnaryFunction(function, first, second, x, x_grid, out, out_grid, stream);
  });
}

octet_status octet_unary_table(octet_unary_function function, float first, float second, const DLDataType* x_type,
                               const octet_grid* x_grid, const DLDataType* out_type, const octet_grid* out_grid,
                               DLTensor* table) {
  return octet::api::Guarded("octet_unary_table", [&] {
    return octet::api::Table(function, first, second, x_type, x_grid, out_type, out_grid, table);
  });
}

octet_status octet_look_up(const DLTensor* table, const DLTensor* x, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_look_up", [&] { return octet::api::LookUp(table, x, out, stream); });
}

octet_status octet_requantize(const DLTensor* x, const octet_grid* x_grid, DLTensor* out, const octet_grid* out_grid,
                              void* stream) {
  return octet::api::Guarded("octet_requantize",
                             [&] { return octet::api::Requantize(x, x_grid, out, out_grid, stream); });
}

octet_status octet_compare(octet_comparison comparison, const DLTensor* a, const octet_grid* a_grid, const DLTensor* b,
                           const octet_grid* b_grid, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_compare",
                             [&] { return octet::api::Compare(comparison, a, a_grid, b, b_grid, out, stream); });
}

octet_status octet_where(const DLTensor* mask, const DLTensor* a, const DLTensor* b, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_where", [&] { return octet::api::Where(mask, a, b, out, stream); });
}

octet_status octet_copy(const DLTensor* x, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_copy", [&] { return octet::api::Copy(x, out, stream); });
}

octet_status octet_cast(const DLTensor* x, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_cast", [&] { return octet::api::Cast(x, out, stream); });
}
