// SPDX-License-Identifier: Apache-2.0
#include "api/reduction_dims.h"

#include "api/error.h"
#include "api/words.h"

namespace octet {
namespace api {

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

octet_status ReadDim(const Checker& check, int32_t dim, const TensorView& x) {
  if (dim >= 0 && dim < x.ndim) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: dim is %d; expected a dimension of x, which has shape %s", check.function(),
              static_cast<int>(dim), ListWords(x.shape, x.ndim).text);
}

octet_status ReadArgmax(Checker* check, const DLTensor* x, TypeSet types, int32_t dim, const DLTensor* out,
                        TensorView* x_view, TensorView* out_view) {
  bool reduced[kMaxDims];
  OCTET_RETURN_IF_ERROR(check->Tensor("x", x, types, Role::kInput, x_view));
  OCTET_RETURN_IF_ERROR(ReadDim(*check, dim, *x_view));
  OCTET_RETURN_IF_ERROR(ReadDims(*check, &dim, 1, *x_view, reduced));
  OCTET_RETURN_IF_ERROR(check->Tensor("out", out, kIntegerTypes, Role::kOutput, out_view));
  OCTET_RETURN_IF_ERROR(check->NoOverlap({{"out", out_view}}, {{"x", x_view}}, nullptr));
  OCTET_RETURN_IF_ERROR(KeepDims(*check, *x_view, reduced, out_view));
  OCTET_RETURN_IF_ERROR(NotEmpty(*check, *x_view, reduced, *out_view));
  if (out_view->type == ElementType::kS32 && x_view->shape[dim] > INT32_MAX) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: out has dtype s32, but x has shape %s; pass s64", check->function(),
                ListWords(x_view->shape, x_view->ndim).text);
  }
  return OCTET_OK;
}

}  // namespace api
}  // namespace octet
