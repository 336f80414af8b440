// SPDX-License-Identifier: Apache-2.0
#include "api/epilogue.h"

#include <cmath>

#include "api/error.h"
#include "api/words.h"
#include "core/raw_value.h"
#include "cpu/compact.h"

namespace octet {
namespace api {
namespace {

constexpr GridNames kOutGridNames = {"epilogue.out_grid",
                                     "epilogue.out_grid.delta",
                                     "epilogue.out_grid.zero_float",
                                     "epilogue.out_grid.scale_domain",
                                     "epilogue.out_grid.eps",
                                     "epilogue.out_grid.axis"};
constexpr GridNames kResidualGridNames = {"epilogue.residual_grid",
                                          "epilogue.residual_grid.delta",
                                          "epilogue.residual_grid.zero_float",
                                          "epilogue.residual_grid.scale_domain",
                                          "epilogue.residual_grid.eps",
                                          "epilogue.residual_grid.axis"};

bool Within(const numerics::Limits& limits, float least, float greatest) {
  return limits.int_min >= least && limits.int_max <= greatest;
}

bool IsWhole(float value) { return std::nearbyint(value) == value; }

/** Codes have a grid, floats have none. */
octet_status GridGoesWithType(const Checker& check, const char* tensor, ElementType type, const char* name,
                              const octet_grid* grid) {
  if (IsCode(type) && grid == nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is null, but %s has dtype %s; pass the grid of its codes",
                check.function(), name, tensor, TypeWords(type));
  }
  if (!IsCode(type) && grid != nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is given, but %s has dtype %s; pass null", check.function(), name,
                tensor, TypeWords(type));
  }
  return OCTET_OK;
}

octet_status EnumBelow(const Checker& check, const char* name, int value, int count, const char* words) {
  if (value >= 0 && value < count) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected %s", check.function(), name, value, words);
}

/** Bytes from row to row, rows being what the last dimension but one counts. */
int64_t RowStride(const TensorView& view) {
  return view.ndim < 2 || view.count == 0 ? 0 : view.strides[view.ndim - 2] * view.item_size();
}

octet_status ReadResidual(Checker* check, const octet_epilogue& epilogue, const Named& out, TensorView* residual,
                          EpilogueView* view, ColumnStride column_stride) {
  constexpr const char* kName = "epilogue.residual";
  OCTET_RETURN_IF_ERROR(check->Tensor(kName, epilogue.residual, kFloatOrByteTypes, Role::kInput, residual));
  const Named named = {kName, residual};
  OCTET_RETURN_IF_ERROR(check->SameShape(named, out));
  if (column_stride == ColumnStride::kOne) OCTET_RETURN_IF_ERROR(check->RowsWithoutGaps(named));
  OCTET_RETURN_IF_ERROR(
      GridGoesWithType(*check, kName, residual->type, kResidualGridNames.grid, epilogue.residual_grid));
  if (IsCode(residual->type)) {
    CodeGrid grid;
    OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, epilogue.residual_grid, residual->type, kResidualGridNames, &grid));
    view->residual_step = grid.step;
  }
  view->residual = {residual->data, residual->type, RowStride(*residual)};
  return OCTET_OK;
}

/**
 * Leaves a ReLU or ReLU6 that is the last step before codes to their limits: codes rise with values, so that the code
 * of a value between two ends is that of the value, between the codes of the ends. NaN becomes the zero point either
 * way.
 */
void LimitCodesByRelu(EpilogueView* view) {
  const bool relu6 = view->activation == numerics::Activation::kRelu6;
  if (!relu6 && view->activation != numerics::Activation::kRelu) return;
  const bool last = view->factor == nullptr && (view->residual.data == nullptr || view->residual_first);
  if (!IsCode(view->out.type) || !last) return;
  numerics::Limits limits = view->out_limits;
  limits.int_min = numerics::Code(0.0f, view->out_step, view->out_limits);
  if (relu6) limits.int_max = numerics::Code(6.0f, view->out_step, view->out_limits);
  if (!(limits.int_min <= limits.int_max)) return;
  view->out_limits = limits;
  view->activation = numerics::Activation::kNone;
}

}  // namespace

octet_status GridWithinBytes(const Checker& check, const GridView& grid, ElementType type, const GridNames& names) {
  const bool within_s8 = Within(grid.limits, -128.0f, 127.0f);
  const bool within_u8 = Within(grid.limits, 0.0f, 255.0f);
  const bool fits = type == ElementType::kS8   ? within_s8
                    : type == ElementType::kU8 ? within_u8
                                               : within_s8 || within_u8;
  if (fits && IsWhole(grid.limits.int_min) && IsWhole(grid.limits.int_max)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s reaches from %.9g to %.9g; expected whole numbers within %s",
              check.function(), names.grid, static_cast<double>(grid.limits.int_min),
              static_cast<double>(grid.limits.int_max),
              type == ElementType::kS8   ? "-128..127 (s8)"
              : type == ElementType::kU8 ? "0..255 (u8)"
                                         : "-128..127 or 0..255");
}

octet_status ReadCodeGrid(Checker* check, const octet_grid* grid, ElementType type, const GridNames& names,
                          CodeGrid* result) {
  GridView view;
  OCTET_RETURN_IF_ERROR(check->Grid(grid, nullptr, &view, names));
  if (grid->axis != -1) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected -1, one grid for the whole tensor", check->function(),
                names.axis, static_cast<int>(grid->axis));
  }
  OCTET_RETURN_IF_ERROR(check->Count({names.delta, &view.delta}, 1, "because its axis is -1"));
  if (!view.on_host) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s is on a CUDA device, but the grid of codes is read by the host; pass it on cpu",
                check->function(), names.delta);
  }
  OCTET_RETURN_IF_ERROR(GridWithinBytes(*check, view, type, names));
  result->step.scale = numerics::ScaleOf(cpu::LoadCompact(view.delta, 0), view.eps, view.log_domain);
  result->step.zero_point =
      view.has_zero_float ? numerics::ZeroPointOf(cpu::LoadCompact(view.zero_float, 0), view.limits) : 0.0f;
  // A range that begins at 0 has a zero point of -0; codes do not depend on the sign, but kernels look for whole
  // numbers without one.
  result->step.zero_point += 0.0f;
  result->limits = view.limits;
  if (numerics::IsNan(result->step.zero_point)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is NaN; expected a number, which is rounded and clamped",
                check->function(), names.zero_float);
  }
  return OCTET_OK;
}

octet_status ReadEpilogue(Checker* check, const octet_epilogue* epilogue, const DLTensor* out, int64_t columns,
                          EpilogueTensors* tensors, EpilogueView* view, ColumnStride column_stride, int64_t groups) {
  const int64_t parameters = groups * columns;
  const char* const per_column = groups == 1 ? "one a column of out" : "one a column of out for each group";
  static constexpr octet_epilogue kNone = {};
  const octet_epilogue& given = epilogue != nullptr ? *epilogue : kNone;
  const Named named_out = {"out", &tensors->out};
  OCTET_RETURN_IF_ERROR(check->Tensor("out", out, kFloatOrByteTypes, Role::kOutput, &tensors->out));
  if (column_stride == ColumnStride::kOne) OCTET_RETURN_IF_ERROR(check->RowsWithoutGaps(named_out));
  OCTET_RETURN_IF_ERROR(GridGoesWithType(*check, "out", tensors->out.type, kOutGridNames.grid, given.out_grid));
  if (IsCode(tensors->out.type)) {
    CodeGrid grid;
    OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, given.out_grid, tensors->out.type, kOutGridNames, &grid));
    view->out_step = grid.step;
    view->out_limits = grid.limits;
  }
  view->out = {tensors->out.data, tensors->out.type, RowStride(tensors->out)};
  if (given.bias != nullptr) {
    OCTET_RETURN_IF_ERROR(check->Tensor("epilogue.bias", given.bias, kF32Only, Role::kCompactInput, &tensors->bias));
    OCTET_RETURN_IF_ERROR(check->Count({"epilogue.bias", &tensors->bias}, parameters, per_column));
    view->bias = reinterpret_cast<const float*>(tensors->bias.data);
  }
  const int activation = RawValue(given.activation);
  OCTET_RETURN_IF_ERROR(EnumBelow(*check, "epilogue.activation", activation, numerics::kActivations,
                                  "OCTET_ACTIVATION_NONE (0) to OCTET_ACTIVATION_HARDSIGMOID (9)"));
  view->activation = static_cast<numerics::Activation>(activation);
  if (given.factor != nullptr) {
    constexpr const char* kFactor = "epilogue.factor";
    OCTET_RETURN_IF_ERROR(check->Tensor(kFactor, given.factor, kF32Only, Role::kCompactInput, &tensors->factor));
    OCTET_RETURN_IF_ERROR(check->Count({kFactor, &tensors->factor}, parameters, per_column));
    view->factor = reinterpret_cast<const float*>(tensors->factor.data);
  }
  const int place = RawValue(given.residual_place);
  OCTET_RETURN_IF_ERROR(EnumBelow(*check, "epilogue.residual_place", place, 2,
                                  "OCTET_RESIDUAL_AFTER_ACTIVATION (0) or OCTET_RESIDUAL_BEFORE_ACTIVATION (1)"));
  view->residual_first = place == OCTET_RESIDUAL_BEFORE_ACTIVATION;
  if (given.residual != nullptr) {
    OCTET_RETURN_IF_ERROR(ReadResidual(check, given, named_out, &tensors->residual, view, column_stride));
  } else if (given.residual_grid != nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: epilogue.residual_grid is given, but epilogue.residual is null; pass both "
                "or neither",
                check->function());
  }
  LimitCodesByRelu(view);
  return OCTET_OK;
}

octet_status CheckOutputMemory(const Checker& check, const EpilogueTensors& tensors,
                               std::initializer_list<Named> inputs) {
  const Named out = {"out", &tensors.out};
  OCTET_RETURN_IF_ERROR(check.NoOverlap({out},
                                        {{"epilogue.residual", &tensors.residual},
                                         {"epilogue.bias", &tensors.bias},
                                         {"epilogue.factor", &tensors.factor}},
                                        out.view));
  return check.NoOverlap({out}, inputs, nullptr);
}

}  // namespace api
}  // namespace octet
