// SPDX-License-Identifier: Apache-2.0
// Makes lines of the input of a convolution in floats ready: padded with zeros, in the order that conv2d_plan.h
// describes.
#ifndef OCTET_CPU_CONV2D_FLOAT_INPUT_H_
#define OCTET_CPU_CONV2D_FLOAT_INPUT_H_

#include "cpu/backend.h"
#include "cpu/conv2d_plan.h"
#include "cpu/row_kernels.h"

namespace octet {
namespace cpu {

class FloatConv2dInput {
 public:
  /** geometry: without idle strides; x as it was before. */
  FloatConv2dInput(const Conv2dArguments& arguments, const Conv2dGeometry& given, const Conv2dGeometry& geometry,
                   const Conv2dPlan& plan, char* ready);

  /** Makes line `line` of a part's image number `slot` from line `from` (perhaps outside) of image `image`. */
  void MakeLine(int64_t slot, int64_t line, int64_t image, int64_t from) const;

 private:
  void FillWithZero(char* line, int64_t first, int64_t end) const;
  void MakePixels(const char* from, int64_t first, int64_t count, char* line) const;
  /** Values [count][channels] of pixels and channels from `from` on. */
  void MakeValues(const char* from, int64_t count, int64_t channels, float* values) const;
  /** Puts such values, of channels from first_channel on, to their places. */
  void Put(const float* values, int64_t first, int64_t count, int64_t first_channel, int64_t channels,
           char* line) const;

  const Conv2dPlan& plan_;
  void (*const load_)(const void* row, numerics::Step step, int64_t count, void* values);
  const numerics::Step step_;
  /** Strides in bytes. */
  const char* data_;
  int64_t item_size_;
  int64_t image_stride_;
  int64_t line_stride_;
  int64_t pixel_stride_;
  int64_t channel_stride_;
  int64_t h_;
  int64_t w_;
  int64_t channels_;
  int64_t pad_left_;
  /** How often a channel is repeated: the output channels of a depthwise convolution. */
  int64_t repeat_;
  /** Whether a ready pixel is all of its channels, side by side. */
  bool direct_;
  bool is_f32_;
  char* ready_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_FLOAT_INPUT_H_
