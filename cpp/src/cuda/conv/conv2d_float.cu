// SPDX-License-Identifier: Apache-2.0
// A convolution of floats on a device: all groups are one launch of the product of output pixels by filters, or one
// kernel makes all of a depthwise convolution.
#include "cuda/conv/conv2d_float.h"

#include <algorithm>
#include <cstdio>

#include "cuda/conv/conv2d_tensors.h"
#include "cuda/conv/float_depthwise.h"
#include "cuda/conv/float_pixel_tile.h"
#include "cuda/float/run.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/place_block.h"

namespace octet {
namespace cuda {
namespace {

octet_status Fits(const Call* call, const Conv2dGeometry& geometry, const TensorView& x, int64_t rows) {
  // The distance of a tap from its pixel, added to that of a pixel, must not wrap around.
  const int64_t reach_h = x.shape[1] + geometry.pad_top + geometry.pad_bottom;
  const int64_t reach_w = x.shape[2] + geometry.pad_left + geometry.pad_right;
  const int64_t run_tiles = geometry.run() / kFloatDepth + 1;
  const bool fits = rows < INT32_MAX && reach_h < INT32_MAX && reach_w < INT32_MAX && geometry.taps() < INT32_MAX &&
                    run_tiles < INT32_MAX / 32 / geometry.runs();
  if (fits) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "x has %lld x %lld pixels and out %lld; a CUDA device takes less than 2^31 output pixels and as many "
                "rows and columns of pixels with their padding: cut the batch into several calls",
                static_cast<long long>(x.shape[1]), static_cast<long long>(x.shape[2]), static_cast<long long>(rows));
  return OCTET_UNSUPPORTED;
}

FloatOrder OrderOf(const Conv2dGeometry& geometry) { return FloatOrderOf(geometry.runs(), geometry.run()); }

FloatShape ShapeOf(const Conv2dGeometry& geometry, int64_t rows) {
  return {rows, geometry.group_out(), geometry.runs() * geometry.run(), geometry.groups, OrderOf(geometry).all_blocks(),
          false};
}

octet_status PlanOf(const Call* call, const Conv2dGeometry& geometry, int64_t rows, FloatPlan* plan) {
  const FloatShape shape = ShapeOf(geometry, rows);
  DeviceKind kind;
  if (const octet_status status = FloatProductFits(call, rows, shape.n, shape.count); status != OCTET_OK) return status;
  if (const octet_status status = AnyKindOf(call, &kind); status != OCTET_OK) return status;
  *plan = PlanFloat(kind, shape, CurrentFloatPlan());
  return OCTET_OK;
}

FloatPixels PixelsOf(const Conv2dArguments& arguments, const Conv2dGeometry& geometry) {
  const TensorView& x = arguments.x;
  const int64_t size = x.item_size();
  FloatPixels source;
  source.data = x.data;
  source.image = x.strides[0] * size;
  source.line = x.strides[1] * size;
  source.pixel = x.strides[2] * size;
  source.channel = x.strides[3] * size;
  source.type = x.type;
  source.step = arguments.step;
  const int64_t quad = kQuad * size;
  const bool aligned = reinterpret_cast<uintptr_t>(x.data) % static_cast<uintptr_t>(quad) == 0 &&
                       source.image % quad == 0 && source.line % quad == 0 && source.pixel % quad == 0;
  source.quads = aligned && source.channel == size && geometry.group_in() % kQuad == 0;
  SetPixels(arguments, geometry, &source);
  source.rows_are_runs = geometry.rows_are_runs();
  source.run_length = static_cast<int32_t>(geometry.run());
  source.run_tiles = OrderOf(geometry).tiles;
  source.channels = DividerOf(std::max<int64_t>(1, geometry.group_in()));
  return source;
}

/** columns: whether quads of columns of all groups begin at multiples of four. */
FloatEpilogue EpilogueOf(const Conv2dArguments& arguments, bool columns) {
  FloatEpilogue epilogue = {};
  Epilogue& values = epilogue.values;
  SetTensors(arguments, columns, &values);
  const int64_t size = arguments.out.item_size();
  epilogue.out_quads = columns && InVectors(arguments.out.data, values.out_places, size, kQuad * size);
  Complete(&values);
  return epilogue;
}

octet_status RunDepthwise(const Call* call, const Conv2dArguments& arguments, const DeviceFloatConv2d& weights) {
  const Conv2dGeometry& geometry = weights.geometry;
  FloatDepthwiseProblem problem;
  problem.source = PixelsOf(arguments, geometry);
  problem.taps = static_cast<int32_t>(geometry.taps());
  problem.weights = weights.data;
  problem.stride = weights.stride();
  problem.multiplier = static_cast<int32_t>(geometry.out_channels / geometry.in_channels);
  const int64_t quad = kQuad * arguments.x.item_size();
  const FloatPixels& source = problem.source;
  problem.quads = problem.multiplier == 1 && source.channel == arguments.x.item_size() &&
                  reinterpret_cast<uintptr_t>(source.data) % static_cast<uintptr_t>(quad) == 0 &&
                  source.image % quad == 0 && source.line % quad == 0 && source.pixel % quad == 0;
  problem.epilogue = EpilogueOf(arguments, true);
  DeviceKind kind;
  if (const octet_status status = AnyKindOf(call, &kind); status != OCTET_OK) return status;
  const cudaError_t error =
      LaunchFloatDepthwise(problem, kind.multiprocessors, CurrentFloatPlan().parts, StreamOf(call));
  return error == cudaSuccess ? OCTET_OK : Report(call, "the kernel FloatDepthwise", error);
}

octet_status RunGroups(const Call* call, const Conv2dArguments& arguments, const DeviceFloatConv2d& weights,
                       int64_t rows, void* workspace) {
  const Conv2dGeometry& geometry = weights.geometry;
  const FloatShape shape = ShapeOf(geometry, rows);
  FloatRun run = {};
  run.call = call;
  if (const octet_status status = PlanOf(call, geometry, rows, &run.plan); status != OCTET_OK) return status;
  run.order = OrderOf(geometry);
  run.block_sums = BlockSumsOf(run.plan, shape, rows, geometry.groups, workspace);
  run.epilogue = EpilogueOf(arguments, geometry.groups == 1 || geometry.group_out() % kQuad == 0);
  const FloatPixels left = PixelsOf(arguments, geometry);
  run.batch.count = static_cast<int32_t>(geometry.groups);
  run.batch.inner = static_cast<int32_t>(geometry.groups);
  run.batch.activations = {0, geometry.group_in() * left.channel};
  run.batch.weights = {0, weights.block() * 4};
  run.batch.columns = static_cast<int32_t>(geometry.group_out());
  const FloatRows right = {reinterpret_cast<const char*>(weights.data),
                           weights.stride() * 4,
                           ElementType::kF32,
                           {1.0f, 0.0f},
                           true,
                           static_cast<int32_t>(geometry.group_out()),
                           // What fills up runs is there.
                           static_cast<int32_t>(weights.stride())};
  return RunFloatTiles(run, left, right);
}

/** Writes the weights of a group of a convolution that is not depthwise. */
void WriteGroup(const FloatPanels& panels, const DeviceFloatConv2d& layout, float* to) {
  const Conv2dGeometry& geometry = layout.geometry;
  for (int64_t row = 0; row < panels.n; ++row) {
    const int64_t panel = row / kPanelColumns;
    const int64_t columns = PanelColumnsOf(panels.n, panel);
    const float* from = panels.Panel(panel) + row % kPanelColumns;
    for (int64_t run = 0; run < geometry.runs(); ++run) {
      float* run_to = to + row * layout.stride() + run * layout.filled_run();
      for (int64_t k = 0; k < geometry.run(); ++k, from += columns) run_to[k] = *from;
    }
  }
}

void WriteDepthwise(const FloatPanels& panels, const DeviceFloatConv2d& layout, float* to) {
  for (int64_t channel = 0; channel < panels.n; ++channel) {
    const int64_t panel = channel / kPanelColumns;
    const int64_t columns = PanelColumnsOf(panels.n, panel);
    const float* from = panels.Panel(panel) + channel % kPanelColumns;
    for (int64_t tap = 0; tap < panels.k; ++tap) to[tap * layout.stride() + channel] = from[tap * columns];
  }
}

octet_status Place(const Call* call, const PackedFloatConv2d* packed, void* block) {
  const DeviceFloatConv2d layout = {packed->geometry, nullptr};
  const int64_t bytes = layout.bytes();
  return PlaceBlock<float>(call, bytes, block, [&](float* host) {
    std::fill_n(host, bytes / 4, kRightFill);
    for (int64_t group = 0; group < layout.geometry.blocks(); ++group) {
      float* to = host + group * layout.block();
      if (layout.geometry.depthwise()) {
        WriteDepthwise(packed->Block(group), layout, to);
      } else {
        WriteGroup(packed->Block(group), layout, to);
      }
    }
  });
}

octet_status WorkspaceSize(const Call* call, const TensorView* x, const DeviceFloatConv2d* weights, int64_t out_h,
                           int64_t out_w, size_t* bytes) {
  *bytes = 0;
  const Conv2dGeometry& geometry = weights->geometry;
  const int64_t rows = x->shape[0] * out_h * out_w;
  if (rows == 0 || geometry.out_channels == 0) return OCTET_OK;
  if (const octet_status status = Fits(call, geometry, *x, rows); status != OCTET_OK) return status;
  if (geometry.depthwise()) return OCTET_OK;
  FloatPlan plan;
  if (const octet_status status = PlanOf(call, geometry, rows, &plan); status != OCTET_OK) return status;
  *bytes = static_cast<size_t>(FloatWorkspaceBytes(plan, ShapeOf(geometry, rows), rows, geometry.groups));
  return OCTET_OK;
}

octet_status Run(const Call* call, const Conv2dArguments* arguments, const DeviceFloatConv2d* weights,
                 void* workspace) {
  if (arguments->out.count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  const int64_t rows = arguments->out.shape[0] * arguments->out.shape[1] * arguments->out.shape[2];
  const octet_status status = Fits(call, weights->geometry, arguments->x, rows);
  if (status != OCTET_OK) return status;
  return weights->geometry.depthwise() ? RunDepthwise(call, *arguments, *weights)
                                       : RunGroups(call, *arguments, *weights, rows, workspace);
}

}  // namespace

FloatConv2dFunctions TheFloatConv2dFunctions() { return {Place, WorkspaceSize, Run}; }

}  // namespace cuda
}  // namespace octet
