// SPDX-License-Identifier: Apache-2.0
// Checks of tensors that are floats, or codes with a grid beside them.
#ifndef OCTET_API_OPERAND_H_
#define OCTET_API_OPERAND_H_

#include "api/check.h"
#include "core/operand.h"

/** The names of a grid and its fields; `grid` is a string literal. */
#define OCTET_GRID_NAMES(grid) \
  { grid, grid ".delta", grid ".zero_float", grid ".scale_domain", grid ".eps", grid ".axis" }

namespace octet {
namespace api {

/** A tensor argument and the grid that goes with it. */
struct OperandArgument {
  const char* name;
  const DLTensor* tensor;
  const octet_grid* grid;
  GridNames grid_names;
};

/** Codes must have a grid (axis -1, within their type), floats must have none. */
octet_status ReadGridOf(Checker* check, const OperandArgument& argument, Operand* operand);

/** Checks tensor and grid: f32, f16, bf16, s8 or u8. */
octet_status ReadOperand(Checker* check, const OperandArgument& argument, Role role, Operand* operand);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_OPERAND_H_
