// SPDX-License-Identifier: Apache-2.0
// Checks of an octet_recurrent_layers.
#ifndef OCTET_API_RECURRENT_LAYERS_H_
#define OCTET_API_RECURRENT_LAYERS_H_

#include "api/placed_float.h"
#include "core/recurrent_call.h"
#include "octet/recurrent.h"

namespace octet {
namespace api {

/** What all layers have in common. */
struct RecurrentShape {
  RecurrentCell cell = RecurrentCell::kLstm;
  int layers = 0;
  int directions = 0;
  /** Of the first layer. */
  int64_t inputs = 0;
  int64_t hidden = 0;
  int64_t outputs = 0;
  bool projected = false;

  int count() const { return layers * directions; }
  int64_t columns() const { return directions * outputs; }
  int64_t inputs_of(int layer) const { return layer == 0 ? inputs : columns(); }
};

/** The weights of one direction of one layer. */
struct RecurrentDirection {
  PlacedFloat input;
  PlacedFloat hidden;
  PlacedFloat projection;
  const float* input_bias = nullptr;
  const float* hidden_bias = nullptr;
};

/** Checks everything about layers that can be told without x, which is the first tensor that `check` has seen. */
octet_status ReadRecurrentShape(Checker* check, const octet_recurrent_layers* layers, RecurrentShape* shape);

/** Reads weights number `index` of checked layers. */
octet_status ReadRecurrentDirection(Checker* check, const octet_recurrent_layers& layers, const RecurrentShape& shape,
                                    int index, RecurrentDirection* direction);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_RECURRENT_LAYERS_H_
