// SPDX-License-Identifier: Apache-2.0
#include "api/recurrent_layers.h"

#include <cinttypes>
#include <cstdio>

#include "api/error.h"
#include "core/raw_value.h"

namespace octet {
namespace api {
namespace {

/** A field of weights number `index`, as messages name it. */
struct FieldName {
  FieldName(const char* before, int index, const char* field) {
    std::snprintf(text, sizeof(text), "%slayers.weights[%d].%s", before, index, field);
  }
  char text[128];
};

octet_status ReadBlock(const Checker& check, int index, const char* field, const void* packed, size_t bytes,
                       PlacedFloat* block) {
  char before[64];
  std::snprintf(before, sizeof(before), "%s: ", check.function());
  const FieldName name(before, index, field);
  // Messages about the block name the field in place of the function.
  OCTET_RETURN_IF_ERROR(ReadPlacedFloat(Checker(name.text), packed, bytes, block));
  if (block->on_device != check.on_cuda() || (block->on_device && block->device_id != check.cuda_device())) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s is in memory of %s; expected it where x is: on the host a block made by octet_gemm_float_pack, on "
                "a device a handle made by octet_gemm_float_to_device",
                name.text, block->on_device ? "a device" : "the host");
  }
  return OCTET_OK;
}

octet_status CheckBlock(const Checker& check, int index, const char* field, const PlacedFloat& block, int64_t n,
                        int64_t k, const char* meaning) {
  if (block.n == n && block.k == k) return OCTET_OK;
  const FieldName name("", index, field);
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s has shape [%" PRId64 ", %" PRId64 "]; expected [%" PRId64 ", %" PRId64 "], %s", check.function(),
              name.text, block.n, block.k, n, k, meaning);
}

octet_status ReadBias(Checker* check, int index, const char* field, const DLTensor* tensor, int64_t count,
                      const float** bias) {
  if (tensor == nullptr) return OCTET_OK;
  const FieldName name("", index, field);
  TensorView view;
  OCTET_RETURN_IF_ERROR(check->Tensor(name.text, tensor, kF32Only, Role::kCompactInput, &view));
  OCTET_RETURN_IF_ERROR(check->Count({name.text, &view}, count, "one for each row of the weights"));
  *bias = reinterpret_cast<const float*>(view.data);
  return OCTET_OK;
}

octet_status ReadCounts(const Checker& check, const octet_recurrent_layers& layers, RecurrentShape* shape) {
  const int cell = RawValue(layers.cell);
  if (cell < 0 || cell >= kRecurrentCells) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: layers.cell is %d; expected one of octet_recurrent_cell, 0 to %d",
                check.function(), cell, kRecurrentCells - 1);
  }
  if (layers.layers < 1 || layers.layers > OCTET_MOST_RECURRENT_LAYERS) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: layers.layers is %d; expected 1 to %d", check.function(),
                static_cast<int>(layers.layers), OCTET_MOST_RECURRENT_LAYERS);
  }
  if (layers.directions != 1 && layers.directions != 2) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: layers.directions is %d; expected 1, or 2: forwards and backwards",
                check.function(), static_cast<int>(layers.directions));
  }
  shape->cell = static_cast<RecurrentCell>(cell);
  shape->layers = static_cast<int>(layers.layers);
  shape->directions = static_cast<int>(layers.directions);
  return check.NotNull("layers.weights", layers.weights);
}

/** The sizes that the first direction of the first layer says. */
octet_status ReadSizes(const Checker& check, const octet_recurrent_weights& weights, RecurrentShape* shape) {
  PlacedFloat input, hidden;
  OCTET_RETURN_IF_ERROR(
      ReadBlock(check, 0, "input_weights", weights.input_weights, weights.input_weights_bytes, &input));
  OCTET_RETURN_IF_ERROR(
      ReadBlock(check, 0, "hidden_weights", weights.hidden_weights, weights.hidden_weights_bytes, &hidden));
  const int64_t gates = GatesOf(shape->cell);
  if (hidden.n % gates != 0) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: layers.weights[0].hidden_weights has %" PRId64 " rows; expected a multiple of %" PRId64
                ", the gates of the cell",
                check.function(), hidden.n, gates);
  }
  shape->inputs = input.k;
  shape->hidden = hidden.n / gates;
  shape->outputs = hidden.k;
  shape->projected = weights.projection != nullptr;
  if (shape->projected && shape->cell != RecurrentCell::kLstm) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: layers.weights[0].projection is given for a cell that is no LSTM; expected null",
                check.function());
  }
  return OCTET_OK;
}

}  // namespace

octet_status ReadRecurrentDirection(Checker* check, const octet_recurrent_layers& layers, const RecurrentShape& shape,
                                    int index, RecurrentDirection* direction) {
  const octet_recurrent_weights& weights = layers.weights[index];
  const int64_t columns = GatesOf(shape.cell) * shape.hidden;
  OCTET_RETURN_IF_ERROR(
      ReadBlock(*check, index, "input_weights", weights.input_weights, weights.input_weights_bytes, &direction->input));
  OCTET_RETURN_IF_ERROR(CheckBlock(*check, index, "input_weights", direction->input, columns,
                                   shape.inputs_of(index / shape.directions), "gates of all units by inputs"));
  OCTET_RETURN_IF_ERROR(ReadBlock(*check, index, "hidden_weights", weights.hidden_weights, weights.hidden_weights_bytes,
                                  &direction->hidden));
  OCTET_RETURN_IF_ERROR(CheckBlock(*check, index, "hidden_weights", direction->hidden, columns,
                                   shape.projected ? shape.outputs : shape.hidden, "gates of all units by outputs"));
  if ((weights.projection != nullptr) != shape.projected) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: layers.weights[%d].projection is %s; expected all to be null, or none",
                check->function(), index, shape.projected ? "null" : "given");
  }
  if (shape.projected) {
    OCTET_RETURN_IF_ERROR(
        ReadBlock(*check, index, "projection", weights.projection, weights.projection_bytes, &direction->projection));
    OCTET_RETURN_IF_ERROR(CheckBlock(*check, index, "projection", direction->projection, shape.outputs, shape.hidden,
                                     "outputs by units"));
  }
  OCTET_RETURN_IF_ERROR(ReadBias(check, index, "input_bias", weights.input_bias, columns, &direction->input_bias));
  return ReadBias(check, index, "hidden_bias", weights.hidden_bias, columns, &direction->hidden_bias);
}

octet_status ReadRecurrentShape(Checker* check, const octet_recurrent_layers* layers, RecurrentShape* shape) {
  OCTET_RETURN_IF_ERROR(check->NotNull("layers", layers));
  OCTET_RETURN_IF_ERROR(ReadCounts(*check, *layers, shape));
  OCTET_RETURN_IF_ERROR(ReadSizes(*check, layers->weights[0], shape));
  for (int index = 0; index < shape->count(); ++index) {
    RecurrentDirection direction;
    OCTET_RETURN_IF_ERROR(ReadRecurrentDirection(check, *layers, *shape, index, &direction));
  }
  return OCTET_OK;
}

}  // namespace api
}  // namespace octet
