// SPDX-License-Identifier: Apache-2.0
#include <cinttypes>
#include <cstdio>

#include "api/cuda_library.h"
#include "api/elementwise.h"
#include "api/error.h"
#include "api/words.h"
#include "cpu/map.h"
#include "octet/elementwise.h"

namespace octet {
namespace api {
namespace {

/** The names of input number i and of its grid; messages need them, good calls hardly cost by them. */
struct InputNames {
  explicit InputNames(int i) {
    std::snprintf(input, sizeof(input), "inputs[%d]", i);
    std::snprintf(grid, sizeof(grid), "grids[%d]", i);
  }
  GridNames grid_names() const { return {grid, grid, grid, grid, grid, grid}; }
  char input[24];
  char grid[24];
};

bool IsValue(ElementType type) { return (Bit(type) & kFloatOrByteTypes.mask) != 0; }

/** Whether elements of both can be copied as they are. */
bool SameCoding(const Operand& a, const Operand& b) {
  return a.view.type == b.view.type && a.step.scale == b.step.scale && a.step.zero_point == b.step.zero_point;
}

/** Checks one input against the part of out that it fills. */
octet_status ReadInput(Checker* check, int i, const DLTensor* tensor, const octet_grid* grid, int32_t axis,
                       const Operand& out, Operand* operand) {
  const InputNames names(i);
  OCTET_RETURN_IF_ERROR(check->Tensor(names.input, tensor, kAnyType, Role::kInput, &operand->view));
  const TensorView& view = operand->view;
  const Named named = {names.input, &view};
  if (IsValue(out.view.type) && IsValue(view.type)) {
    // Codes that are copied as they are may do without grids, on both sides.
    const bool plain = grid == nullptr && out.limits.int_min == out.limits.int_max && view.type == out.view.type;
    if (!plain) OCTET_RETURN_IF_ERROR(ReadGridOf(check, {names.input, tensor, grid, names.grid_names()}, operand));
  } else {
    OCTET_RETURN_IF_ERROR(check->SameType(named, {"out", &out.view}));
  }
  bool fits = view.ndim == out.view.ndim;
  for (int d = 0; fits && d < view.ndim; ++d) fits = d == axis || view.shape[d] == out.view.shape[d];
  if (!fits) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected that of out, %s, but for dimension %d",
                check->function(), names.input, ListWords(view.shape, view.ndim).text,
                ListWords(out.view.shape, out.view.ndim).text, static_cast<int>(axis));
  }
  return check->NoOverlap({{"out", &out.view}}, {named}, nullptr);
}

octet_status Concat(const DLTensor* const* inputs, const octet_grid* const* grids, int32_t count, int32_t axis,
                    DLTensor* out, const octet_grid* out_grid, void* stream) {
  Checker check("octet_concat");
  Operand out_operand;
  TensorView& out_view = out_operand.view;
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kAnyType, Role::kOutput, &out_view));
  if (out_grid != nullptr || (IsCode(out_view.type) && grids != nullptr)) {
    OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, &out_operand));
  }
  if (axis < 0 || axis >= out_view.ndim) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_concat: axis is %d; expected a dimension of out, which has shape %s",
                static_cast<int>(axis), ListWords(out_view.shape, out_view.ndim).text);
  }
  if (count < 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_concat: count is %d; expected 0 or more", static_cast<int>(count));
  }
  if (count > 0) OCTET_RETURN_IF_ERROR(check.NotNull("inputs", inputs));
  if (!check.on_cuda()) OCTET_RETURN_IF_ERROR(check.Stream(stream));
  // Everything is checked before anything is written.
  int64_t total = 0;
  for (int32_t i = 0; i < count; ++i) {
    Operand operand;
    OCTET_RETURN_IF_ERROR(
        ReadInput(&check, i, inputs[i], grids == nullptr ? nullptr : grids[i], axis, out_operand, &operand));
    if (__builtin_add_overflow(total, operand.view.shape[axis], &total)) total = -1;
    if (total < 0) break;
  }
  if (total != out_view.shape[axis]) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_concat: out has shape %s; expected %" PRId64 " along dimension %d, the sum of the inputs",
                ListWords(out_view.shape, out_view.ndim).text, total, static_cast<int>(axis));
  }
  int64_t start = 0;
  for (int32_t i = 0; i < count; ++i) {
    Operand operand;
    OCTET_RETURN_IF_ERROR(
        ReadInput(&check, i, inputs[i], grids == nullptr ? nullptr : grids[i], axis, out_operand, &operand));
    Operand part = out_operand;
    const int64_t size = operand.view.shape[axis];
    part.view.shape[axis] = size;
    part.view.count = operand.view.count;
    if (out_view.count != 0) part.view.data += start * out_view.strides[axis] * out_view.item_size();
    start += size;
    if (check.on_cuda()) {
      OCTET_RETURN_IF_ERROR(SameCoding(operand, out_operand)
                                ? RunOnCuda(check, stream, CudaTable()->map.copy, &operand.view, &part.view)
                                : UnaryOnCuda(check, stream, {}, operand, part));
    } else if (SameCoding(operand, out_operand)) {
      cpu::Copy(operand.view, part.view);
    } else {
      cpu::MapUnary({}, operand, part);
    }
  }
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_concat(const DLTensor* const* inputs, const octet_grid* const* grids, int32_t count, int32_t axis,
                          DLTensor* out, const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_concat",
                             [&] { return octet::api::Concat(inputs, grids, count, axis, out, out_grid, stream); });
}
