// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_input.h"

#include <algorithm>
#include <cstring>

#include "cpu/gemm_activations.h"
#include "cpu/transpose.h"

namespace octet {
namespace cpu {
namespace {

// Codes that are made at a time where they do not lie in the input as they are wanted: they stay in the first-level
// cache.
constexpr int64_t kPiece = 4096;
// Channels of a piece where neighbouring elements are neighbouring pixels: pieces have as many pixels.
constexpr int64_t kSquare = 64;

template <typename T>
void Gather(const char* from, int64_t pixel_stride, int64_t channel_stride, int64_t count, int64_t channels, T* to) {
  for (int64_t p = 0; p < count; ++p) {
    for (int64_t c = 0; c < channels; ++c) {
      std::memcpy(to++, from + p * pixel_stride + c * channel_stride, sizeof(T));
    }
  }
}

}  // namespace

Conv2dInput::Conv2dInput(const GemmKernels& kernels, const Conv2dArguments& arguments, const Conv2dGeometry& given,
                         const Conv2dGeometry& geometry, const Conv2dPlan& plan, char* codes, int32_t* sums)
    : kernels_(kernels),
      plan_(plan),
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
      codes_(codes),
      sums_(sums) {
  activations_.rows.type = arguments.x.type;
  activations_.step = arguments.step;
  activations_.limits = arguments.limits;
  zero_ = ReadyZeroPoint(activations_);
  if (channels_ == 1) channel_stride_ = item_size_;
  direct_ = plan.code_size == 1 && plan.planes == 1 && repeat_ == 1 && sums == nullptr &&
            channel_stride_ == item_size_ && plan.pixel_stride == channels_;
}

void Conv2dInput::MakeLine(int64_t slot, int64_t line, int64_t image, int64_t from) const {
  char* const to = codes_ + slot * plan_.image_stride + line * plan_.line_stride;
  int32_t* const sums =
      sums_ == nullptr ? nullptr : sums_ + (slot * plan_.part_lines + line) * plan_.planes * plan_.padded_w;
  const bool inside = from >= 0 && from < h_;
  const int64_t first = inside ? std::min(pad_left_, plan_.padded_w) : plan_.padded_w;
  const int64_t end = inside ? std::min(pad_left_ + w_, plan_.padded_w) : plan_.padded_w;
  for (int64_t plane = 0; plane < plan_.planes; ++plane) {
    char* const at = to + plane * plan_.plane_stride;
    int32_t* const plane_sums = sums == nullptr ? nullptr : sums + plane * plan_.padded_w;
    FillWithZero(at, plane_sums, 0, first);
    FillWithZero(at, plane_sums, end, plan_.padded_w);
  }
  if (first < end) MakePixels(data_ + image * image_stride_ + from * line_stride_, first, end - first, to, sums);
}

void Conv2dInput::FillWithZero(char* plane, int32_t* sums, int64_t first, int64_t end) const {
  if (first >= end) return;
  char* const at = plane + first * plan_.pixel_stride;
  const int64_t bytes = (end - first) * plan_.pixel_stride;
  if (plan_.code_size == 1) {
    std::memset(at, zero_, static_cast<size_t>(bytes));
  } else {
    std::fill_n(reinterpret_cast<int16_t*>(at), bytes / 2, static_cast<int16_t>(zero_));
  }
  if (sums != nullptr) std::fill(sums + first, sums + end, zero_ * static_cast<int32_t>(plan_.plane_channels));
}

void Conv2dInput::MakePixels(const char* from, int64_t first, int64_t count, char* line, int32_t* sums) const {
  if (direct_) {
    uint8_t* to = reinterpret_cast<uint8_t*>(line) + first * channels_;
    if (pixel_stride_ == channels_ * item_size_ || count == 1) {
      MakeReadyCodes(kernels_, activations_, from, count * channels_, to);
      return;
    }
    for (int64_t p = 0; p < count; ++p) {
      MakeReadyCodes(kernels_, activations_, from + p * pixel_stride_, channels_, to + p * channels_);
    }
    return;
  }
  for (int64_t plane = 0; sums != nullptr && plane < plan_.planes; ++plane) {
    std::fill_n(sums + plane * plan_.padded_w + first, count, 0);
  }
  uint8_t codes[kPiece];
  const int64_t most_channels = std::min(channels_, channel_stride_ == item_size_ ? kPiece : kSquare);
  for (int64_t c = 0; c < channels_; c += most_channels) {
    const int64_t channels = std::min(most_channels, channels_ - c);
    const int64_t most_pixels = kPiece / most_channels;
    for (int64_t p = 0; p < count; p += most_pixels) {
      const int64_t pixels = std::min(most_pixels, count - p);
      MakeCodes(from + p * pixel_stride_ + c * channel_stride_, pixels, channels, codes);
      Put(codes, first + p, pixels, c, channels, line, sums);
    }
  }
}

void Conv2dInput::MakeCodes(const char* from, int64_t count, int64_t channels, uint8_t* codes) const {
  if (channel_stride_ == item_size_) {
    if (pixel_stride_ == channels * item_size_) {
      MakeReadyCodes(kernels_, activations_, from, count * channels, codes);
      return;
    }
    for (int64_t p = 0; p < count; ++p) {
      MakeReadyCodes(kernels_, activations_, from + p * pixel_stride_, channels, codes + p * channels);
    }
  } else if (pixel_stride_ == item_size_) {
    uint8_t planes[kPiece];
    for (int64_t c = 0; c < channels; ++c) {
      MakeReadyCodes(kernels_, activations_, from + c * channel_stride_, count, planes + c * count);
    }
    TransposeBytes(planes, count, codes, channels, channels, count);
  } else {
    GatherCodes(from, count, channels, codes);
  }
}

void Conv2dInput::GatherCodes(const char* from, int64_t count, int64_t channels, uint8_t* codes) const {
  char elements[kPiece * 4];
  if (item_size_ == 4) {
    Gather(from, pixel_stride_, channel_stride_, count, channels, reinterpret_cast<uint32_t*>(elements));
  } else if (item_size_ == 2) {
    Gather(from, pixel_stride_, channel_stride_, count, channels, reinterpret_cast<uint16_t*>(elements));
  } else {
    Gather(from, pixel_stride_, channel_stride_, count, channels, reinterpret_cast<uint8_t*>(elements));
  }
  MakeReadyCodes(kernels_, activations_, elements, count * channels, codes);
}

void Conv2dInput::Put(const uint8_t* codes, int64_t first, int64_t count, int64_t first_channel, int64_t channels,
                      char* line, int32_t* sums) const {
  if (repeat_ > 1) {
    for (int64_t p = 0; p < count; ++p) {
      char* const pixel = line + (first + p) * plan_.pixel_stride;
      for (int64_t c = 0; c < channels; ++c) {
        std::memset(pixel + (first_channel + c) * repeat_, codes[p * channels + c], static_cast<size_t>(repeat_));
      }
    }
    return;
  }
  if (sums == nullptr && plan_.pixel_stride == channels * plan_.code_size) {
    PutRun(codes, count * channels, line + first * plan_.pixel_stride);
    return;
  }
  for (int64_t p = 0; p < count; ++p) {
    for (int64_t c = 0; c < channels;) {
      const int64_t plane = (first_channel + c) / plan_.plane_channels;
      const int64_t in_plane = (first_channel + c) % plan_.plane_channels;
      const int64_t together = std::min(channels - c, plan_.plane_channels - in_plane);
      const uint8_t* const from = codes + p * channels + c;
      PutRun(from, together,
             line + plane * plan_.plane_stride + (first + p) * plan_.pixel_stride + in_plane * plan_.code_size);
      if (sums != nullptr) sums[plane * plan_.padded_w + first + p] += kernels_.sum(from, together);
      c += together;
    }
  }
}

void Conv2dInput::PutRun(const uint8_t* codes, int64_t count, char* to) const {
  if (plan_.code_size == 2) {
    kernels_.widen(codes, reinterpret_cast<int16_t*>(to), count);
  } else {
    std::memcpy(to, codes, static_cast<size_t>(count));
  }
}

}  // namespace cpu
}  // namespace octet
