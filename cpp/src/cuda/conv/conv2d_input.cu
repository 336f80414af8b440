// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/conv2d_input.h"

#include "cuda/conv/conv2d_tensors.h"
#include "cuda/conv/ready_image.h"
#include "cuda/conv/tap_rows.h"

namespace octet {
namespace cuda {

bool Conv2dInput::IsSigned() const {
  if (!IsCode(arguments_.x.type)) return arguments_.limits.int_min < 0.0f;
  return arguments_.x.type == ElementType::kS8;
}

bool Conv2dInput::PadsWithCodes() const {
  const int64_t padding = geometry_.pad_top + geometry_.pad_bottom + geometry_.pad_left + geometry_.pad_right;
  return padding > 0 && arguments_.step.zero_point != 0.0f;
}

/** Pixels, lines and images of a tensor map do not overlap. */
bool Conv2dInput::ReadableInBoxes() const {
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

bool Conv2dInput::ReadableByPixel() const {
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

octet_status Conv2dInput::Done(const char* what, cudaError_t error) const {
  return error == cudaSuccess ? OCTET_OK : Report(call_, what, error);
}

octet_status Conv2dInput::Read(const GemmPlan& plan, const Conv2dWorkspace& workspace, char* memory) {
  const TensorView& x = arguments_.x;
  const bool boxes = TakesBoxes(plan);
  if (!boxes) {
    const int zero_point = static_cast<int>(arguments_.step.zero_point) & 0xff;
    const cudaError_t error = cudaMemsetAsync(memory + workspace.outside, zero_point, 256, StreamOf(call_));
    if (error != cudaSuccess) return Report(call_, "cudaMemsetAsync", error);
  }
  SetPixels(arguments_, geometry_, &source_);
  source_.data = reinterpret_cast<const int8_t*>(x.data);
  source_.image = x.strides[0];
  source_.line = x.strides[1];
  source_.pixel = x.strides[2];
  source_.taps = static_cast<int32_t>(geometry_.taps());
  source_.channels = static_cast<int32_t>(FilledChannels(geometry_));
  source_.outside = reinterpret_cast<const int8_t*>(memory + workspace.outside);
  octet_status status = OCTET_OK;
  const bool in_place = ReadableByPixel() && (!boxes || ReadableInBoxes());
  if (!in_place) status = Copy(boxes, reinterpret_cast<int8_t*>(memory + workspace.image));
  source_.next_tap = source_.dilation_w * source_.pixel;
  source_.next_row = source_.dilation_h * source_.line - source_.kernel_w * source_.next_tap;
  return status;
}

/** Makes the source the ready image. */
octet_status Conv2dInput::Copy(bool boxes, int8_t* codes) {
  source_.data = codes;
  if (boxes && PadsWithCodes()) {
    source_.height = static_cast<int32_t>(PaddedHeight(geometry_, sizes_));
    source_.width = static_cast<int32_t>(PaddedWidth(geometry_, sizes_));
    source_.pad_top = 0;
    source_.pad_left = 0;
  }
  source_.pixel = ImageGroups(geometry_) * FilledChannels(geometry_);
  source_.line = source_.pixel * (DeviceTakesTapRows(geometry_) ? sizes_.out_width : source_.width);
  source_.image = source_.line * source_.height;
  return DeviceTakesTapRows(geometry_) ? CopyTapRows(codes) : CopyImage(codes);
}

/** A row of taps becomes a single one. */
octet_status Conv2dInput::CopyTapRows(int8_t* codes) {
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
  rows.codes = codes;
  source_.width = source_.out_width;
  source_.stride_w = 1;
  source_.pad_left = 0;
  source_.kernel_w = 1;
  source_.taps = static_cast<int32_t>(geometry_.kernel_h);
  // Of no input pixels the padding above and below is all that is read.
  if (sizes_.images * sizes_.height == 0) return OCTET_OK;
  return Done("the kernel TapRows", MakeTapRows(rows, StreamOf(call_)));
}

octet_status Conv2dInput::CopyImage(int8_t* codes) const {
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
  image.codes = codes;
  return Done("the kernel ReadyImage", MakeImageReady(image, StreamOf(call_)));
}

BoxedPixels Conv2dInput::Boxes() const {
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

}  // namespace cuda
}  // namespace octet
