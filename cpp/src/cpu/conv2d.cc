// SPDX-License-Identifier: Apache-2.0
// Convolutions: parts of the input are made ready in the workspace one after the other, then the output above a part is
// cut into items, which threads take.
#include <algorithm>

#include "cpu/backend.h"
#include "cpu/conv2d_depthwise.h"
#include "cpu/conv2d_input.h"
#include "cpu/conv2d_output.h"
#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_product.h"
#include "cpu/gemm_kernels.h"
#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

// Elements of the input that a thread makes ready at a time, which takes some microseconds.
constexpr int64_t kPieceElements = 16384;

/** Whether rows [N * H * W, C] lie in memory at one stride, and which in bytes. */
bool IsMatrix(const TensorView& view, RowsView* rows) {
  if (view.shape[3] > 1 && view.strides[3] != 1) return false;
  int64_t expected = 0;
  for (int d = 2; d >= 0; --d) {
    if (view.shape[d] == 1) continue;
    if (expected == 0) {
      rows->stride = view.strides[d] * view.item_size();
    } else if (view.strides[d] != expected) {
      return false;
    }
    expected = view.strides[d] * view.shape[d];
  }
  rows->data = view.data;
  rows->type = view.type;
  return true;
}

/** Runs a 1x1 convolution as the matrix product that it is, where memory allows. */
bool RunAsGemm(const Conv2dArguments& arguments, const PackedConv2d& weights, char* workspace) {
  const Conv2dGeometry& g = weights.geometry;
  if (g.taps() != 1 || g.groups != 1 || g.stride_h != 1 || g.stride_w != 1) return false;
  if ((g.pad_top | g.pad_left | g.pad_bottom | g.pad_right) != 0) return false;
  GemmActivations a;
  EpilogueView epilogue = arguments.epilogue;
  if (!IsMatrix(arguments.x, &a.rows) || !IsMatrix(arguments.out, &epilogue.out)) return false;
  if (epilogue.residual.data != nullptr && !IsMatrix(arguments.residual, &epilogue.residual)) return false;
  a.m = arguments.x.shape[0] * arguments.x.shape[1] * arguments.x.shape[2];
  a.step = arguments.step;
  a.limits = arguments.limits;
  PackedGemm block = weights.Block(0);
  // Without what fills up its only run.
  block.k = g.in_channels;
  Gemm(a, block, epilogue, workspace);
  return true;
}

/** Calls body with a Part for each part of the output. */
template <typename Body>
void ForEachPart(const Conv2dPlan& plan, const Body& body) {
  for (int64_t i = 0; i < plan.image_parts; ++i) {
    for (int64_t l = 0; l < plan.line_parts; ++l) {
      Conv2dPart part;
      part.first_image = PartStart(plan.images, plan.image_parts, i);
      part.images = PartStart(plan.images, plan.image_parts, i + 1) - part.first_image;
      part.first_line = PartStart(plan.out_h, plan.line_parts, l);
      part.lines = PartStart(plan.out_h, plan.line_parts, l + 1) - part.first_line;
      body(part);
    }
  }
}

void MakeReady(const Conv2dInput& input, const Conv2dGeometry& geometry, const Conv2dPlan& plan,
               const Conv2dPart& part) {
  const int64_t lines = ReadyLines(geometry, part.lines);
  const int64_t all = part.images * lines;
  const int64_t elements = std::max<int64_t>(1, plan.planes * plan.plane_channels * plan.padded_w);
  const int64_t pieces = PartsOf(all, std::max<int64_t>(1, kPieceElements / elements));
  ForItems(pieces, all * elements < 4 * kPieceElements, [&](int64_t piece) {
    const int64_t end = PartStart(all, pieces, piece + 1);
    for (int64_t i = PartStart(all, pieces, piece); i < end; ++i) {
      const int64_t line = i % lines;
      input.MakeLine(i / lines, line, part.first_image + i / lines,
                     part.first_line * geometry.stride_h - geometry.pad_top + line);
    }
  });
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
  const Product product(kernels, weights, geometry, plan, output, input.zero(), workspace, sums);
  ForEachPart(plan, [&](const Conv2dPart& part) {
    MakeReady(input, geometry, plan, part);
    product.RunPart(part);
  });
}

}  // namespace

size_t Conv2dWorkspaceSize(const PackedConv2d& weights, int64_t images, int64_t out_h, int64_t out_w) {
  const Conv2dPlan plan = PlanConv2d(WithoutIdleStrides(weights.geometry), images, out_h, out_w, 1);
  const size_t bytes = static_cast<size_t>(plan.bytes);
  if (weights.geometry.taps() != 1 || weights.geometry.groups != 1) return bytes;
  return std::max(bytes, GemmWorkspaceSize(images * out_h * out_w, weights.geometry.in_channels));
}

void Conv2d(const Conv2dArguments& arguments, const PackedConv2d& weights, char* workspace) {
  if (arguments.out.count == 0 || RunAsGemm(arguments, weights, workspace)) return;
  // Once a call: it may be changed meanwhile, and the workspace is laid out for one.
  const GemmKernels& kernels = CurrentGemmKernels();
  if (weights.geometry.depthwise()) {
    Run<DepthwiseProduct>(arguments, weights, kernels, false, 1, workspace);
  } else {
    Run<Conv2dProduct>(arguments, weights, kernels, weights.has_zero_points, kernels.wide_activations ? 2 : 1,
                       workspace);
  }
}

}  // namespace cpu
}  // namespace octet
