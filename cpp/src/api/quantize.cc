// SPDX-License-Identifier: Apache-2.0
#include "octet/quantize.h"

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/words.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

/** Codes of the grid must fit the type that is to hold them. */
octet_status GridFits(const GridView& grid, ElementType type) {
  const float least = type == ElementType::kS8 ? -128.0f : 0.0f;
  const float greatest = type == ElementType::kS8 ? 127.0f : 255.0f;
  if (type != ElementType::kS8 && type != ElementType::kU8) return OCTET_OK;
  if (grid.limits.int_min >= least && grid.limits.int_max <= greatest) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "octet_quantize: codes has dtype %s, but the grid reaches from %.9g to %.9g; pass s32 or f32 codes, or a "
              "grid within %g..%g",
              TypeWords(type), static_cast<double>(grid.limits.int_min), static_cast<double>(grid.limits.int_max),
              static_cast<double>(least), static_cast<double>(greatest));
}

octet_status Quantize(const octet_grid* grid, const DLTensor* x, DLTensor* codes, void* stream) {
  Checker check("octet_quantize");
  TensorView x_view, codes_view;
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kFloatTypes, Role::kInput, &x_view));
  const Named named_x = {"x", &x_view};
  OCTET_RETURN_IF_ERROR(check.Grid(grid, &named_x, &grid_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("codes", codes, kCodeTypes, Role::kOutput, &codes_view));
  const Named named_codes = {"codes", &codes_view};
  OCTET_RETURN_IF_ERROR(check.SameShape(named_codes, named_x));
  OCTET_RETURN_IF_ERROR(GridFits(grid_view, codes_view.type));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_codes}, {named_x}, &codes_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.quantize, &grid_view, &x_view, &codes_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Quantize(grid_view, x_view, codes_view);
  return OCTET_OK;
}

octet_status Dequantize(const octet_grid* grid, const DLTensor* codes, DLTensor* out, void* stream) {
  Checker check("octet_dequantize");
  TensorView codes_view, out_view;
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("codes", codes, kCodeTypes, Role::kInput, &codes_view));
  const Named named_codes = {"codes", &codes_view};
  OCTET_RETURN_IF_ERROR(check.Grid(grid, &named_codes, &grid_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kFloatTypes, Role::kOutput, &out_view));
  const Named named_out = {"out", &out_view};
  OCTET_RETURN_IF_ERROR(check.SameShape(named_out, named_codes));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out}, {named_codes}, &out_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.dequantize, &grid_view, &codes_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Dequantize(grid_view, codes_view, out_view);
  return OCTET_OK;
}

octet_status FirstOffGrid(const octet_grid* grid, const DLTensor* x, int64_t* index, void* stream) {
  Checker check("octet_first_off_grid");
  TensorView x_view;
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kF32Only, Role::kInput, &x_view));
  const Named named_x = {"x", &x_view};
  OCTET_RETURN_IF_ERROR(check.Grid(grid, &named_x, &grid_view));
  if (grid_view.axis >= 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_first_off_grid: grid.axis is %d, expected -1: one grid for all of x",
                grid_view.axis);
  }
  OCTET_RETURN_IF_ERROR(check.NotNull("index", index));
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  *index = cpu::FirstOffGrid(grid_view, x_view);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_quantize(const octet_grid* grid, const DLTensor* x, DLTensor* codes, void* stream) {
  return octet::api::Guarded("octet_quantize", [&] { return octet::api::Quantize(grid, x, codes, stream); });
}

octet_status octet_dequantize(const octet_grid* grid, const DLTensor* codes, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_dequantize", [&] { return octet::api::Dequantize(grid, codes, out, stream); });
}

octet_status octet_first_off_grid(const octet_grid* grid, const DLTensor* x, int64_t* index, void* stream) {
  return octet::api::Guarded("octet_first_off_grid", [&] { return octet::api::FirstOffGrid(grid, x, index, stream); });
}
