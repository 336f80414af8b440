// SPDX-License-Identifier: Apache-2.0
#include "octet/fake_quantize.h"

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

/** Checks an output that is like x in shape and type. */
octet_status OutputLike(Checker* check, const char* name, const DLTensor* tensor, const TensorView& x,
                        TensorView* view) {
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, kFloatTypes, Role::kOutput, view));
  OCTET_RETURN_IF_ERROR(check->SameShape({name, view}, {"x", &x}));
  return check->SameType({name, view}, {"x", &x});
}

octet_status NoZeroPoint(const char* function, const char* name) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s is given, but grid.zero_float is null, so there is no such derivative; "
              "pass null",
              function, name);
}

octet_status FakeQuantize(const octet_grid* grid, const DLTensor* x, DLTensor* out, void* stream) {
  Checker check("octet_fake_quantize");
  TensorView x_view, out_view;
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kFloatTypes, Role::kInput, &x_view));
  const Named named_x = {"x", &x_view};
  OCTET_RETURN_IF_ERROR(check.Grid(grid, &named_x, &grid_view));
  OCTET_RETURN_IF_ERROR(OutputLike(&check, "out", out, x_view, &out_view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out", &out_view}}, {named_x}, &out_view));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.fake_quantize, &grid_view, &x_view, &out_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::FakeQuantize(grid_view, x_view, out_view);
  return OCTET_OK;
}

octet_status Backward(const octet_grid* grid, const DLTensor* x, const DLTensor* grad_out, DLTensor* grad_x,
                      DLTensor* grad_delta, DLTensor* grad_zero_float, void* stream) {
  constexpr const char* kFunction = "octet_fake_quantize_backward";
  Checker check(kFunction);
  TensorView x_view, grad_out_view, grad_x_view, grad_delta_view, grad_zero_view;
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kFloatTypes, Role::kInput, &x_view));
  const Named named_x = {"x", &x_view};
  OCTET_RETURN_IF_ERROR(check.Grid(grid, &named_x, &grid_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("grad_out", grad_out, kFloatTypes, Role::kInput, &grad_out_view));
  const Named named_grad_out = {"grad_out", &grad_out_view};
  OCTET_RETURN_IF_ERROR(check.SameShape(named_grad_out, named_x));
  OCTET_RETURN_IF_ERROR(check.SameType(named_grad_out, named_x));
  FakeQuantizeGradients gradients;
  if (grad_x != nullptr) {
    OCTET_RETURN_IF_ERROR(OutputLike(&check, "grad_x", grad_x, x_view, &grad_x_view));
    gradients.x = &grad_x_view;
  }
  if (grad_delta != nullptr) {
    OCTET_RETURN_IF_ERROR(check.Tensor("grad_delta", grad_delta, kF32Only, Role::kCompactOutput, &grad_delta_view));
    OCTET_RETURN_IF_ERROR(
        check.Count({"grad_delta", &grad_delta_view}, grid_view.delta.count, "as many as grid.delta"));
    gradients.delta = &grad_delta_view;
  }
  if (grad_zero_float != nullptr) {
    if (!grid_view.has_zero_float) return NoZeroPoint(kFunction, "grad_zero_float");
    OCTET_RETURN_IF_ERROR(
        check.Tensor("grad_zero_float", grad_zero_float, kF32Only, Role::kCompactOutput, &grad_zero_view));
    OCTET_RETURN_IF_ERROR(
        check.Count({"grad_zero_float", &grad_zero_view}, grid_view.delta.count, "as many as grid.delta"));
    gradients.zero_float = &grad_zero_view;
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap(
      {{"grad_x", gradients.x}, {"grad_delta", gradients.delta}, {"grad_zero_float", gradients.zero_float}},
      {named_grad_out, named_x}, gradients.x));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.fake_quantize_backward, &grid_view, &x_view,
                     &grad_out_view, &gradients);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::FakeQuantizeBackward(grid_view, x_view, grad_out_view, gradients);
  return OCTET_OK;
}

octet_status Partials(const octet_grid* grid, const DLTensor* x, DLTensor* out, DLTensor* d_x, DLTensor* d_delta,
                      DLTensor* d_zero, void* stream) {
  constexpr const char* kFunction = "octet_fake_quantize_partials";
  Checker check(kFunction);
  TensorView x_view, out_view, d_x_view, d_delta_view, d_zero_view;
  GridView grid_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kFloatTypes, Role::kInput, &x_view));
  const Named named_x = {"x", &x_view};
  OCTET_RETURN_IF_ERROR(check.Grid(grid, &named_x, &grid_view));
  if (d_zero != nullptr && !grid_view.has_zero_float) return NoZeroPoint(kFunction, "d_zero");
  FakeQuantizePartialsOutputs outputs;
  struct Wanted {
    const char* name;
    const DLTensor* tensor;
    TensorView* view;
    const TensorView** output;
  };
  const Wanted all[] = {{"out", out, &out_view, &outputs.out},
                        {"d_x", d_x, &d_x_view, &outputs.d_x},
                        {"d_delta", d_delta, &d_delta_view, &outputs.d_delta},
                        {"d_zero", d_zero, &d_zero_view, &outputs.d_zero}};
  for (const Wanted& wanted : all) {
    if (wanted.tensor == nullptr) continue;
    OCTET_RETURN_IF_ERROR(OutputLike(&check, wanted.name, wanted.tensor, x_view, wanted.view));
    *wanted.output = wanted.view;
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap(
      {{"out", outputs.out}, {"d_x", outputs.d_x}, {"d_delta", outputs.d_delta}, {"d_zero", outputs.d_zero}}, {named_x},
      outputs.out));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.fake_quantize_partials, &grid_view, &x_view, &outputs);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::FakeQuantizePartials(grid_view, x_view, outputs);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_fake_quantize(const octet_grid* grid, const DLTensor* x, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_fake_quantize", [&] { return octet::api::FakeQuantize(grid, x, out, stream); });
}

octet_status octet_fake_quantize_backward(const octet_grid* grid, const DLTensor* x, const DLTensor* grad_out,
                                          DLTensor* grad_x, DLTensor* grad_delta, DLTensor* grad_zero_float,
                                          void* stream) {
  return octet::api::Guarded("octet_fake_quantize_backward", [&] {
    return octet::api::Backward(grid, x, grad_out, grad_x, grad_delta, grad_zero_float, stream);
  });
}

octet_status octet_fake_quantize_partials(const octet_grid* grid, const DLTensor* x, DLTensor* out, DLTensor* d_x,
                                          DLTensor* d_delta, DLTensor* d_zero, void* stream) {
  return octet::api::Guarded("octet_fake_quantize_partials",
                             [&] { return octet::api::Partials(grid, x, out, d_x, d_delta, d_zero, stream); });
}
