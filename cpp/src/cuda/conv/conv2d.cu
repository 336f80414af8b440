// SPDX-License-Identifier: Apache-2.0
// A convolution on a device: the input is made ready where the kernels can't read it as it is, then all groups are one
// launch of the product of output pixels by filters, or one kernel makes all of a depthwise convolution.
#include "cuda/conv/conv2d.h"

#include <algorithm>
#include <cstdio>

#include "cuda/conv/conv2d_plan.h"
#include "cuda/conv/depthwise.h"
#include "cuda/conv/device_filters.h"
#include "cuda/conv/patch_sums.h"
#include "cuda/conv/pixel_launch.h"
#include "cuda/conv/pixel_places.h"
#include "cuda/conv/ready_image.h"
#include "cuda/conv/tap_rows.h"
#include "cuda/gemm/boxed_pixels.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/gemm/hopper_launch.h"
#include "cuda/gemm/launchers.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

constexpr int64_t kMostOffset = (int64_t{1} << 31) * 16 - 1;

octet_status Fits(const Call* call, const DeviceConv2d& weights, const Conv2dSizes& sizes) {
  const Conv2dGeometry& geometry = weights.geometry;
  const int64_t width = std::max(sizes.width, ImageWidth(geometry, sizes));
  const int64_t image = ((sizes.images * sizes.height + geometry.pad_top) * width + geometry.pad_left) *
                        ImageGroups(geometry) * FilledChannels(geometry);
  // The distance of a tap from its pixel, added to that of a pixel, must not wrap around.
  const int64_t reach_h = sizes.height + geometry.pad_top + geometry.pad_bottom;
  const int64_t reach_w = sizes.width + geometry.pad_left + geometry.pad_right;
  if (sizes.rows() < INT32_MAX && image < kMostOffset && reach_h < INT32_MAX && reach_w < INT32_MAX) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "x has %lld pixels and out %lld; a CUDA device takes less than 2^31 output pixels and 2^35 bytes of "
                "input: cut the batch into several calls",
                static_cast<long long>(sizes.pixels()), static_cast<long long>(sizes.rows()));
  return OCTET_UNSUPPORTED;
}

class Convolution {
 public:
  Convolution(const Call* call, const Conv2dArguments& arguments, const DeviceConv2d& weights, char* workspace)
      : call_(call), arguments_(arguments), weights_(weights), geometry_(weights.geometry), memory_(workspace) {
    const TensorView& x = arguments.x;
    sizes_ = {x.shape[0], x.shape[1], x.shape[2], arguments.out.shape[1], arguments.out.shape[2]};
  }

  octet_status Run() {
    DeviceKind kind;
    if (const octet_status status = Fits(call_, weights_, sizes_); status != OCTET_OK) return status;
    if (const octet_status status = KindOf(call_, &kind); status != OCTET_OK) return status;
    plan_ = PlanOf(kind, weights_, sizes_, true);
    // A pass over the input to put padding around it would take longer than boxes save. A kernel of a test is one
    // anyway.
    if (TakesBoxes(plan_) && PadsWithCodes() && ReadableByPixel() && CurrentForcedPlan().kernel < 0) {
      plan_ = PlanOf(kind, weights_, sizes_, false);
    }
    workspace_ = WorkspaceOf(weights_, sizes_, plan_);
    if (const octet_status status = ReadInput(); status != OCTET_OK) return status;
    if (geometry_.depthwise()) return RunDepthwise(kind);
    return RunGroups();
  }

 private:
  octet_status Done(const char* what, cudaError_t error) const {
    return error == cudaSuccess ? OCTET_OK : Report(call_, what, error);
  }

  bool IsSigned() const {
    if (!IsCode(arguments_.x.type)) return arguments_.limits.int_min < 0.0f;
    return arguments_.x.type == ElementType::kS8;
  }

  /** Whether pixels beyond the image are no zeros. */
  bool PadsWithCodes() const {
    const int64_t padding = geometry_.pad_top + geometry_.pad_bottom + geometry_.pad_left + geometry_.pad_right;
    return padding > 0 && arguments_.step.zero_point != 0.0f;
  }

  /** Pixels, lines and images of a tensor map do not overlap. */
  bool ReadableInBoxes() const {
    const TensorView& x = arguments_.x;
    const int64_t line = (x.shape[2] - 1) * x.strides[2] + x.shape[3];
    const int64_t image = (x.shape[1] - 1) * x.strides[1] + line;
    if (IsPointwise(geometry_)) {
      const int64_t pixel = x.strides[2];
      return pixel >= x.shape[3] && (x.shape[1] == 1 || x.strides[1] == x.shape[2] * pixel) &&
             (x.shape[0] == 1 || x.strides[0] == x.shape[1] * x.shape[2] * pixel);
    }
    return (x.shape[2] == 1 || x.strides[2] >= x.shape[3]) && (x.shape[1] == 1 || x.strides[1] >= line) &&
           (x.shape[0] == 1 || x.strides[0] >= image) && !PadsWithCodes();
  }

  bool ReadableInPlace() const { return ReadableByPixel() && (!TakesBoxes(plan_) || ReadableInBoxes()); }

  /** Whether kernels can copy 16 channels of a pixel at a time. */
  bool ReadableByPixel() const {
    const TensorView& x = arguments_.x;
    if (!IsCode(x.type) || x.strides[3] != 1 || ImageChannels(geometry_) % kDeviceChannels != 0) return false;
    if (DeviceTakesTapRows(geometry_)) return false;
    if (ImageChannels(geometry_) == 0 || reinterpret_cast<uintptr_t>(x.data) % 16 != 0) return false;
    int64_t reach = 0;
    for (int i = 0; i < 3; ++i) {
      if (x.strides[i] % 16 != 0 || x.strides[i] < 0 || x.strides[i] > kMostOffset) return false;
      if (x.shape[i] > kMostOffset / (x.strides[i] + 1)) return false;
      reach += x.shape[i] * x.strides[i];
    }
    return reach + geometry_.pad_top * x.strides[1] + geometry_.pad_left * x.strides[2] < kMostOffset;
  }

  octet_status ReadInput() {
    const TensorView& x = arguments_.x;
    if (!TakesBoxes(plan_)) {
      const int zero_point = static_cast<int>(arguments_.step.zero_point) & 0xff;
      const cudaError_t error = cudaMemsetAsync(memory_ + workspace_.outside, zero_point, 256, StreamOf(call_));
      if (error != cudaSuccess) return Report(call_, "cudaMemsetAsync", error);
    }
    source_.data = reinterpret_cast<const int8_t*>(x.data);
    source_.image = x.strides[0];
    source_.line = x.strides[1];
    source_.pixel = x.strides[2];
    source_.height = static_cast<int32_t>(sizes_.height);
    source_.width = static_cast<int32_t>(sizes_.width);
    source_.out_height = static_cast<int32_t>(sizes_.out_height);
    source_.out_width = static_cast<int32_t>(sizes_.out_width);
    source_.stride_h = static_cast<int32_t>(geometry_.stride_h);
    source_.stride_w = static_cast<int32_t>(geometry_.stride_w);
    source_.pad_top = static_cast<int32_t>(geometry_.pad_top);
    source_.pad_left = static_cast<int32_t>(geometry_.pad_left);
    source_.dilation_h = static_cast<int32_t>(geometry_.dilation_h);
    source_.dilation_w = static_cast<int32_t>(geometry_.dilation_w);
    source_.kernel_w = static_cast<int32_t>(geometry_.kernel_w);
    source_.taps = static_cast<int32_t>(geometry_.taps());
    source_.channels = static_cast<int32_t>(FilledChannels(geometry_));
    source_.outside = reinterpret_cast<const int8_t*>(memory_ + workspace_.outside);
    source_.rows = static_cast<int32_t>(sizes_.rows());
    octet_status status = OCTET_OK;
    if (!ReadableInPlace()) status = CopyInput();
    source_.next_tap = source_.dilation_w * source_.pixel;
    source_.next_row = source_.dilation_h * source_.line - source_.kernel_w * source_.next_tap;
    return status;
  }

  /** Makes the source the ready image. */
  octet_status CopyInput() {
    source_.data = reinterpret_cast<const int8_t*>(memory_ + workspace_.image);
    if (TakesBoxes(plan_) && PadsWithCodes()) {
      source_.height = static_cast<int32_t>(PaddedHeight(geometry_, sizes_));
      source_.width = static_cast<int32_t>(PaddedWidth(geometry_, sizes_));
      source_.pad_top = 0;
      source_.pad_left = 0;
    }
    source_.pixel = ImageGroups(geometry_) * FilledChannels(geometry_);
    source_.line = source_.pixel * (DeviceTakesTapRows(geometry_) ? sizes_.out_width : source_.width);
    source_.image = source_.line * source_.height;
    return DeviceTakesTapRows(geometry_) ? CopyTapRows() : CopyImage();
  }

  /** A row of taps becomes a single one. */
  octet_status CopyTapRows() {
    const TensorView& x = arguments_.x;
    TapRows rows;
    rows.data = x.data;
    rows.type = x.type;
    rows.images = sizes_.images;
    rows.height = sizes_.height;
    rows.width = sizes_.width;
    for (int i = 0; i < 4; ++i) rows.strides[i] = x.strides[i];
    rows.groups = static_cast<int32_t>(geometry_.groups);
    rows.channels = static_cast<int32_t>(geometry_.group_in());
    rows.kernel_w = source_.kernel_w;
    rows.stride_w = source_.stride_w;
    rows.pad_left = source_.pad_left;
    rows.out_width = source_.out_width;
    rows.run = source_.channels;
    rows.step = arguments_.step;
    rows.limits = arguments_.limits;
    rows.codes = reinterpret_cast<int8_t*>(memory_ + workspace_.image);
    source_.width = source_.out_width;
    source_.stride_w = 1;
    source_.pad_left = 0;
    source_.kernel_w = 1;
    source_.taps = static_cast<int32_t>(geometry_.kernel_h);
    // Of no input pixels the padding above and below is all that is read.
    if (sizes_.images * sizes_.height == 0) return OCTET_OK;
    return Done("the kernel TapRows", MakeTapRows(rows, StreamOf(call_)));
  }

  octet_status CopyImage() {
    if (sizes_.pixels() == 0) return OCTET_OK;
    const TensorView& x = arguments_.x;
    ReadyImage image;
    image.data = x.data;
    image.type = x.type;
    image.images = sizes_.images;
    image.height = sizes_.height;
    image.width = sizes_.width;
    image.pad_top = geometry_.pad_top - source_.pad_top;
    image.pad_left = geometry_.pad_left - source_.pad_left;
    image.padded_height = source_.height;
    image.padded_width = source_.width;
    for (int i = 0; i < 4; ++i) image.strides[i] = x.strides[i];
    image.groups = static_cast<int32_t>(ImageGroups(geometry_));
    image.channels = static_cast<int32_t>(ImageChannels(geometry_));
    image.filled = source_.channels;
    image.step = arguments_.step;
    image.limits = arguments_.limits;
    image.codes = reinterpret_cast<int8_t*>(memory_ + workspace_.image);
    return Done("the kernel ReadyImage", MakeImageReady(image, StreamOf(call_)));
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
    epilogue.view = arguments_.epilogue;
    const bool has_residual = arguments_.epilogue.residual.data != nullptr;
    epilogue.view.residual_first = arguments_.epilogue.residual_first && has_residual;
    epilogue.out_places = PlacesOf(arguments_.out);
    const int64_t out_size = arguments_.out.item_size();
    epilogue.view.out = {arguments_.out.data, arguments_.out.type, epilogue.out_places.row};
    // Columns of a group begin where those of the one before end.
    const bool one_block = geometry_.blocks() == 1;
    epilogue.out_vectors = InVectors(epilogue.view.out.data, epilogue.out_places, out_size, 16) &&
                           (one_block || block.n * out_size % 16 == 0);
    epilogue.residual_places = {};
    epilogue.residual_vectors = false;
    if (has_residual) {
      const int64_t size = arguments_.residual.item_size();
      epilogue.residual_places = PlacesOf(arguments_.residual);
      epilogue.view.residual = {arguments_.residual.data, arguments_.residual.type, epilogue.residual_places.row};
      epilogue.residual_vectors = InVectors(epilogue.view.residual.data, epilogue.residual_places, size, 4 * size) &&
                                  (one_block || block.n % 4 == 0);
    }
    epilogue.columns = static_cast<int32_t>(geometry_.out_channels);
    epilogue.rows = sizes_.rows();
    Complete(&epilogue);
    return epilogue;
  }

  octet_status RunDepthwise(const DeviceKind& kind) const {
    DepthwiseProblem problem;
    problem.source = source_;
    problem.is_signed = IsSigned();
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
    for (int64_t group = 0; group < geometry_.groups; ++group) {
      PatchSums patches = {source_,
                           IsSigned(),
                           static_cast<int32_t>(geometry_.group_in() * DeviceRunTaps(geometry_)),
                           sizes_.images,
                           static_cast<int32_t>(arguments_.step.zero_point),
                           reinterpret_cast<int32_t*>(memory_ + workspace_.of_pixels),
                           reinterpret_cast<int32_t*>(memory_ + workspace_.sums) + group * sizes_.rows()};
      patches.source.data += group * source_.channels;
      const octet_status status = Done("the kernel PatchSums", AddPatches(patches, StreamOf(call_)));
      if (status != OCTET_OK) return status;
    }
    return OCTET_OK;
  }

  /** All groups in one launch. */
  octet_status RunGroups() const {
    if (weights_.has_zero_points) {
      if (const octet_status status = AddInputs(); status != OCTET_OK) return status;
    }
    const int64_t groups = geometry_.groups;
    const DeviceGemm block = weights_.Block(0);
    TileProblem<PixelSource> problem;
    problem.activations = source_;
    problem.weights = {block.codes, block.stride, static_cast<int32_t>(block.n), static_cast<int32_t>(block.stride)};
    problem.depth = static_cast<int32_t>(block.stride / kTileDepth);
    problem.raster = plan_.raster;
    problem.batch = {};
    problem.batch.count = static_cast<int32_t>(groups);
    problem.batch.inner = static_cast<int32_t>(groups);
    // Where the input is read as it is, channels have no gaps: a group has as many as when they are filled up.
    problem.batch.activations = {0, source_.channels};
    problem.batch.weights = {0, weights_.layout().bytes};
    problem.batch.terms = {0, weights_.layout().bytes / 4};
    problem.batch.sums = {0, sizes_.rows()};
    problem.batch.columns = static_cast<int32_t>(block.n);
    problem.epilogue = TheEpilogue();
    const octet_status status = PrepareSplit(call_, plan_, groups, memory_ + workspace_.split, &problem.split);
    if (status != OCTET_OK) return status;
    if (TakesBoxes(plan_)) return RunBoxes(problem);
    return Done("the kernel Tile of pixels", Launch({&problem, IsSigned(), 8, StreamOf(call_)}));
  }

  octet_status RunBoxes(const TileProblem<PixelSource>& pixels) const {
    const TileProblem<BoxedPixels> problem = {Boxes(), pixels.weights, pixels.depth, pixels.raster, pixels.split,
                                              {},      pixels.epilogue};
    const TileLaunch<BoxedPixels> launch = {&problem, IsSigned(), 8, StreamOf(call_)};
    return Done("the kernel Hopper of pixels", plan_.kernel == GemmKernel::kHopper128x256
                                                   ? LaunchHopper128x256Pixels(launch)
                                                   : LaunchHopper128x128TurnsPixels(launch));
  }

  BoxedPixels Boxes() const {
    BoxedPixels pixels;
    pixels.data = source_.data;
    // With the padding that the source has.
    const Conv2dSizes sizes = BoxedSizes(geometry_, {sizes_.images, source_.height, source_.width, 0, 0});
    pixels.width = static_cast<int32_t>(sizes.width);
    pixels.height = static_cast<int32_t>(sizes.height);
    pixels.channels = source_.channels;
    // Sizes of 1 may have any stride.
    pixels.pixel = pixels.width > 1 ? source_.pixel : source_.channels;
    pixels.line = pixels.height > 1 ? source_.line : pixels.pixel * pixels.width;
    pixels.image = sizes.images > 1 ? source_.image : pixels.line * pixels.height;
    pixels.box_channels = kMostBoxChannels;
    while (source_.taps > 1 && source_.channels % pixels.box_channels != 0) pixels.box_channels /= 2;
    PixelBoxes& boxes = pixels.boxes;
    boxes = BoxesOf(geometry_, sizes_);
    boxes.kernel_w = source_.kernel_w;
    boxes.dilation_w = source_.dilation_w;
    boxes.dilation_h = source_.dilation_h;
    boxes.pad_left = source_.pad_left;
    boxes.pad_top = source_.pad_top;
    boxes.stride_w_log = source_.stride_w - 1;
    boxes.stride_h_log = source_.stride_h - 1;
    boxes.tap_boxes = (source_.channels + pixels.box_channels - 1) / pixels.box_channels;
    return pixels;
  }

  cudaError_t Launch(const TileLaunch<PixelSource>& launch) const {
    switch (plan_.kernel) {
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
  Conv2dSizes sizes_;
  GemmPlan plan_;
  Conv2dWorkspace workspace_;
  PixelSource source_;
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
