// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_float_input.h"

#include <algorithm>
#include <cstring>

#include "cpu/transpose.h"

namespace octet {
namespace cpu {
namespace {

// Values that are made at a time where they do not lie in the input as they are wanted: 16 KB.
constexpr int64_t kPiece = 4096;
// Channels of a piece where neighbouring elements are neighbouring pixels: pieces have as many pixels.
constexpr int64_t kSquare = 64;
constexpr int64_t kItem = sizeof(float);

}  // namespace

FloatConv2dInput::FloatConv2dInput(const Conv2dArguments& arguments, const Conv2dGeometry& given,
                                   const Conv2dGeometry& geometry, const Conv2dPlan& plan, char* ready)
    : plan_(plan),
      load_(CurrentRowKernels().convert.load[RowTypeIndex(arguments.x.type)]),
      step_(arguments.step),
      data_(arguments.x.data),
      item_size_(arguments.x.item_size()),
      image_stride_(arguments.x.strides[0] * item_size_),
      line_stride_(arguments.x.strides[1] * item_size_ * (given.stride_h / geometry.stride_h)),
      pixel_stride_(arguments.x.strides[2] * item_size_ * (given.stride_w / geometry.stride_w)),
      channel_stride_(arguments.x.strides[3] * item_size_),
      // Where a stride was idle there is no padding, and the output has a line or pixel for each that is read.
      h_(given.stride_h == geometry.stride_h ? arguments.x.shape[1] : plan.out_h),
      w_(given.stride_w == geometry.stride_w ? arguments.x.shape[2] : plan.out_w),
      channels_(geometry.in_channels),
      pad_left_(geometry.pad_left),
      repeat_(geometry.depthwise() ? geometry.group_out() : 1),
      is_f32_(arguments.x.type == ElementType::kF32),
      ready_(ready) {
  if (channels_ == 1) channel_stride_ = item_size_;
  direct_ = plan.planes == 1 && repeat_ == 1;
}

void FloatConv2dInput::MakeLine(int64_t slot, int64_t line, int64_t image, int64_t from) const {
  char* const to = ready_ + slot * plan_.image_stride + line * plan_.line_stride;
  const bool inside = from >= 0 && from < h_;
  const int64_t first = inside ? std::min(pad_left_, plan_.padded_w) : plan_.padded_w;
  const int64_t end = inside ? std::min(pad_left_ + w_, plan_.padded_w) : plan_.padded_w;
  FillWithZero(to, 0, first);
  FillWithZero(to, end, plan_.padded_w);
  if (first < end) MakePixels(data_ + image * image_stride_ + from * line_stride_, first, end - first, to);
}

void FloatConv2dInput::FillWithZero(char* line, int64_t first, int64_t end) const {
  if (first >= end) return;
  for (int64_t plane = 0; plane < plan_.planes; ++plane) {
    char* const at = line + plane * plan_.plane_stride + first * plan_.pixel_stride;
    std::memset(at, 0, static_cast<size_t>((end - first) * plan_.pixel_stride));
  }
}

void FloatConv2dInput::MakePixels(const char* from, int64_t first, int64_t count, char* line) const {
  char* const to = line + first * plan_.pixel_stride;
  if (direct_ && channel_stride_ == item_size_) {
    const bool together = pixel_stride_ == channels_ * item_size_ && plan_.pixel_stride == channels_ * kItem;
    const int64_t pixels = together ? 1 : count;
    const int64_t elements = together ? count * channels_ : channels_;
    for (int64_t p = 0; p < pixels; ++p) {
      load_(from + p * pixel_stride_, step_, elements, to + p * plan_.pixel_stride);
    }
    return;
  }
  if (direct_ && is_f32_ && pixel_stride_ == kItem) {
    TransposeWords(from, channel_stride_, to, plan_.pixel_stride, channels_, count);
    return;
  }
  alignas(64) float values[kPiece];
  const int64_t most_channels = std::min(channels_, channel_stride_ == item_size_ ? kPiece : kSquare);
  for (int64_t c = 0; c < channels_; c += most_channels) {
    const int64_t channels = std::min(most_channels, channels_ - c);
    const int64_t most_pixels = kPiece / most_channels;
    for (int64_t p = 0; p < count; p += most_pixels) {
      const int64_t pixels = std::min(most_pixels, count - p);
      MakeValues(from + p * pixel_stride_ + c * channel_stride_, pixels, channels, values);
      Put(values, first + p, pixels, c, channels, line);
    }
  }
}

void FloatConv2dInput::MakeValues(const char* from, int64_t count, int64_t channels, float* values) const {
  if (channel_stride_ == item_size_) {
    for (int64_t p = 0; p < count; ++p) load_(from + p * pixel_stride_, step_, channels, values + p * channels);
    return;
  }
  alignas(64) float planes[kPiece];
  if (pixel_stride_ == item_size_) {
    for (int64_t c = 0; c < channels; ++c) load_(from + c * channel_stride_, step_, count, planes + c * count);
    TransposeWords(planes, count * kItem, values, channels * kItem, channels, count);
    return;
  }
  char* elements = reinterpret_cast<char*>(planes);
  for (int64_t p = 0; p < count; ++p) {
    for (int64_t c = 0; c < channels; ++c, elements += item_size_) {
      std::memcpy(elements, from + p * pixel_stride_ + c * channel_stride_, static_cast<size_t>(item_size_));
    }
  }
  load_(planes, step_, count * channels, values);
}

void FloatConv2dInput::Put(const float* values, int64_t first, int64_t count, int64_t first_channel, int64_t channels,
                           char* line) const {
  for (int64_t p = 0; p < count; ++p) {
    char* const pixel = line + (first + p) * plan_.pixel_stride;
    const float* const from = values + p * channels;
    if (repeat_ > 1) {
      float* const to = reinterpret_cast<float*>(pixel) + first_channel * repeat_;
      for (int64_t c = 0; c < channels; ++c) std::fill_n(to + c * repeat_, repeat_, from[c]);
      continue;
    }
    for (int64_t c = 0; c < channels;) {
      const int64_t plane = (first_channel + c) / plan_.plane_channels;
      const int64_t in_plane = (first_channel + c) % plan_.plane_channels;
      const int64_t together = std::min(channels - c, plan_.plane_channels - in_plane);
      std::memcpy(pixel + plane * plan_.plane_stride + in_plane * kItem, from + c,
                  static_cast<size_t>(together) * sizeof(float));
      c += together;
    }
  }
}

}  // namespace cpu
}  // namespace octet
