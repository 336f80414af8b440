// SPDX-License-Identifier: Apache-2.0
#include "api/operand.h"

#include "api/epilogue.h"
#include "api/error.h"
#include "api/words.h"

namespace octet {
namespace api {

octet_status ReadGridOf(Checker* check, const OperandArgument& argument, Operand* operand) {
  const ElementType type = operand->view.type;
  if (!IsCode(type)) {
    if (argument.grid == nullptr) return OCTET_OK;
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is given, but %s has dtype %s; pass null", check->function(),
                argument.grid_names.grid, argument.name, TypeWords(type));
  }
  if (argument.grid == nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is null, but %s has dtype %s; pass the grid of its codes",
                check->function(), argument.grid_names.grid, argument.name, TypeWords(type));
  }
  CodeGrid grid;
  OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, argument.grid, type, argument.grid_names, &grid));
  operand->step = grid.step;
  operand->limits = grid.limits;
  return OCTET_OK;
}

octet_status ReadOperand(Checker* check, const OperandArgument& argument, Role role, Operand* operand) {
  OCTET_RETURN_IF_ERROR(check->Tensor(argument.name, argument.tensor, kFloatOrByteTypes, role, &operand->view));
  return ReadGridOf(check, argument, operand);
}

}  // namespace api
}  // namespace octet
