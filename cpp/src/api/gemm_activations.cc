// SPDX-License-Identifier: Apache-2.0
#include "api/gemm_activations.h"

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

octet_status ReadGemmRows(Checker* check, const DLTensor* a, TypeSet types, int64_t k, TensorView* view,
                          GemmActivations* activations) {
  const Named named = {"a", view};
  OCTET_RETURN_IF_ERROR(check->Tensor("a", a, types, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 2, "[M, K]"));
  if (view->shape[1] != k) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s; expected [M, %" PRId64 "], K of the packed weights",
                check->function(), ListWords(view->shape, 2).text, k);
  }
  OCTET_RETURN_IF_ERROR(check->RowsWithoutGaps(named));
  activations->m = view->shape[0];
  activations->rows = {view->data, view->type, view->count == 0 ? 0 : view->strides[0] * view->item_size()};
  return OCTET_OK;
}

octet_status ReadGemmGrid(Checker* check, const octet_grid* a_grid, GemmActivations* activations) {
  CodeGrid grid;
  OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, a_grid, activations->rows.type, kActivationGridNames, &grid));
  activations->step = grid.step;
  activations->limits = grid.limits;
  return OCTET_OK;
}

octet_status ReadDynamicGrids(const Checker& check, int32_t n_bits, float eps, GemmActivations* activations) {
  if (n_bits < 2 || n_bits > 8) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: n_bits is %d; expected 2 to 8", check.function(),
                static_cast<int>(n_bits));
  }
  OCTET_RETURN_IF_ERROR(check.Eps("eps", eps));
  activations->limits = numerics::GridLimits(n_bits, true);
  activations->dynamic = true;
  activations->eps = eps;
  return OCTET_OK;
}

octet_status CheckGemmOutput(const Checker& check, const TensorView& out, int64_t m, int64_t n) {
  if (out.ndim == 2 && out.shape[0] == m && out.shape[1] == n) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: out has shape %s; expected [%" PRId64 ", %" PRId64 "], M of a and N of the packed weights",
              check.function(), ListWords(out.shape, out.ndim).text, m, n);
}

}  // namespace api
}  // namespace octet
