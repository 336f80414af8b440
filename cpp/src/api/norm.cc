// SPDX-License-Identifier: Apache-2.0
#include "octet/norm.h"

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/words.h"
#include "cpu/norm.h"

namespace octet {
namespace api {
namespace {

octet_status RowDims(const Checker& check, const octet_norm& norm, const TensorView& x) {
  if (norm.dims >= 1 && norm.dims <= x.ndim) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: norm.dims is %d; expected 1 to %d, how many of the last dimensions of x, shape %s, make a row",
              check.function(), static_cast<int>(norm.dims), x.ndim, ListWords(x.shape, x.ndim).text);
}

octet_status VarianceEps(const Checker& check, float eps) {
  if (eps >= 0.0f && eps < numerics::Infinity()) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: norm.eps is %g; expected a finite number, 0 or above, for example 1e-5",
              check.function(), static_cast<double>(eps));
}

/** Tensors of a call for which there may be none. */
struct Optional {
  Operand residual;
  Operand sum;
  TensorView weight;
  TensorView bias;
};

octet_status ReadLike(Checker* check, const OperandArgument& argument, Role role, const Named& x, int dims,
                      Operand* operand) {
  OCTET_RETURN_IF_ERROR(ReadOperand(check, argument, role, operand));
  const Named named = {argument.name, &operand->view};
  OCTET_RETURN_IF_ERROR(check->SameShape(named, x));
  return check->DimsWithoutGaps(named, dims);
}

octet_status ReadParameter(Checker* check, const char* name, const DLTensor* tensor, int64_t length, TensorView* view,
                           const void** data) {
  if (tensor == nullptr) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, kF32Only, Role::kCompactInput, view));
  OCTET_RETURN_IF_ERROR(check->Count({name, view}, length, "one for each element of a row"));
  *data = view->data;
  return OCTET_OK;
}

octet_status GridWithout(const Checker& check, const char* grid_name, const char* name, const octet_grid* grid) {
  if (grid == nullptr) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is given, but %s is null; pass both or neither", check.function(),
              grid_name, name);
}

octet_status Norm(const char* function, bool subtract_mean, const DLTensor* x, const octet_grid* x_grid,
                  const octet_norm* norm, DLTensor* out, const octet_grid* out_grid, void* stream) {
  Checker check(function);
  Operand x_operand, out_operand;
  Optional optional;
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  const Named named_x = {"x", &x_operand.view};
  OCTET_RETURN_IF_ERROR(check.NotNull("norm", norm));
  OCTET_RETURN_IF_ERROR(RowDims(check, *norm, x_operand.view));
  OCTET_RETURN_IF_ERROR(VarianceEps(check, norm->eps));
  OCTET_RETURN_IF_ERROR(check.DimsWithoutGaps(named_x, norm->dims));
  int64_t length = 1;
  for (int d = x_operand.view.ndim - norm->dims; d < x_operand.view.ndim; ++d) length *= x_operand.view.shape[d];

  NormCall call;
  call.x = &x_operand;
  call.out = &out_operand;
  call.eps = norm->eps;
  call.row_dims = norm->dims;
  call.subtract_mean = subtract_mean;
  OCTET_RETURN_IF_ERROR(ReadParameter(&check, "norm.weight", norm->weight, length, &optional.weight, &call.weight));
  OCTET_RETURN_IF_ERROR(ReadParameter(&check, "norm.bias", norm->bias, length, &optional.bias, &call.bias));
  if (norm->residual != nullptr) {
    OCTET_RETURN_IF_ERROR(
        ReadLike(&check, {"norm.residual", norm->residual, norm->residual_grid, OCTET_GRID_NAMES("norm.residual_grid")},
                 Role::kInput, named_x, norm->dims, &optional.residual));
    call.residual = &optional.residual;
  } else {
    OCTET_RETURN_IF_ERROR(GridWithout(check, "norm.residual_grid", "norm.residual", norm->residual_grid));
  }
  if (norm->sum != nullptr) {
    OCTET_RETURN_IF_ERROR(ReadLike(&check, {"norm.sum", norm->sum, norm->sum_grid, OCTET_GRID_NAMES("norm.sum_grid")},
                                   Role::kOutput, named_x, norm->dims, &optional.sum));
    call.sum = &optional.sum;
  } else {
    OCTET_RETURN_IF_ERROR(GridWithout(check, "norm.sum_grid", "norm.sum", norm->sum_grid));
  }
  OCTET_RETURN_IF_ERROR(ReadLike(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, named_x,
                                 norm->dims, &out_operand));

  const Named named_out = {"out", &out_operand.view};
  const Named named_sum = {"norm.sum", call.sum != nullptr ? &call.sum->view : nullptr};
  const Named named_residual = {"norm.residual", call.residual != nullptr ? &call.residual->view : nullptr};
  const Named named_weight = {"norm.weight", call.weight != nullptr ? &optional.weight : nullptr};
  const Named named_bias = {"norm.bias", call.bias != nullptr ? &optional.bias : nullptr};
  for (const Named& output : {named_out, named_sum}) {
    for (const Named& input : {named_x, named_residual}) {
      OCTET_RETURN_IF_ERROR(check.NoOverlap({output}, {input}, output.view));
    }
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out, named_sum}, {named_weight, named_bias}, nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->rows.norm, &call);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Norm(call);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_layer_norm(const DLTensor* x, const octet_grid* x_grid, const octet_norm* norm, DLTensor* out,
                              const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_layer_norm", [&] {
    return octet::api::Norm("octet_layer_norm", true, x, x_grid, norm, out, out_grid, stream);
  });
}

octet_status octet_rms_norm(const DLTensor* x, const octet_grid* x_grid, const octet_norm* norm, DLTensor* out,
                            const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_rms_norm", [&] {
    return octet::api::Norm("octet_rms_norm", false, x, x_grid, norm, out, out_grid, stream);
  });
}
