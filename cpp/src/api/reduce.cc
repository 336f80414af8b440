// SPDX-License-Identifier: Apache-2.0
#include "octet/reduce.h"

#include "api/cuda_library.h"
#include "api/elementwise.h"
#include "api/error.h"
#include "api/reduction_dims.h"
#include "api/words.h"
#include "core/raw_value.h"
#include "cpu/reduce.h"

namespace octet {
namespace api {
namespace {

octet_status Reduce(const octet_reduction& reduction, const DLTensor* x, const octet_grid* x_grid, const int32_t* dims,
                    int32_t ndims, DLTensor* out, const octet_grid* out_grid, void* stream) {
  Checker check("octet_reduce");
  Operand x_operand, out_operand;
  bool reduced[kMaxDims];
  OCTET_RETURN_IF_ERROR(
      EnumBelow(check, "reduction", RawValue(reduction), kReductions, "OCTET_REDUCE_SUM (0) to OCTET_REDUCE_MIN (3)"));
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  OCTET_RETURN_IF_ERROR(ReadDims(check, dims, ndims, x_operand.view, reduced));
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_operand.view}}, {{"x", &x_operand.view}}, nullptr));
  OCTET_RETURN_IF_ERROR(KeepDims(check, x_operand.view, reduced, &out_operand.view));
  const auto which = static_cast<Reduction>(RawValue(reduction));
  if (which == Reduction::kMax || which == Reduction::kMin) {
    OCTET_RETURN_IF_ERROR(NotEmpty(check, x_operand.view, reduced, out_operand.view));
  }
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->rows.reduce, which, &x_operand, reduced, &out_operand);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Reduce(which, x_operand, reduced, out_operand);
  return OCTET_OK;
}

octet_status Argmax(const DLTensor* x, int32_t dim, DLTensor* out, void* stream) {
  Checker check("octet_argmax");
  TensorView x_view, out_view;
  OCTET_RETURN_IF_ERROR(ReadArgmax(&check, x, kFloatOrByteTypes, dim, out, &x_view, &out_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->rows.argmax, &x_view, dim, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Argmax(x_view, dim, out_view);
  return OCTET_OK;
}

octet_status MaskedMean(const DLTensor* x, const octet_grid* x_grid, const DLTensor* mask, float eps, DLTensor* out,
                        const octet_grid* out_grid, void* stream) {
  Checker check("octet_masked_mean");
  Operand x_operand, out_operand;
  TensorView mask_view;
  constexpr TypeSet kTypes = {kF32Only.mask | kMaskTypes.mask | kIntegerTypes.mask, "f32, bool, u8, s32 or s64"};
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  const TensorView& view = x_operand.view;
  OCTET_RETURN_IF_ERROR(check.Ndim({"x", &view}, 3, "batch, places and values"));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps({"x", &view}));
  OCTET_RETURN_IF_ERROR(check.Tensor("mask", mask, kTypes, Role::kInput, &mask_view));
  OCTET_RETURN_IF_ERROR(check.Eps("eps", eps));
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  const TensorView& out_view = out_operand.view;
  if (mask_view.ndim != 2 || mask_view.shape[0] != view.shape[0] || mask_view.shape[1] != view.shape[1]) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_masked_mean: mask has shape %s; expected the first two of x, shape %s",
                ListWords(mask_view.shape, mask_view.ndim).text, ListWords(view.shape, 3).text);
  }
  if (out_view.ndim != 2 || out_view.shape[0] != view.shape[0] || out_view.shape[1] != view.shape[2]) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_masked_mean: out has shape %s; expected the first and last of x, shape %s",
                ListWords(out_view.shape, out_view.ndim).text, ListWords(view.shape, 3).text);
  }
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps({"out", &out_view}));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {{"x", &view}, {"mask", &mask_view}}, nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->rows.masked_mean, &x_operand, &mask_view, eps, &out_operand);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MaskedMean(x_operand, mask_view, eps, out_operand);
  return OCTET_OK;
}

octet_status L2Normalize(const DLTensor* x, const octet_grid* x_grid, float eps, DLTensor* out,
                         const octet_grid* out_grid, void* stream) {
  Checker check("octet_l2_normalize");
  Operand x_operand, out_operand;
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  const Named named_x = {"x", &x_operand.view};
  if (x_operand.view.ndim == 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_l2_normalize: x has shape []; expected at least one dimension");
  }
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_x));
  OCTET_RETURN_IF_ERROR(check.Eps("eps", eps));
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  const Named named_out = {"out", &out_operand.view};
  OCTET_RETURN_IF_ERROR(check.SameShape(named_out, named_x));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_out));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out}, {named_x}, &out_operand.view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->rows.l2_normalize, &x_operand, eps, &out_operand);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::L2Normalize(x_operand, eps, out_operand);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_reduce(octet_reduction reduction, const DLTensor* x, const octet_grid* x_grid, const int32_t* dims,
                          int32_t ndims, DLTensor* out, const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded(
      "octet_reduce", [&] { return octet::api::Reduce(reduction, x, x_grid, dims, ndims, out, out_grid, stream); });
}

octet_status octet_argmax(const DLTensor* x, int32_t dim, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_argmax", [&] { return octet::api::Argmax(x, dim, out, stream); });
}

octet_status octet_masked_mean(const DLTensor* x, const octet_grid* x_grid, const DLTensor* mask, float eps,
                               DLTensor* out, const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_masked_mean",
                             [&] { return octet::api::MaskedMean(x, x_grid, mask, eps, out, out_grid, stream); });
}

octet_status octet_l2_normalize(const DLTensor* x, const octet_grid* x_grid, float eps, DLTensor* out,
                                const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_l2_normalize",
                             [&] { return octet::api::L2Normalize(x, x_grid, eps, out, out_grid, stream); });
}
