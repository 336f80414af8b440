// SPDX-License-Identifier: Apache-2.0
// Checks of octet_softmax_terms, for softmax and for attention, whose scores are no tensor.
#ifndef OCTET_API_SOFTMAX_TERMS_H_
#define OCTET_API_SOFTMAX_TERMS_H_

#include "api/check.h"
#include "octet/softmax.h"

namespace octet {
namespace api {

/** A tensor as given, and as it is broadcast to the scores. */
struct Spread {
  bool present = false;
  TensorView given;
  TensorView shaped;

  /** Null if absent. */
  const TensorView* ShapedOrNull() const { return present ? &shaped : nullptr; }
  const TensorView* GivenOrNull() const { return present ? &given : nullptr; }
};

struct SoftmaxTermsView {
  float scale = 1.0f;
  Spread bias;
  Spread mask;
  bool has_lengths = false;
  TensorView lengths;
  bool causal = false;
  int64_t causal_offset = 0;

  const TensorView* LengthsOrNull() const { return has_lengths ? &lengths : nullptr; }
};

/** What the terms are of: its name in messages, and its shape. */
struct ScoresShape {
  const char* name;
  int ndim;
  const int64_t* shape;
};

/** terms: null for none. */
octet_status ReadSoftmaxTerms(Checker* check, const octet_softmax_terms* terms, const ScoresShape& scores,
                              SoftmaxTermsView* view);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_SOFTMAX_TERMS_H_
