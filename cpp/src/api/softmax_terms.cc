// SPDX-License-Identifier: Apache-2.0
#include "api/softmax_terms.h"

#include <cinttypes>

#include "api/error.h"
#include "api/words.h"
#include "core/broadcast.h"
#include "numerics/portable.h"

namespace octet {
namespace api {
namespace {

octet_status ReadSpread(Checker* check, const char* name, const DLTensor* tensor, TypeSet types,
                        const ScoresShape& scores, Spread* spread) {
  if (tensor == nullptr) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, types, Role::kInput, &spread->given));
  const TensorView& given = spread->given;
  const bool same_length = given.ndim > 0 && given.shape[given.ndim - 1] == scores.shape[scores.ndim - 1];
  if (!same_length || !BroadcastTo(given, scores.ndim, scores.shape, &spread->shaped)) {
    return Fail(
        OCTET_INVALID_ARGUMENT,
        "%s: %s has shape %s; expected one that can be broadcast to that of %s, %s, with the same last dimension",
        check->function(), name, ListWords(given.shape, given.ndim).text, scores.name,
        ListWords(scores.shape, scores.ndim).text);
  }
  spread->present = true;
  return check->RowsWithoutGaps({name, &given});
}

octet_status ReadLengths(Checker* check, const DLTensor* tensor, const ScoresShape& scores, SoftmaxTermsView* view) {
  if (tensor == nullptr) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(check->Tensor("terms.lengths", tensor, kIntegerTypes, Role::kInput, &view->lengths));
  const Named named = {"terms.lengths", &view->lengths};
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 1, "one length for each index of the first dimension"));
  if (scores.ndim < 2) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: terms.lengths is given, but %s has shape %s; expected 2 dimensions or more", check->function(),
                scores.name, ListWords(scores.shape, scores.ndim).text);
  }
  view->has_lengths = true;
  return check->Count(named, scores.shape[0], "the size of the first dimension");
}

}  // namespace

octet_status ReadSoftmaxTerms(Checker* check, const octet_softmax_terms* terms, const ScoresShape& scores,
                              SoftmaxTermsView* view) {
  if (terms == nullptr) return OCTET_OK;
  if (!(terms->scale > -numerics::Infinity() && terms->scale < numerics::Infinity())) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: terms.scale is %g; expected a finite number, 1 for none",
                check->function(), static_cast<double>(terms->scale));
  }
  view->scale = terms->scale;
  OCTET_RETURN_IF_ERROR(ReadSpread(check, "terms.bias", terms->bias, kF32Only, scores, &view->bias));
  OCTET_RETURN_IF_ERROR(ReadSpread(check, "terms.mask", terms->mask, kMaskTypes, scores, &view->mask));
  OCTET_RETURN_IF_ERROR(ReadLengths(check, terms->lengths, scores, view));
  if (terms->causal != 0 && terms->causal != 1) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: terms.causal is %d; expected 0 or 1", check->function(),
                static_cast<int>(terms->causal));
  }
  view->causal = terms->causal == 1;
  view->causal_offset = terms->causal_offset;
  return OCTET_OK;
}

}  // namespace api
}  // namespace octet
