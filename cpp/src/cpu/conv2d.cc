// SPDX-License-Identifier: Apache-2.0
// Convolutions: parts of the input are made ready in the workspace one after the other, then the output above a part is
// cut into items, which threads take.
#include <algorithm>

#include "cpu/backend.h"
#include "cpu/conv2d_depthwise.h"
#include "cpu/conv2d_input.h"
#include "cpu/conv2d_narrow.h"
#include "cpu/conv2d_output.h"
#include "cpu/conv2d_parts.h"
#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_product.h"
#include "cpu/gemm_activations.h"
#include "cpu/gemm_kernels.h"
#include "cpu/parts.h"
#include "cpu/rows.h"

namespace octet {
namespace cpu {
namespace {

/** Runs a 1x1 convolution as the matrix product that it is, where memory allows. */
bool RunAsGemm(const Conv2dArguments& arguments, const PackedConv2d& weights, char* workspace) {
  const Conv2dGeometry& g = weights.geometry;
  if (g.taps() != 1 || g.groups != 1 || g.stride_h != 1 || g.stride_w != 1) return false;
  if ((g.pad_top | g.pad_left | g.pad_bottom | g.pad_right) != 0) return false;
  GemmActivations a;
  EpilogueView epilogue = arguments.epilogue;
  if (!AsMatrix(arguments.x, &a.rows) || !AsMatrix(arguments.out, &epilogue.out)) return false;
  if (epilogue.residual.data != nullptr && !AsMatrix(arguments.residual, &epilogue.residual)) return false;
  a.m = arguments.x.shape[0] * arguments.x.shape[1] * arguments.x.shape[2];
  a.step = arguments.step;
  a.limits = arguments.limits;
  PackedGemm block = weights.Block(0);
  // Without what fills up its only run.
  block.k = g.in_channels;
  Gemm(a, block, epilogue, workspace);
  return true;
}

/** Whether kernels can read the input where it lies: groups of codes that nothing pads. */
bool IsReady(const Conv2dArguments& arguments, const PackedConv2d& weights) {
  const Conv2dGeometry& g = weights.geometry;
  const int64_t channels = g.in_channels;
  const int64_t pixel_stride = arguments.x.strides[2];
  return arguments.x.type == ElementType::kU8 && !g.depthwise() && g.run() == g.padded_run(weights.bits) &&
         (g.pad_top | g.pad_left | g.pad_bottom | g.pad_right) == 0 && arguments.x.strides[3] == 1 &&
         // A row of taps is a run, whose pixels have no gaps.
         pixel_stride >= channels &&
         (g.kernel_w == 1 || !g.rows_are_runs() || (g.groups == 1 && pixel_stride == channels)) &&
         // Pixels share few places in a cache otherwise.
         pixel_stride * g.stride_w % 1024 != 0;
}

/** The plan for such input: one part, whose strides are the input's. geometry: without idle strides. */
Conv2dPlan PlanInPlace(Conv2dPlan plan, const TensorView& x, const Conv2dGeometry& given,
                       const Conv2dGeometry& geometry) {
  plan.image_parts = plan.line_parts = 1;
  plan.pixel_stride = x.strides[2] * (given.stride_w / geometry.stride_w);
  plan.plane_stride = geometry.group_in();
  plan.line_stride = x.strides[1] * (given.stride_h / geometry.stride_h);
  plan.image_stride = x.strides[0];
  return plan;
}

void RunInPlace(const Conv2dArguments& arguments, const PackedConv2d& weights, const GemmKernels& kernels,
                char* workspace) {
  const Conv2dGeometry geometry = WithoutIdleStrides(weights.geometry);
  const Conv2dPlan plan =
      PlanInPlace(PlanConv2d(geometry, arguments.x.shape[0], arguments.out.shape[1], arguments.out.shape[2], 1),
                  arguments.x, weights.geometry, geometry);
  const Conv2dOutput output(arguments);
  const auto zero = static_cast<int32_t>(arguments.step.zero_point);
  const Conv2dProduct product(kernels, weights, geometry, plan, output, zero, arguments.x.data, workspace, nullptr);
  ForEachPart(plan, [&](const Conv2dPart& part) { product.RunPart(part); });
}

void RunNarrow(const Conv2dArguments& arguments, const PackedConv2d& weights, const GemmKernels& kernels) {
  const Conv2dGeometry geometry = WithoutIdleStrides(weights.geometry);
  const Conv2dPlan plan = PlanConv2d(geometry, arguments.x.shape[0], arguments.out.shape[1], arguments.out.shape[2], 1);
  GemmActivations codes;
  codes.rows.type = arguments.x.type;
  codes.step = arguments.step;
  const Conv2dOutput output(arguments);
  const NarrowProduct product(kernels, weights, weights.geometry, geometry, plan, output, ReadyZeroPoint(codes),
                              arguments.x);
  product.RunPart({0, plan.images, 0, plan.out_h});
}

template <typename Product>
void Run(const Conv2dArguments& arguments, const PackedConv2d& weights, const GemmKernels& kernels, bool with_sums,
         int64_t code_size, char* workspace) {
  const Conv2dGeometry geometry = WithoutIdleStrides(weights.geometry);
  const Conv2dPlan plan =
      PlanConv2d(geometry, arguments.x.shape[0], arguments.out.shape[1], arguments.out.shape[2], code_size);
  int32_t* const sums = with_sums ? reinterpret_cast<int32_t*>(workspace + plan.sums) : nullptr;
  const Conv2dInput input(kernels, arguments, weights.geometry, geometry, plan, workspace, sums);
  const Conv2dOutput output(arguments);
  const Product product(kernels, weights, geometry, plan, output, input.zero(), workspace, workspace, sums);
  ForEachPart(plan, [&](const Conv2dPart& part) {
    MakePartReady(input, geometry, plan, part);
    product.RunPart(part);
  });
}

}  // namespace

size_t Conv2dWorkspaceSize(const PackedConv2d& weights, int64_t images, int64_t out_h, int64_t out_w) {
  const Conv2dGeometry geometry = RunGeometry(weights);
  const Conv2dPlan plan = PlanConv2d(WithoutIdleStrides(geometry), images, out_h, out_w, 1);
  const auto bytes = static_cast<size_t>(plan.bytes);
  if (geometry.taps() != 1 || geometry.groups != 1) return bytes;
  return std::max(bytes, GemmWorkspaceSize(images * out_h * out_w, geometry.in_channels));
}

void Conv2d(const Conv2dArguments& arguments, const PackedConv2d& packed, char* workspace) {
  if (arguments.out.count == 0) return;
  PackedConv2d weights = packed;
  weights.geometry = RunGeometry(packed);
  if (RunAsGemm(arguments, weights, workspace)) return;
  // Once a call: it may be changed meanwhile, and the workspace is laid out for one.
  const GemmKernels& kernels = CurrentGemmKernels();
  if (weights.geometry.depthwise()) {
    Run<DepthwiseProduct>(arguments, weights, kernels, false, 1, workspace);
  } else if (weights.geometry.narrow) {
    if (NarrowProduct::Reads(arguments.x)) {
      RunNarrow(arguments, weights, kernels);
    } else {
      Run<NarrowProduct>(arguments, weights, kernels, false, 1, workspace);
    }
  } else if (!kernels.wide_activations && !weights.has_zero_points && IsReady(arguments, weights)) {
    RunInPlace(arguments, weights, kernels, workspace);
  } else {
    Run<Conv2dProduct>(arguments, weights, kernels, weights.has_zero_points, kernels.wide_activations ? 2 : 1,
                       workspace);
  }
}

}  // namespace cpu
}  // namespace octet
