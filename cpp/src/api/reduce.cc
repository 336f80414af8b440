// SPDX-License-Identifier: Apache-2.0
#include "octet/reduce.h"

#include "api/cuda_library.h"
#include "api/elementwise.h"
#include "api/error.h"
#include "api/words.h"
#include "core/raw_value.h"
#include "cpu/reduce.h"

namespace octet {
namespace api {
namespace {

/** Marks the dimensions that are reduced. */
octet_status ReadDims(const Checker& check, const int32_t* dims, int32_t ndims, const TensorView& x, bool* reduced) {
  if (ndims < 0 || ndims > x.ndim) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: ndims is %d; expected 0 to %d, the dimensions of x", check.function(),
                static_cast<int>(ndims), x.ndim);
  }
  if (ndims > 0) OCTET_RETURN_IF_ERROR(check.NotNull("dims", dims));
  for (int d = 0; d < x.ndim; ++d) reduced[d] = false;
  for (int32_t i = 0; i < ndims; ++i) {
    if (dims[i] < 0 || dims[i] >= x.ndim || reduced[dims[i]]) {
      return Fail(OCTET_INVALID_ARGUMENT,
                  "%s: dims[%d] is %d; expected a dimension of x, shape %s, that was not named yet", check.function(),
                  static_cast<int>(i), static_cast<int>(dims[i]), ListWords(x.shape, x.ndim).text);
    }
    reduced[dims[i]] = true;
  }
  return OCTET_OK;
}

/** Leaves the kept dimensions of out, which has all dimensions of x (reduced ones of size 1) or the kept ones alone. */
octet_status KeepDims(const Checker& check, const TensorView& x, const bool* reduced, TensorView* out) {
  int kept = 0;
  for (int d = 0; d < x.ndim; ++d) kept += reduced[d] ? 0 : 1;
  bool fits = out->ndim == kept || out->ndim == x.ndim;
  const bool all = out->ndim == x.ndim;
  TensorView result = *out;
  result.ndim = 0;
  for (int d = 0, from = 0; fits && d < x.ndim; ++d) {
    if (reduced[d] && !all) continue;
    fits = out->shape[from] == (reduced[d] ? 1 : x.shape[d]);
    if (!reduced[d]) {
      result.shape[result.ndim] = out->shape[from];
      result.strides[result.ndim++] = out->strides[from];
    }
    ++from;
  }
  if (!fits) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: out has shape %s; expected that of x, %s, with the reduced dimensions of size 1 or left out",
                check.function(), ListWords(out->shape, out->ndim).text, ListWords(x.shape, x.ndim).text);
  }
  *out = result;
  return OCTET_OK;
}

octet_status NotEmpty(const Checker& check, const TensorView& x, const bool* reduced, const TensorView& out) {
  int64_t length = 1;
  for (int d = 0; d < x.ndim; ++d) length *= reduced[d] ? x.shape[d] : 1;
  if (length != 0 || out.count == 0) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: x has shape %s, no elements to choose from; expected some", check.function(),
              ListWords(x.shape, x.ndim).text);
}

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
  bool reduced[kMaxDims];
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kFloatOrByteTypes, Role::kInput, &x_view));
  if (dim < 0 || dim >= x_view.ndim) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_argmax: dim is %d; expected a dimension of x, which has shape %s",
                static_cast<int>(dim), ListWords(x_view.shape, x_view.ndim).text);
  }
  OCTET_RETURN_IF_ERROR(ReadDims(check, &dim, 1, x_view, reduced));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kIntegerTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {{"x", &x_view}}, nullptr));
  OCTET_RETURN_IF_ERROR(KeepDims(check, x_view, reduced, &out_view));
  OCTET_RETURN_IF_ERROR(NotEmpty(check, x_view, reduced, out_view));
  if (out_view.type == ElementType::kS32 && x_view.shape[dim] > INT32_MAX) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_argmax: out has dtype s32, but x has shape %s; pass s64",
                ListWords(x_view.shape, x_view.ndim).text);
  }
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
