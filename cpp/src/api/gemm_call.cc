// SPDX-License-Identifier: Apache-2.0
#include "api/gemm_call.h"

#include <cinttypes>

#include "api/epilogue.h"
#include "api/error.h"
#include "api/words.h"

namespace octet {
namespace api {
namespace {

constexpr GridNames kActivationGridNames = {"a_grid",     "a_grid.delta", "a_grid.zero_float", "a_grid.scale_domain",
                                            "a_grid.eps", "a_grid.axis"};

}  // namespace

octet_status ReadGemmRows(Checker* check, const DLTensor* a, TypeSet types, int64_t k, TensorView* view, RowsView* rows,
                          int64_t* m) {
  const Named named = {"a", view};
  OCTET_RETURN_IF_ERROR(check->Tensor("a", a, types, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 2, "[M, K]"));
  if (view->shape[1] != k) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s; expected [M, %" PRId64 "], K of the packed weights",
                check->function(), ListWords(view->shape, 2).text, k);
  }
  OCTET_RETURN_IF_ERROR(check->RowsWithoutGaps(named));
  *m = view->shape[0];
  *rows = {view->data, view->type, view->count == 0 ? 0 : view->strides[0] * view->item_size()};
  return OCTET_OK;
}

octet_status ReadRowGrids(Checker* check, const RowGrids& grids, GemmActivations* activations) {
  if (!grids.dynamic) {
    CodeGrid grid;
    OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, grids.all_rows, activations->rows.type, kActivationGridNames, &grid));
    activations->step = grid.step;
    activations->limits = grid.limits;
    return OCTET_OK;
  }
  if (grids.n_bits < 2 || grids.n_bits > 8) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: n_bits is %d; expected 2 to 8", check->function(),
                static_cast<int>(grids.n_bits));
  }
  OCTET_RETURN_IF_ERROR(check->Eps("eps", grids.eps));
  activations->limits = numerics::GridLimits(grids.n_bits, true);
  activations->dynamic = true;
  activations->eps = grids.eps;
  return OCTET_OK;
}

octet_status ReadGemmOutput(Checker* check, const GemmCall& call, const GemmOutputSize& size,
                            std::initializer_list<Named> inputs, EpilogueView* epilogue) {
  EpilogueTensors tensors;
  OCTET_RETURN_IF_ERROR(
      ReadEpilogue(check, call.epilogue, call.out, size.n, &tensors, epilogue, ColumnStride::kOne, size.groups));
  const TensorView& out = tensors.out;
  if (out.ndim != 2 || out.shape[0] != size.m || out.shape[1] != size.n) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: out has shape %s; expected [%" PRId64 ", %" PRId64 "], M of a and N of the packed weights",
                check->function(), ListWords(out.shape, out.ndim).text, size.m, size.n);
  }
  return CheckOutputMemory(*check, tensors, inputs);
}

octet_status CheckRun(const Checker& check, const GemmCall& call, bool on_device, size_t needed) {
  if (!on_device) OCTET_RETURN_IF_ERROR(check.Stream(call.stream));
  return check.Workspace(call.workspace, call.workspace_bytes, needed);
}

}  // namespace api
}  // namespace octet
