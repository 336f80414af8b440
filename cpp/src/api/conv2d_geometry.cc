// SPDX-License-Identifier: Apache-2.0
#include "api/conv2d_geometry.h"

#include <cinttypes>

#include "api/epilogue.h"
#include "api/error.h"
#include "api/weights.h"
#include "api/words.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

constexpr int64_t kMostPixels = INT32_MAX;

struct Param {
  const char* name;
  int32_t value;
  int32_t least;
};

}  // namespace

octet_status ReadConv2dParams(const Checker& check, const octet_conv2d_params* params, Conv2dGeometry* geometry) {
  OCTET_RETURN_IF_ERROR(check.NotNull("params", params));
  const Param all[] = {
      {"params.stride_h", params->stride_h, 1},     {"params.stride_w", params->stride_w, 1},
      {"params.pad_top", params->pad_top, 0},       {"params.pad_left", params->pad_left, 0},
      {"params.pad_bottom", params->pad_bottom, 0}, {"params.pad_right", params->pad_right, 0},
      {"params.dilation_h", params->dilation_h, 1}, {"params.dilation_w", params->dilation_w, 1},
      {"params.groups", params->groups, 1},
  };
  for (const Param& param : all) {
    if (param.value < param.least) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected at least %d", check.function(), param.name,
                  static_cast<int>(param.value), static_cast<int>(param.least));
    }
  }
  geometry->stride_h = params->stride_h;
  geometry->stride_w = params->stride_w;
  geometry->pad_top = params->pad_top;
  geometry->pad_left = params->pad_left;
  geometry->pad_bottom = params->pad_bottom;
  geometry->pad_right = params->pad_right;
  geometry->dilation_h = params->dilation_h;
  geometry->dilation_w = params->dilation_w;
  geometry->groups = params->groups;
  return OCTET_OK;
}

octet_status ReadFilters(const Checker& check, const TensorView& weights, Conv2dGeometry* geometry) {
  if (weights.shape[0] % geometry->groups != 0 || weights.shape[1] > kMostConv2dChannels / geometry->groups) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: params.groups is %" PRId64
                ", weights has shape %s; expected a divisor of Cout, and Cin up to %" PRId64,
                check.function(), geometry->groups, ListWords(weights.shape, 4).text, kMostConv2dChannels);
  }
  geometry->out_channels = weights.shape[0];
  geometry->in_channels = weights.shape[1] * geometry->groups;
  geometry->kernel_h = weights.shape[2];
  geometry->kernel_w = weights.shape[3];
  return OCTET_OK;
}

octet_status ReadConv2dWeights(Checker* check, const DLTensor* weights, TypeSet types, bool data, TensorView* view) {
  OCTET_RETURN_IF_ERROR(
      ReadWeightTensor(check, weights, types, 4, "[Cout, Cin / groups, kernel height, kernel width]", data, view));
  if (view->shape[2] >= 1 && view->shape[3] >= 1) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: weights has shape %s; expected a kernel of at least one tap",
              check->function(), ListWords(view->shape, 4).text);
}

octet_conv2d_params Conv2dParamsOf(const Conv2dGeometry& geometry) {
  const auto narrow = [](int64_t value) { return static_cast<int32_t>(value); };
  return {narrow(geometry.stride_h),   narrow(geometry.stride_w),   narrow(geometry.pad_top),
          narrow(geometry.pad_left),   narrow(geometry.pad_bottom), narrow(geometry.pad_right),
          narrow(geometry.dilation_h), narrow(geometry.dilation_w), narrow(geometry.groups)};
}

octet_status Conv2dOutSize(const Checker& check, const Conv2dGeometry& geometry, const char* what, int64_t in_h,
                           int64_t in_w, int64_t* out_h, int64_t* out_w) {
  if (in_h < 0 || in_w < 0 || in_h > kMostPixels || in_w > kMostPixels) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s is %" PRId64 " x %" PRId64 " pixels; expected heights and widths from 0 to 2^31 - 1",
                check.function(), what, in_h, in_w);
  }
  const int64_t padded_h = in_h + geometry.pad_top + geometry.pad_bottom;
  const int64_t padded_w = in_w + geometry.pad_left + geometry.pad_right;
  if (padded_h < geometry.reach_h() || padded_w < geometry.reach_w()) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s is %" PRId64 " x %" PRId64 " pixels, %" PRId64 " x %" PRId64
                " with padding; expected at least %" PRId64 " x %" PRId64 ", the size of the dilated kernel",
                check.function(), what, in_h, in_w, padded_h, padded_w, geometry.reach_h(), geometry.reach_w());
  }
  *out_h = (padded_h - geometry.reach_h()) / geometry.stride_h + 1;
  *out_w = (padded_w - geometry.reach_w()) / geometry.stride_w + 1;
  return OCTET_OK;
}

octet_status ReadConv2dInput(Checker* check, const DLTensor* x, const Conv2dGeometry& geometry, TensorView* view,
                             int64_t* out_h, int64_t* out_w) {
  OCTET_RETURN_IF_ERROR(check->Tensor("x", x, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim({"x", view}, 4, "[N, H, W, Cin]"));
  if (view->shape[3] != geometry.in_channels) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: x has shape %s; expected [N, H, W, %" PRId64 "], Cin of the packed weights", check->function(),
                ListWords(view->shape, 4).text, geometry.in_channels);
  }
  OCTET_RETURN_IF_ERROR(Conv2dOutSize(*check, geometry, "x", view->shape[1], view->shape[2], out_h, out_w));
  if (cpu::Conv2dFits(geometry, *out_h, *out_w)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: x has shape %s, which with padding is more than 2^60 bytes",
              check->function(), ListWords(view->shape, 4).text);
}

octet_status ReadConv2dOutput(Checker* check, const octet_epilogue* epilogue, const DLTensor* out,
                              const Conv2dGeometry& geometry, int64_t out_h, int64_t out_w,
                              Conv2dArguments* arguments) {
  EpilogueTensors tensors;
  OCTET_RETURN_IF_ERROR(
      ReadEpilogue(check, epilogue, out, geometry.out_channels, &tensors, &arguments->epilogue, ColumnStride::kAny));
  const int64_t expected[4] = {arguments->x.shape[0], out_h, out_w, geometry.out_channels};
  if (tensors.out.ndim != 4 || std::memcmp(tensors.out.shape, expected, sizeof(expected)) != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: out has shape %s; expected %s", check->function(),
                ListWords(tensors.out.shape, tensors.out.ndim).text, ListWords(expected, 4).text);
  }
  arguments->out = tensors.out;
  arguments->residual = tensors.residual;
  return CheckOutputMemory(*check, tensors, {{"x", &arguments->x}});
}

}  // namespace api
}  // namespace octet
