// SPDX-License-Identifier: Apache-2.0
// Makes lines of the input of a convolution ready: padded, quantized, in the order that conv2d_plan.h describes.
#ifndef OCTET_CPU_CONV2D_INPUT_H_
#define OCTET_CPU_CONV2D_INPUT_H_

#include "cpu/backend.h"
#include "cpu/conv2d_plan.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {

class Conv2dInput {
 public:
  /** geometry: without idle strides; x as it was before. sums: null where they are not wanted. */
  Conv2dInput(const GemmKernels& kernels, const Conv2dArguments& arguments, const Conv2dGeometry& given,
              const Conv2dGeometry& geometry, const Conv2dPlan& plan, char* codes, int32_t* sums);

  /** The ready code of the zero point. */
  int32_t zero() const { return zero_; }

  /** Makes line `line` of a part's image number `slot` from line `from` (perhaps outside) of image `image`. */
  void MakeLine(int64_t slot, int64_t line, int64_t image, int64_t from) const;

 private:
  void FillWithZero(char* plane, int32_t* sums, int64_t first, int64_t end) const;
  void MakePixels(const char* from, int64_t first, int64_t count, char* line, int32_t* sums) const;
  /** Codes [count][channels] of pixels and channels from `from` on. */
  void MakeCodes(const char* from, int64_t count, int64_t channels, uint8_t* codes) const;
  void GatherCodes(const char* from, int64_t count, int64_t channels, uint8_t* codes) const;
  /** Puts such codes, of channels from first_channel on, to their places. */
  void Put(const uint8_t* codes, int64_t first, int64_t count, int64_t first_channel, int64_t channels, char* line,
           int32_t* sums) const;
  void PutRun(const uint8_t* codes, int64_t count, char* to) const;

  const GemmKernels& kernels_;
  const Conv2dPlan& plan_;
  GemmActivations activations_;
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
  int32_t zero_;
  /** Whether codes can be made where they belong. */
  bool direct_;
  char* codes_;
  int32_t* sums_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_INPUT_H_
