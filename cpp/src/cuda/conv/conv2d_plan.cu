// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/conv2d_plan.h"

#include "cuda/gemm/launchers.h"

namespace octet {
namespace cuda {
namespace {

constexpr int64_t kSectorChannels = 32;

/** Of the ready image at most: there may be padding where boxes are copied. */
int64_t ImagePixels(const Conv2dGeometry& geometry, const Conv2dSizes& sizes, const GemmPlan& plan) {
  if (!TakesBoxes(plan)) return sizes.images * sizes.height * ImageWidth(geometry, sizes);
  return sizes.images * PaddedHeight(geometry, sizes) * PaddedWidth(geometry, sizes);
}

/**
 * Output pixels of all boxes; 0 where none are copied: groups have tensor maps of their own, few channels make a K so
 * short that the epilogue decides, and strides of more than two would take more maps.
 */
int64_t BoxedRows(const Conv2dGeometry& geometry, const Conv2dSizes& sizes) {
  if (geometry.groups != 1 || DeviceTakesTapRows(geometry)) return 0;
  if (geometry.stride_h > 2 || geometry.stride_w > 2) return 0;
  // Each place of a pixel in the stride is there.
  if (sizes.height < geometry.stride_h || sizes.width < geometry.stride_w) return 0;
  const int64_t rows = TilesOf(BoxesOf(geometry, sizes)) << kBoxedRowsLog;
  return rows <= INT32_MAX ? rows : 0;
}

}  // namespace

int64_t ImageGroups(const Conv2dGeometry& geometry) { return geometry.depthwise() ? 1 : geometry.groups; }
int64_t ImageChannels(const Conv2dGeometry& geometry) {
  if (geometry.depthwise()) return geometry.in_channels;
  return geometry.group_in() * DeviceRunTaps(geometry);
}
int64_t FilledChannels(const Conv2dGeometry& geometry) {
  return geometry.depthwise() ? RoundUp(geometry.in_channels, kDeviceChannels) : DeviceRunOf(geometry);
}
int64_t ImageWidth(const Conv2dGeometry& geometry, const Conv2dSizes& sizes) {
  return DeviceTakesTapRows(geometry) ? sizes.out_width : sizes.width;
}
int64_t PaddedHeight(const Conv2dGeometry& geometry, const Conv2dSizes& sizes) {
  return sizes.height + geometry.pad_top + geometry.pad_bottom;
}
int64_t PaddedWidth(const Conv2dGeometry& geometry, const Conv2dSizes& sizes) {
  return sizes.width + geometry.pad_left + geometry.pad_right;
}

bool TakesBoxes(const GemmPlan& plan) { return InfoOf(plan.kernel).wgmma; }

bool IsPointwise(const Conv2dGeometry& geometry) {
  return geometry.taps() == 1 && geometry.stride_h == 1 && geometry.stride_w == 1 &&
         geometry.pad_top + geometry.pad_bottom + geometry.pad_left + geometry.pad_right == 0;
}

Conv2dSizes BoxedSizes(const Conv2dGeometry& geometry, const Conv2dSizes& sizes) {
  return IsPointwise(geometry) ? Conv2dSizes{1, 1, sizes.pixels(), 1, sizes.rows()} : sizes;
}

PixelBoxes BoxesOf(const Conv2dGeometry& geometry, const Conv2dSizes& sizes) {
  const Conv2dSizes boxed = BoxedSizes(geometry, sizes);
  PixelBoxes boxes;
  ChooseBoxes(static_cast<int32_t>(boxed.images), static_cast<int32_t>(boxed.out_height),
              static_cast<int32_t>(boxed.out_width), &boxes);
  return boxes;
}

GemmPlan PlanOf(const DeviceKind& kind, const DeviceConv2d& weights, const Conv2dSizes& sizes, bool boxes) {
  const Conv2dGeometry& geometry = weights.geometry;
  if (geometry.depthwise()) return {GemmKernel::k128x64, 1, {1, 1, 1}, false};
  const ForcedPlan forced = CurrentForcedPlan();
  // Boxes of 16 channels read half a sector of each pixel at a time.
  const bool halves = geometry.taps() > 1 && FilledChannels(geometry) % kSectorChannels != 0;
  const int64_t boxed = boxes && (forced.kernel >= 0 || !halves) ? BoxedRows(geometry, sizes) : 0;
  return PlanPixels(kind, geometry.groups, sizes.rows(), boxed, geometry.group_out(), weights.depth(), forced);
}

Conv2dWorkspace WorkspaceOf(const DeviceConv2d& weights, const Conv2dSizes& sizes, const GemmPlan& plan) {
  const bool sums = weights.has_zero_points && !weights.geometry.depthwise();
  const int64_t pixels = ImagePixels(weights.geometry, sizes, plan);
  Conv2dWorkspace workspace;
  workspace.outside = 0;
  workspace.split = 256;
  workspace.of_pixels = workspace.split + RoundUp(SplitBytes(plan, weights.geometry.groups), 256);
  workspace.sums = workspace.of_pixels + (sums ? RoundUp(weights.geometry.groups * pixels * 4, 256) : 0);
  workspace.image = workspace.sums + (sums ? RoundUp(weights.geometry.groups * sizes.rows() * 4, 256) : 0);
  workspace.bytes = workspace.image + pixels * ImageGroups(weights.geometry) * FilledChannels(weights.geometry);
  return workspace;
}

}  // namespace cuda
}  // namespace octet
