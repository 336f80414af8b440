// SPDX-License-Identifier: Apache-2.0
#include "octet/pool.h"

#include <cinttypes>

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/words.h"
#include "cpu/pool.h"

namespace octet {
namespace api {
namespace {

// Offsets of pixels stay far from overflow.
constexpr int64_t kMostPixels = INT32_MAX;

struct AxisParam {
  const char* name;
  int32_t value;
  int32_t least;
  int64_t* to;
};

octet_status PaddingTooLarge(const Checker& check, const char* name, int64_t padding, int64_t reach) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s is %" PRId64 "; expected less than the window of %" PRId64
              " pixels: it must not lie in the padding alone",
              check.function(), name, padding, reach);
}

octet_status ReadParams(const Checker& check, const octet_pool2d_params* params, PoolAxes* axes) {
  OCTET_RETURN_IF_ERROR(check.NotNull("params", params));
  PoolAxis& h = axes->h;
  PoolAxis& w = axes->w;
  const AxisParam all[] = {
      {"params.kernel_h", params->kernel_h, 1, &h.kernel},
      {"params.kernel_w", params->kernel_w, 1, &w.kernel},
      {"params.stride_h", params->stride_h, 1, &h.stride},
      {"params.stride_w", params->stride_w, 1, &w.stride},
      {"params.pad_top", params->pad_top, 0, &h.pad_before},
      {"params.pad_left", params->pad_left, 0, &w.pad_before},
      {"params.pad_bottom", params->pad_bottom, 0, &h.pad_after},
      {"params.pad_right", params->pad_right, 0, &w.pad_after},
      {"params.dilation_h", params->dilation_h, 1, &h.dilation},
      {"params.dilation_w", params->dilation_w, 1, &w.dilation},
  };
  for (const AxisParam& param : all) {
    if (param.value < param.least) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected at least %d", check.function(), param.name,
                  static_cast<int>(param.value), static_cast<int>(param.least));
    }
    *param.to = param.value;
  }
  if (h.pad_before >= h.reach()) return PaddingTooLarge(check, "params.pad_top", h.pad_before, h.reach());
  if (h.pad_after >= h.reach()) return PaddingTooLarge(check, "params.pad_bottom", h.pad_after, h.reach());
  if (w.pad_before >= w.reach()) return PaddingTooLarge(check, "params.pad_left", w.pad_before, w.reach());
  if (w.pad_after >= w.reach()) return PaddingTooLarge(check, "params.pad_right", w.pad_after, w.reach());
  return OCTET_OK;
}

/** 0 if the window is larger than the padded image. */
int64_t SizeOf(const PoolAxis& axis, int64_t in, bool ceil) {
  const int64_t steps = in + axis.pad_before + axis.pad_after - axis.reach();
  if (steps < 0) return 0;
  if (!ceil) return steps / axis.stride + 1;
  const int64_t size = (steps + axis.stride - 1) / axis.stride + 1;
  const bool begins_behind = (size - 1) * axis.stride >= in + axis.pad_before;
  return begins_behind ? size - 1 : size;
}

octet_status CheckPixels(const Checker& check, const char* what, int64_t h, int64_t w) {
  if (h >= 1 && w >= 1 && h <= kMostPixels && w <= kMostPixels) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s is %" PRId64 " x %" PRId64 " pixels; expected heights and widths from 1 to 2^31 - 1",
              check.function(), what, h, w);
}

/** Size of the output for an input of in_h x in_w, which is called `what` in messages. */
octet_status OutSize(const Checker& check, const PoolAxes& axes, bool ceil, const char* what, int64_t in_h,
                     int64_t in_w, int64_t* out_h, int64_t* out_w) {
  OCTET_RETURN_IF_ERROR(CheckPixels(check, what, in_h, in_w));
  *out_h = SizeOf(axes.h, in_h, ceil);
  *out_w = SizeOf(axes.w, in_w, ceil);
  if (*out_h > 0 && *out_w > 0) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s is %" PRId64 " x %" PRId64 " pixels, %" PRId64 " x %" PRId64
              " with padding; expected at least %" PRId64 " x %" PRId64 ", the size of the dilated window",
              check.function(), what, in_h, in_w, in_h + axes.h.pad_before + axes.h.pad_after,
              in_w + axes.w.pad_before + axes.w.pad_after, axes.h.reach(), axes.w.reach());
}

octet_status OutSize(const octet_pool2d_params* params, int64_t in_h, int64_t in_w, int64_t* out_h, int64_t* out_w) {
  Checker check("octet_pool2d_out_size");
  PoolAxes axes;
  OCTET_RETURN_IF_ERROR(ReadParams(check, params, &axes));
  OCTET_RETURN_IF_ERROR(check.NotNull("out_h", out_h));
  OCTET_RETURN_IF_ERROR(check.NotNull("out_w", out_w));
  return OutSize(check, axes, params->ceil_mode != 0, "the input (in_h x in_w)", in_h, in_w, out_h, out_w);
}

/** Checks that out is [N, out_h, out_w, C] for x [N, H, W, C], and that they share no memory. */
octet_status CheckOut(const Checker& check, const TensorView& x, int64_t out_h, int64_t out_w, const TensorView& out) {
  OCTET_RETURN_IF_ERROR(check.Ndim({"out", &out}, 4, "[N, H, W, C]"));
  const int64_t expected[4] = {x.shape[0], out_h, out_w, x.shape[3]};
  for (int d = 0; d < 4; ++d) {
    if (out.shape[d] == expected[d]) continue;
    return Fail(OCTET_INVALID_ARGUMENT, "%s: out has shape %s; expected %s for x of shape %s", check.function(),
                ListWords(out.shape, 4).text, ListWords(expected, 4).text, ListWords(x.shape, 4).text);
  }
  return check.NoOverlap({{"out", &out}}, {{"x", &x}}, nullptr);
}

octet_status CheckInput(const Checker& check, const TensorView& x) {
  OCTET_RETURN_IF_ERROR(check.Ndim({"x", &x}, 4, "[N, H, W, C]"));
  return CheckPixels(check, "x", x.shape[1], x.shape[2]);
}

octet_status MaxPool(const DLTensor* x, const octet_pool2d_params* params, const DLTensor* out, void* stream) {
  Checker check("octet_max_pool2d");
  TensorView x_view, out_view;
  PoolAxes axes;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(check.Tensor("x", x, kFloatOrByteTypes, Role::kInput, &x_view));
  OCTET_RETURN_IF_ERROR(CheckInput(check, x_view));
  OCTET_RETURN_IF_ERROR(ReadParams(check, params, &axes));
  OCTET_RETURN_IF_ERROR(
      OutSize(check, axes, params->ceil_mode != 0, "x", x_view.shape[1], x_view.shape[2], &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(check.Tensor("out", out, kFloatOrByteTypes, Role::kOutput, &out_view));
  OCTET_RETURN_IF_ERROR(check.SameType({"out", &out_view}, {"x", &x_view}));
  OCTET_RETURN_IF_ERROR(CheckOut(check, x_view, out_h, out_w, out_view));
  if (check.on_cuda()) return RunOnCuda(check, stream, CudaTable()->pool.max, &x_view, &axes, &out_view);
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MaxPool2d(x_view, axes, out_view);
  return OCTET_OK;
}

octet_status AvgPool(const DLTensor* x, const octet_grid* x_grid, const octet_pool2d_params* params,
                     int32_t count_include_pad, int64_t divisor, const DLTensor* out, const octet_grid* out_grid,
                     void* stream) {
  Checker check("octet_avg_pool2d");
  Operand x_operand, out_operand;
  PoolAxes axes;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  const TensorView& view = x_operand.view;
  OCTET_RETURN_IF_ERROR(CheckInput(check, view));
  OCTET_RETURN_IF_ERROR(ReadParams(check, params, &axes));
  if (axes.h.dilation != 1 || axes.w.dilation != 1) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_avg_pool2d: params.dilation_h is %" PRId64 " and params.dilation_w %" PRId64
                "; expected 1 and 1: averages have no dilation",
                axes.h.dilation, axes.w.dilation);
  }
  OCTET_RETURN_IF_ERROR(
      OutSize(check, axes, params->ceil_mode != 0, "x", view.shape[1], view.shape[2], &out_h, &out_w));
  if (divisor < 0) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_avg_pool2d: divisor is %" PRId64
                "; expected a positive number, or 0 for "
                "the number of elements of a window",
                divisor);
  }
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  OCTET_RETURN_IF_ERROR(CheckOut(check, view, out_h, out_w, out_operand.view));
  const AvgPoolOptions options = {count_include_pad != 0, divisor};
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->pool.avg, &x_operand, &axes, &options, &out_operand);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::AvgPool2d(x_operand, axes, options, out_operand);
  return OCTET_OK;
}

octet_status AdaptiveAvgPool(const DLTensor* x, const octet_grid* x_grid, const DLTensor* out,
                             const octet_grid* out_grid, void* stream) {
  Checker check("octet_adaptive_avg_pool2d");
  Operand x_operand, out_operand;
  OCTET_RETURN_IF_ERROR(ReadOperand(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, Role::kInput, &x_operand));
  OCTET_RETURN_IF_ERROR(CheckInput(check, x_operand.view));
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  const TensorView& out_view = out_operand.view;
  OCTET_RETURN_IF_ERROR(check.Ndim({"out", &out_view}, 4, "[N, H, W, C]"));
  OCTET_RETURN_IF_ERROR(CheckPixels(check, "out", out_view.shape[1], out_view.shape[2]));
  OCTET_RETURN_IF_ERROR(CheckOut(check, x_operand.view, out_view.shape[1], out_view.shape[2], out_view));
  if (check.on_cuda()) return RunOnCuda(check, stream, CudaTable()->pool.adaptive_avg, &x_operand, &out_operand);
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::AdaptiveAvgPool2d(x_operand, out_operand);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_pool2d_out_size(const octet_pool2d_params* params, int64_t in_h, int64_t in_w, int64_t* out_h,
                                   int64_t* out_w) {
  return octet::api::Guarded("octet_pool2d_out_size",
                             [&] { return octet::api::OutSize(params, in_h, in_w, out_h, out_w); });
}

octet_status octet_max_pool2d(const DLTensor* x, const octet_pool2d_params* params, DLTensor* out, void* stream) {
  return octet::api::Guarded("octet_max_pool2d", [&] { return octet::api::MaxPool(x, params, out, stream); });
}

octet_status octet_avg_pool2d(const DLTensor* x, const octet_grid* x_grid, const octet_pool2d_params* params,
                              int32_t count_include_pad, int64_t divisor, DLTensor* out, const octet_grid* out_grid,
                              void* stream) {
  return octet::api::Guarded("octet_avg_pool2d", [&] {
    return octet::api::AvgPool(x, x_grid, params, count_include_pad, divisor, out, out_grid, stream);
  });
}

octet_status octet_adaptive_avg_pool2d(const DLTensor* x, const octet_grid* x_grid, DLTensor* out,
                                       const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_adaptive_avg_pool2d",
                             [&] { return octet::api::AdaptiveAvgPool(x, x_grid, out, out_grid, stream); });
}
