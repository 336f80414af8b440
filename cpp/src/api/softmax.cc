// SPDX-License-Identifier: Apache-2.0
#include "octet/softmax.h"

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/softmax_terms.h"
#include "cpu/softmax.h"

namespace octet {
namespace api {
namespace {

octet_status Softmax(const DLTensor* x, const octet_grid* x_grid, const octet_softmax_terms* terms, DLTensor* out,
                     const octet_grid* out_grid, void* stream) {
  Checker check("octet_softmax");
  Operand x_operand, out_operand;
  SoftmaxTermsView terms_view;
  SoftmaxCall call;
  call.x = &x_operand;
  call.out = &out_operand;
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  const Named named_x = {"x", &x_operand.view};
  if (x_operand.view.ndim == 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_softmax: x has shape []; expected at least one dimension");
  }
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_x));
  const ScoresShape scores = {"x", x_operand.view.ndim, x_operand.view.shape};
  OCTET_RETURN_IF_ERROR(ReadSoftmaxTerms(&check, terms, scores, &terms_view));
  call.scale = terms_view.scale;
  call.bias = terms_view.bias.ShapedOrNull();
  call.mask = terms_view.mask.ShapedOrNull();
  call.lengths = terms_view.LengthsOrNull();
  call.causal = terms_view.causal;
  call.causal_offset = terms_view.causal_offset;
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  const Named named_out = {"out", &out_operand.view};
  OCTET_RETURN_IF_ERROR(check.SameShape(named_out, named_x));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_out));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out}, {named_x}, &out_operand.view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out},
                                        {{"terms.bias", terms_view.bias.GivenOrNull()},
                                         {"terms.mask", terms_view.mask.GivenOrNull()},
                                         {"terms.lengths", call.lengths}},
                                        nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->rows.softmax, &call);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Softmax(call);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_softmax(const DLTensor* x, const octet_grid* x_grid, const octet_softmax_terms* terms, DLTensor* out,
                           const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_softmax",
                             [&] { return octet::api::Softmax(x, x_grid, terms, out, out_grid, stream); });
}
