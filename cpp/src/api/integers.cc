// SPDX-License-Identifier: Apache-2.0
#include "octet/integers.h"

#include "api/cuda_library.h"
#include "api/elementwise.h"
#include "api/error.h"
#include "api/reduction_dims.h"
#include "core/raw_value.h"
#include "cpu/integer_functions.h"

namespace octet {
namespace api {
namespace {

/** Reads an input of the type of out and gives it the shape of out. */
octet_status ReadInput(Checker* check, const char* name, const DLTensor* tensor, const TensorView& out,
                       TensorView* view) {
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, kIntegerTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->SameType({name, view}, {"out", &out}));
  return SpreadTo(*check, {name, view}, {"out", &out}, view);
}

octet_status Binary(const octet_integer_function& function, const DLTensor* a, const DLTensor* b, DLTensor* out,
                    void* stream) {
  Checker check("octet_integer_binary");
  TensorView a_view, b_view, out_view;
  OCTET_RETURN_IF_ERROR(EnumBelow(check, "function", RawValue(function), kIntegerFunctions,
                                  "OCTET_INTEGER_ADD (0) to OCTET_INTEGER_MAX (6)"));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kIntegerTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, "a", a, out_view, &a_view));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, "b", b, out_view, &b_view));
  const auto which = static_cast<IntegerFunction>(RawValue(function));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->integers.binary, which, &a_view, &b_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MapIntegers(which, a_view, b_view, out_view);
  return OCTET_OK;
}

octet_status Reduce(const octet_reduction& reduction, const DLTensor* x, const int32_t* dims, int32_t ndims,
                    DLTensor* out, void* stream) {
  Checker check("octet_integer_reduce");
  TensorView x_view, out_view;
  bool reduced[kMaxDims];
  const char* const words = "OCTET_REDUCE_SUM (0), OCTET_REDUCE_MAX (2) or OCTET_REDUCE_MIN (3)";
  OCTET_RETURN_IF_ERROR(EnumBelow(check, "reduction", RawValue(reduction), kReductions, words));
  const auto which = static_cast<Reduction>(RawValue(reduction));
  if (which == Reduction::kMean) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: reduction is 1, a mean, which is no whole number; expected %s",
                check.function(), words);
  }
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kIntegerTypes, Role::kInput, &x_view));
  OCTET_RETURN_IF_ERROR(ReadDims(check, dims, ndims, x_view, reduced));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kIntegerTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(check.SameType({"x", &x_view}, {"out", &out_view}));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {{"x", &x_view}}, nullptr));
  OCTET_RETURN_IF_ERROR(KeepDims(check, x_view, reduced, &out_view));
  if (which != Reduction::kSum) OCTET_RETURN_IF_ERROR(NotEmpty(check, x_view, reduced, out_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->integers.reduce, which, &x_view, reduced, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::ReduceIntegers(which, x_view, reduced, out_view);
  return OCTET_OK;
}

octet_status Argmax(const DLTensor* x, int32_t dim, DLTensor* out, void* stream) {
  Checker check("octet_integer_argmax");
  TensorView x_view, out_view;
  OCTET_RETURN_IF_ERROR(ReadArgmax(&check, x, kIntegerTypes, dim, out, &x_view, &out_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->integers.argmax, &x_view, dim, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::ArgmaxIntegers(x_view, dim, out_view);
  return OCTET_OK;
}

octet_status CumulativeSum(const DLTensor* x, int32_t dim, DLTensor* out, void* stream) {
  Checker check("octet_cumulative_sum");
  TensorView x_view, out_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kIntegerTypes, Role::kInput, &x_view));
  OCTET_RETURN_IF_ERROR(ReadDim(check, dim, x_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kIntegerTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(check.SameType({"x", &x_view}, {"out", &out_view}));
  OCTET_RETURN_IF_ERROR(check.SameShape({"out", &out_view}, {"x", &x_view}));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {{"x", &x_view}}, &out_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->integers.cumulative_sum, &x_view, dim, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::CumulativeSum(x_view, dim, out_view);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_integer_binary(octet_integer_function function, const DLTensor* a, const DLTensor* b, DLTensor* out,
                                  void* stream) {
  return octet::api::Guarded("octet_integer_binary", [&] { return octet::api::Binary(function, a, b, out, stream); });
}

octet_status octet_integer_reduce(octet_reduction reduction, const DLTensor* x, const int32_t* dims, int32_t ndims,
                                  DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_integer_reduce",
                             [&] { return octet::api::Reduce(reduction, x, dims, ndims, out, stream); });
}

octet_status octet_integer_argmax(const DLTensor* x, int32_t dim, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_integer_argmax", [&] { return octet::api::Argmax(x, dim, out, stream); });
}

octet_status octet_cumulative_sum(const DLTensor* x, int32_t dim, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_cumulative_sum", [&] { return octet::api::CumulativeSum(x, dim, out, stream); });
}
