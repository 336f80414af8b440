// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_plan.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

// Codes that are ready at a time, unless a single line of the output needs more. In vain: 512 KB, which the
// second-level cache has room for, made no layer of ResNet-18 or MobileNetV2 faster.
constexpr int64_t kReadyBytes = int64_t{4} << 20;
// Kernels read, and multiply by 0, up to 7 codes beyond a run, and depthwise ones whole vectors.
constexpr int64_t kSlack = 64;

int64_t PixelStride(const Conv2dGeometry& geometry, int64_t plane_channels, int64_t code_size) {
  const int64_t bytes = plane_channels * code_size;
  // Kernels of width 1, and single taps, go through pixels side by side: at a multiple of 4096 bytes or a large part of
  // it these would share few places of the first-level cache. Wider ones need the codes of neighbours without a gap.
  const bool gaps = geometry.kernel_w == 1 || geometry.single_taps;
  return gaps && bytes % 1024 == 0 && !geometry.depthwise() ? bytes + kPackAlignment : bytes;
}

void SetStrides(const Conv2dGeometry& geometry, int64_t code_size, Conv2dPlan* plan) {
  plan->code_size = code_size;
  plan->pixel_stride = PixelStride(geometry, plan->plane_channels, code_size);
  plan->plane_stride = plan->padded_w * plan->pixel_stride;
  plan->line_stride = plan->planes * plan->plane_stride;
}

}  // namespace

Conv2dGeometry WithoutIdleStrides(const Conv2dGeometry& geometry) {
  Conv2dGeometry result = geometry;
  if (geometry.kernel_h == 1 && geometry.pad_top == 0 && geometry.pad_bottom == 0) result.stride_h = 1;
  if (geometry.kernel_w == 1 && geometry.pad_left == 0 && geometry.pad_right == 0) result.stride_w = 1;
  return result;
}

Conv2dGeometry RunGeometry(const PackedConv2d& weights) {
  Conv2dGeometry result = weights.block_geometry;
  result.single_taps = result.narrow || (result.groups > 1 && !result.depthwise() && !weights.has_zero_points &&
                                         result.group_in() % (weights.bits == 8 ? kGroup : 2 * kGroup) == 0);
  return result;
}

Conv2dPlan PlanConv2d(const Conv2dGeometry& geometry, int64_t images, int64_t out_h, int64_t out_w, int64_t code_size,
                      int64_t largest) {
  Conv2dPlan plan;
  plan.images = images;
  plan.out_h = out_h;
  plan.out_w = out_w;
  plan.planes = geometry.depthwise() || geometry.single_taps ? 1 : geometry.groups;
  plan.plane_channels = geometry.depthwise()   ? geometry.out_channels
                        : geometry.single_taps ? geometry.in_channels
                                               : geometry.group_in();
  plan.padded_w = (out_w - 1) * geometry.stride_w + geometry.reach_w();
  SetStrides(geometry, largest, &plan);
  const int64_t line_sums = plan.planes * plan.padded_w * 4;
  const int64_t line_bytes = plan.line_stride + line_sums;
  const int64_t image_bytes = ReadyLines(geometry, out_h) * line_bytes;
  if (image_bytes <= kReadyBytes) {
    plan.image_parts = PartsOf(images, kReadyBytes / image_bytes);
    plan.part_images = plan.image_parts == 0 ? 0 : PartsOf(images, plan.image_parts);
    plan.part_lines = ReadyLines(geometry, out_h);
  } else {
    const int64_t fitting = (kReadyBytes / line_bytes - geometry.reach_h()) / geometry.stride_h + 1;
    plan.image_parts = images;
    plan.part_images = 1;
    plan.line_parts = PartsOf(out_h, std::max<int64_t>(1, fitting));
    plan.part_lines = ReadyLines(geometry, PartsOf(out_h, plan.line_parts));
  }
  const int64_t lines = plan.part_images * plan.part_lines;
  plan.offsets = RoundUp(lines * plan.line_stride + kSlack, kPackAlignment);
  // Depthwise kernels take taps by four, or by eight where the weights are half bytes.
  const int64_t offsets = geometry.depthwise() ? RoundUp(geometry.taps(), 2 * kGroup) : geometry.runs();
  plan.sums = RoundUp(plan.offsets + offsets * 8, kPackAlignment);
  plan.bytes = RoundUp(plan.sums + lines * line_sums, kPackAlignment);
  SetStrides(geometry, code_size, &plan);
  plan.image_stride = plan.part_lines * plan.line_stride;
  return plan;
}

bool Conv2dFits(const Conv2dGeometry& given, int64_t out_h, int64_t out_w) {
  const Conv2dGeometry geometry = WithoutIdleStrides(given);
  const auto pixels = [](int64_t out, int64_t stride, int64_t reach) {
    return static_cast<double>(out - 1) * static_cast<double>(stride) + static_cast<double>(reach);
  };
  const double channels = static_cast<double>(std::max(geometry.in_channels, geometry.out_channels));
  // Codes of at most four bytes, sums of four for each group, of which there are at most as many as channels.
  return pixels(out_h, geometry.stride_h, geometry.reach_h()) * pixels(out_w, geometry.stride_w, geometry.reach_w()) *
             (channels * 8.0 + 70.0) <
         static_cast<double>(int64_t{1} << 60);
}

}  // namespace cpu
}  // namespace octet
