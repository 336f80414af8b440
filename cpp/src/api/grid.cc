// SPDX-License-Identifier: Apache-2.0
#include "octet/grid.h"

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

octet_status GridFromRange(const DLTensor* x_min, const DLTensor* x_max, const octet_scheme& scheme, int32_t n_bits,
                           const octet_scale_domain& scale_domain, float eps, DLTensor* delta, DLTensor* zero_float,
                           int32_t* is_signed) {
  Checker check("octet_grid_from_range");
  TensorView min_view, max_view, delta_view, zero_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x_min", x_min, kF32Only, Role::kInput, &min_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("x_max", x_max, kF32Only, Role::kInput, &max_view));
  OCTET_RETURN_IF_ERROR(check.Count({"x_max", &max_view}, min_view.count, "as many as x_min"));
  OCTET_RETURN_IF_ERROR(check.Scheme("scheme", scheme));
  OCTET_RETURN_IF_ERROR(check.Bits("n_bits", n_bits, 0));
  OCTET_RETURN_IF_ERROR(check.ScaleDomain("scale_domain", scale_domain));
  OCTET_RETURN_IF_ERROR(check.Eps("eps", eps));
  OCTET_RETURN_IF_ERROR(check.Tensor("delta", delta, kF32Only, Role::kCompactOutput, &delta_view));
  OCTET_RETURN_IF_ERROR(check.Count({"delta", &delta_view}, min_view.count, "as many as x_min"));
  if (scheme == OCTET_ASYMMETRIC) {
    OCTET_RETURN_IF_ERROR(check.Tensor("zero_float", zero_float, kF32Only, Role::kCompactOutput, &zero_view));
    OCTET_RETURN_IF_ERROR(check.Count({"zero_float", &zero_view}, min_view.count, "as many as x_min"));
  } else if (zero_float != nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_grid_from_range: zero_float is given, but symmetric grids have none; pass null");
  }
  OCTET_RETURN_IF_ERROR(check.NotNull("is_signed", is_signed));
  const TensorView* zero = zero_float != nullptr ? &zero_view : nullptr;
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"delta", &delta_view}, {"zero_float", zero}},
                                        {{"x_min", &min_view}, {"x_max", &max_view}}, nullptr));
  bool any_signed = false;
  if (check.on_cuda()) {
    const GridFromRangeOptions options = {scheme == OCTET_ASYMMETRIC, n_bits, scale_domain == OCTET_SCALE_LOG, eps};
    OCTET_RETURN_IF_ERROR(RunOnCuda(check, nullptr, CudaTable()->quantization.grid_from_range, &min_view, &max_view,
                                    &options, &delta_view, zero, &any_signed));
  } else {
    cpu::GridFromRange(min_view, max_view, scheme == OCTET_ASYMMETRIC, n_bits, scale_domain == OCTET_SCALE_LOG, eps,
                       delta_view, zero, &any_signed);
  }
  *is_signed = any_signed ? 1 : 0;
  return OCTET_OK;
}

octet_status GridResolve(const octet_grid* grid, DLTensor* scale, DLTensor* zero_point) {
  Checker check("octet_grid_resolve");
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Grid(grid, nullptr, &grid_view));
  TensorView scale_view, zero_view;
  if (scale != nullptr) {
    OCTET_RETURN_IF_ERROR(check.Tensor("scale", scale, kF32Only, Role::kCompactOutput, &scale_view));
    OCTET_RETURN_IF_ERROR(check.Count({"scale", &scale_view}, grid_view.delta.count, "as many as grid.delta"));
  }
  if (zero_point != nullptr) {
    OCTET_RETURN_IF_ERROR(check.Tensor("zero_point", zero_point, kF32Only, Role::kCompactOutput, &zero_view));
    OCTET_RETURN_IF_ERROR(check.Count({"zero_point", &zero_view}, grid_view.delta.count, "as many as grid.delta"));
  }
  const TensorView* scale_out = scale != nullptr ? &scale_view : nullptr;
  const TensorView* zero_out = zero_point != nullptr ? &zero_view : nullptr;
  const TensorView* zero_float = grid_view.has_zero_float ? &grid_view.zero_float : nullptr;
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"scale", scale_out}, {"zero_point", zero_out}},
                                        {{"grid.delta", &grid_view.delta}, {"grid.zero_float", zero_float}}, nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, nullptr, CudaTable()->quantization.grid_resolve, &grid_view, scale_out, zero_out);
  }
  cpu::GridResolve(grid_view, scale_out, zero_out);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_grid_from_range(const DLTensor* x_min, const DLTensor* x_max, octet_scheme scheme, int32_t n_bits,
                                   octet_scale_domain scale_domain, float eps, DLTensor* delta, DLTensor* zero_float,
                                   int32_t* is_signed) {
  return octet::api::Guarded("octet_grid_from_range", [&] {
    return octet::api::GridFromRange(x_min, x_max, scheme, n_bits, scale_domain, eps, delta, zero_float, is_signed);
  });
}

octet_status octet_grid_limits(int32_t n_bits, int32_t is_signed, float* int_min, float* int_max) {
  octet::api::Checker check("octet_grid_limits");
  OCTET_RETURN_IF_ERROR(check.Bits("n_bits", n_bits, 0));
  OCTET_RETURN_IF_ERROR(check.NotNull("int_min", int_min));
  OCTET_RETURN_IF_ERROR(check.NotNull("int_max", int_max));
  const octet::numerics::Limits limits = octet::numerics::GridLimits(n_bits, is_signed != 0);
  *int_min = limits.int_min;
  *int_max = limits.int_max;
  return OCTET_OK;
}

octet_status octet_grid_resolve(const octet_grid* grid, DLTensor* scale, DLTensor* zero_point) {
  return octet::api::Guarded("octet_grid_resolve", [&] { return octet::api::GridResolve(grid, scale, zero_point); });
}
