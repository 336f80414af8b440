// SPDX-License-Identifier: Apache-2.0
#include "octet/softmax.h"

#include <cinttypes>

#include "api/error.h"
#include "api/operand.h"
#include "api/words.h"
#include "core/broadcast.h"
#include "cpu/softmax.h"

namespace octet {
namespace api {
namespace {

/** A tensor that is broadcast to x but for its last dimension. */
struct Spread {
  TensorView given;
  TensorView shaped;
};

octet_status ReadSpread(Checker* check, const char* name, const DLTensor* tensor, TypeSet types, const TensorView& x,
                        Spread* spread) {
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, types, Role::kInput, &spread->given));
  const TensorView& given = spread->given;
  const bool same_length = given.ndim > 0 && given.shape[given.ndim - 1] == x.shape[x.ndim - 1];
  if (!same_length || !BroadcastTo(given, x.ndim, x.shape, &spread->shaped)) {
    return Fail(
        OCTET_INVALID_ARGUMENT,
        "%s: %s has shape %s; expected one that can be broadcast to that of x, %s, with the same last dimension",
        check->function(), name, ListWords(given.shape, given.ndim).text, ListWords(x.shape, x.ndim).text);
  }
  return check->RowsWithoutGaps({name, &given});
}

octet_status ReadLengths(Checker* check, const DLTensor* tensor, const TensorView& x, TensorView* lengths) {
  OCTET_RETURN_IF_ERROR(check->Tensor("terms.lengths", tensor, kIntegerTypes, Role::kInput, lengths));
  const Named named = {"terms.lengths", lengths};
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 1, "one length for each index of the first dimension of x"));
  if (x.ndim < 2) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: terms.lengths is given, but x has shape %s; expected 2 dimensions or more",
                check->function(), ListWords(x.shape, x.ndim).text);
  }
  return check->Count(named, x.shape[0], "the size of the first dimension of x");
}

octet_status ReadTerms(Checker* check, const octet_softmax_terms& terms, const TensorView& x, Spread* bias,
                       Spread* mask, TensorView* lengths, cpu::SoftmaxCall* call) {
  if (!(terms.scale > -numerics::Infinity() && terms.scale < numerics::Infinity())) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: terms.scale is %g; expected a finite number, 1 for none",
                check->function(), static_cast<double>(terms.scale));
  }
  call->scale = terms.scale;
  if (terms.bias != nullptr) {
    OCTET_RETURN_IF_ERROR(ReadSpread(check, "terms.bias", terms.bias, kF32Only, x, bias));
    call->bias = &bias->shaped;
  }
  if (terms.mask != nullptr) {
    OCTET_RETURN_IF_ERROR(ReadSpread(check, "terms.mask", terms.mask, kMaskTypes, x, mask));
    call->mask = &mask->shaped;
  }
  if (terms.lengths != nullptr) {
    OCTET_RETURN_IF_ERROR(ReadLengths(check, terms.lengths, x, lengths));
    call->lengths = lengths;
  }
  if (terms.causal != 0 && terms.causal != 1) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: terms.causal is %d; expected 0 or 1", check->function(),
                static_cast<int>(terms.causal));
  }
  call->causal = terms.causal == 1;
  call->causal_offset = terms.causal_offset;
  return OCTET_OK;
}

octet_status Softmax(const DLTensor* x, const octet_grid* x_grid, const octet_softmax_terms* terms, DLTensor* out,
                     const octet_grid* out_grid, void* stream) {
  Checker check("octet_softmax");
  Operand x_operand, out_operand;
  Spread bias, mask;
  TensorView lengths;
  cpu::SoftmaxCall call;
  call.x = &x_operand;
  call.out = &out_operand;
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  const Named named_x = {"x", &x_operand.view};
  if (x_operand.view.ndim == 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_softmax: x has shape []; expected at least one dimension");
  }
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_x));
  if (terms != nullptr) {
    OCTET_RETURN_IF_ERROR(ReadTerms(&check, *terms, x_operand.view, &bias, &mask, &lengths, &call));
  }
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  const Named named_out = {"out", &out_operand.view};
  OCTET_RETURN_IF_ERROR(check.SameShape(named_out, named_x));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_out));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out}, {named_x}, &out_operand.view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out},
                                        {{"terms.bias", call.bias != nullptr ? &bias.given : nullptr},
                                         {"terms.mask", call.mask != nullptr ? &mask.given : nullptr},
                                         {"terms.lengths", call.lengths}},
                                        nullptr));
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
