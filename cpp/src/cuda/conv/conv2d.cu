// SPDX-License-Identifier: Apache-2.0
// A convolution on a device: the input is made ready where the kernels can't read it as it is, then all groups are one
// launch of the product of output pixels by filters, or one kernel makes all of a depthwise convolution.
#include "cuda/conv/conv2d.h"

#include <algorithm>
#include <cstdio>

#include "cuda/conv/conv2d_input.h"
#include "cuda/conv/conv2d_tensors.h"
#include "cuda/conv/depthwise.h"
#include "cuda/conv/device_filters.h"
#include "cuda/conv/patch_sums.h"
#include "cuda/conv/pixel_launch.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/gemm/hopper_launch.h"
#include "cuda/gemm/launchers.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

octet_status Fits(const Call* call, const DeviceConv2d& weights, const Conv2dSizes& sizes) {
  const Conv2dGeometry& geometry = weights.geometry;
  const int64_t width = std::max(sizes.width, ImageWidth(geometry, sizes));
  const int64_t image = ((sizes.images * sizes.height + geometry.pad_top) * width + geometry.pad_left) *
                        ImageGroups(geometry) * FilledChannels(geometry);
  // The distance of a tap from its pixel, added to that of a pixel, must not wrap around, nor may those of the taps
  // that fill up a tile of K, which lie beyond the last one.
  constexpr int64_t kFillingTaps = kTileDepth / kDeviceChannels;
  const int64_t reach_h =
      sizes.height + geometry.pad_top + geometry.pad_bottom + (geometry.kernel_h + kFillingTaps) * geometry.dilation_h;
  const int64_t reach_w =
      sizes.width + geometry.pad_left + geometry.pad_right + (geometry.kernel_w + kFillingTaps) * geometry.dilation_w;
  if (reach_h >= INT32_MAX || reach_w >= INT32_MAX) {
    std::snprintf(call->message, call->message_bytes,
                  "x with its padding and the kernel with its dilation are %lld x %lld pixels long together; a CUDA "
                  "device takes less than 2^31",
                  static_cast<long long>(reach_h), static_cast<long long>(reach_w));
    return OCTET_UNSUPPORTED;
  }
  if (sizes.rows() < INT32_MAX && image < kMostOffset) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "x has %lld pixels and out %lld; a CUDA device takes less than 2^31 output pixels and 2^35 bytes of "
                "input: cut the batch into several calls",
                static_cast<long long>(sizes.pixels()), static_cast<long long>(sizes.rows()));
  return OCTET_UNSUPPORTED;
}

class Convolution {
 public:
  Convolution(const Call* call, const Conv2dArguments& arguments, const DeviceConv2d& weights, char* workspace)
      : call_(call),
        arguments_(arguments),
        weights_(weights),
        geometry_(weights.geometry),
        memory_(workspace),
        sizes_{arguments.x.shape[0], arguments.x.shape[1], arguments.x.shape[2], arguments.out.shape[1],
               arguments.out.shape[2]},
        input_(call, arguments, weights.geometry, sizes_) {}

  octet_status Run() {
    DeviceKind kind;
    if (const octet_status status = Fits(call_, weights_, sizes_); status != OCTET_OK) return status;
    if (const octet_status status = KindOf(call_, &kind); status != OCTET_OK) return status;
    plan_ = PlanOf(kind, weights_, sizes_, true);
    // A pass over the input to put padding around it would take longer than boxes save. A kernel of a test is one
    // anyway.
    if (TakesBoxes(plan_) && input_.PadsWithCodes() && input_.ReadableByPixel() && CurrentForcedPlan().kernel < 0) {
      plan_ = PlanOf(kind, weights_, sizes_, false);
    }
    workspace_ = WorkspaceOf(weights_, sizes_, plan_);
    if (const octet_status status = input_.Read(plan_, workspace_, memory_); status != OCTET_OK) return status;
    if (geometry_.depthwise()) return RunDepthwise(kind);
    return RunGroups();
  }

 private:
  octet_status Done(const char* what, cudaError_t error) const {
    return error == cudaSuccess ? OCTET_OK : Report(call_, what, error);
  }

  /** Its arrays over columns are those of the first group. */
  Epilogue TheEpilogue() const {
    const DeviceGemm block = weights_.Block(0);
    Epilogue epilogue;
    epilogue.scales = {block.scales,
                       block.sums,
                       block.zero_points,
                       nullptr,
                       arguments_.step.scale,
                       static_cast<int32_t>(arguments_.step.zero_point),
                       reinterpret_cast<const int32_t*>(memory_ + workspace_.sums)};
    // Columns of a group begin where those of the one before end.
    const bool one_block = geometry_.blocks() == 1;
    const int64_t size = arguments_.out.item_size();
    SetTensors(arguments_, one_block || block.n % 4 == 0, &epilogue);
    epilogue.out_vectors =
        InVectors(epilogue.view.out.data, epilogue.out_places, size, 16) && (one_block || block.n * size % 16 == 0);
    Complete(&epilogue);
    return epilogue;
  }

  octet_status RunDepthwise(const DeviceKind& kind) const {
    DepthwiseProblem problem;
    problem.source = input_.source();
    problem.is_signed = input_.IsSigned();
    problem.kernel_h = static_cast<int32_t>(geometry_.kernel_h);
    problem.weights = weights_.Block(0).codes;
    problem.stride = weights_.Block(0).stride;
    problem.multiplier = static_cast<int32_t>(geometry_.out_channels / geometry_.in_channels);
    problem.zero_point = static_cast<int32_t>(arguments_.step.zero_point);
    problem.epilogue = TheEpilogue();
    const int64_t size = arguments_.out.item_size();
    problem.out_quads = InVectors(problem.epilogue.view.out.data, problem.epilogue.out_places, size, 4 * size);
    const int pieces = CurrentForcedPlan().parts;
    return Done("the kernel Depthwise", LaunchDepthwise(problem, kind.multiprocessors, pieces, StreamOf(call_)));
  }

  /** Sums of the inputs under each output pixel, of every group. */
  octet_status AddInputs() const {
    const PatchSums patches = {input_.source(),
                               input_.IsSigned(),
                               geometry_.groups,
                               static_cast<int32_t>(geometry_.group_in() * DeviceRunTaps(geometry_)),
                               sizes_.images,
                               static_cast<int32_t>(arguments_.step.zero_point),
                               reinterpret_cast<int32_t*>(memory_ + workspace_.of_pixels),
                               reinterpret_cast<int32_t*>(memory_ + workspace_.sums)};
    return Done("the kernel PatchSums", AddPatches(patches, StreamOf(call_)));
  }

  /** All groups in one launch. */
  octet_status RunGroups() const {
    if (weights_.has_zero_points) {
      if (const octet_status status = AddInputs(); status != OCTET_OK) return status;
    }
    const int64_t groups = geometry_.groups;
    const DeviceGemm block = weights_.Block(0);
    TileProblem<PixelSource> problem;
    problem.activations = input_.source();
    problem.weights = {block.codes, block.stride, static_cast<int32_t>(block.n), static_cast<int32_t>(block.stride)};
    problem.depth = static_cast<int32_t>(block.stride / kTileDepth);
    problem.raster = plan_.raster;
    problem.batch = {};
    problem.batch.count = static_cast<int32_t>(groups);
    problem.batch.inner = static_cast<int32_t>(groups);
    // Where the input is read as it is, channels have no gaps: a group has as many as when they are filled up.
    problem.batch.activations = {0, input_.source().channels};
    problem.batch.weights = {0, weights_.layout().bytes};
    problem.batch.terms = {0, weights_.layout().bytes / 4};
    problem.batch.sums = {0, sizes_.rows()};
    problem.batch.columns = static_cast<int32_t>(block.n);
    problem.epilogue = TheEpilogue();
    const octet_status status = PrepareSplit(call_, plan_, groups, memory_ + workspace_.split, &problem.split);
    if (status != OCTET_OK) return status;
    if (TakesBoxes(plan_)) return RunBoxes(problem);
    return Done("the kernel Tile of pixels", Launch({&problem, input_.IsSigned(), 8, StreamOf(call_)}));
  }

  octet_status RunBoxes(const TileProblem<PixelSource>& pixels) const {
    const TileProblem<BoxedPixels> problem = {
        input_.Boxes(), pixels.weights, pixels.depth, pixels.raster, pixels.split, {}, pixels.epilogue};
    const TileLaunch<BoxedPixels> launch = {&problem, input_.IsSigned(), 8, StreamOf(call_)};
    return Done("the kernel Hopper of pixels", plan_.kernel == GemmKernel::kHopper128x256
                                                   ? LaunchHopper128x256Pixels(launch)
                                                   : LaunchHopper128x128TurnsPixels(launch));
  }

  cudaError_t Launch(const TileLaunch<PixelSource>& launch) const {
    switch (plan_.kernel) {
      case GemmKernel::k256x64Pixels:
        return LaunchPixels<Tile256x64>(launch);
      case GemmKernel::k128x128:
        return LaunchPixels<Tile128x128>(launch);
      case GemmKernel::kTuring64x64:
        return LaunchPixels<Turing64x64>(launch);
      case GemmKernel::kTuring128x128:
        return LaunchPixels<Turing128x128>(launch);
      default:
        return LaunchPixels<Tile128x64>(launch);
    }
  }

  const Call* const call_;
  const Conv2dArguments& arguments_;
  const DeviceConv2d& weights_;
  const Conv2dGeometry& geometry_;
  char* const memory_;
  const Conv2dSizes sizes_;
  Conv2dInput input_;
  GemmPlan plan_;
  Conv2dWorkspace workspace_;
};

octet_status Conv2dWorkspaceSize(const Call* call, const TensorView* x, const DeviceConv2d* weights, int64_t out_h,
                                 int64_t out_w, size_t* bytes) {
  *bytes = 0;
  const Conv2dSizes sizes = {x->shape[0], x->shape[1], x->shape[2], out_h, out_w};
  if (sizes.rows() == 0 || weights->geometry.out_channels == 0) return OCTET_OK;
  DeviceKind kind;
  if (const octet_status status = Fits(call, *weights, sizes); status != OCTET_OK) return status;
  if (const octet_status status = KindOf(call, &kind); status != OCTET_OK) return status;
  // Whether boxes are taken depends on the padding's code too.
  for (bool boxes : {false, true}) {
    const GemmPlan plan = PlanOf(kind, *weights, sizes, boxes);
    *bytes = std::max(*bytes, static_cast<size_t>(WorkspaceOf(*weights, sizes, plan).bytes));
  }
  return OCTET_OK;
}

octet_status Conv2d(const Call* call, const Conv2dArguments* arguments, const DeviceConv2d* weights, void* workspace) {
  if (arguments->out.count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Convolution(call, *arguments, *weights, static_cast<char*>(workspace)).Run();
}

}  // namespace

Conv2dFunctions TheConv2dFunctions() { return {PlaceConv2d, Conv2dWorkspaceSize, Conv2d}; }

}  // namespace cuda
}  // namespace octet
