// SPDX-License-Identifier: Apache-2.0
// How a convolution is made: its sizes, the kernel of its plan, and the parts of its workspace.
#ifndef OCTET_CUDA_CONV_CONV2D_PLAN_H_
#define OCTET_CUDA_CONV_CONV2D_PLAN_H_

#include <cstdint>

#include "core/device_conv2d.h"
#include "cuda/gemm/boxed_pixels.h"
#include "cuda/gemm/heuristics.h"

namespace octet {
namespace cuda {

/** Sizes of the input and the output, in pixels. */
struct Conv2dSizes {
  int64_t images;
  int64_t height;
  int64_t width;
  int64_t out_height;
  int64_t out_width;

  int64_t pixels() const { return images * height * width; }
  int64_t rows() const { return images * out_height * out_width; }
};

/** Bytes from the first code of an input to its last one at most: 2^31 chunks of 16. */
constexpr int64_t kMostOffset = (int64_t{1} << 31) * 16 - 1;

/** Parts of the workspace; offsets in bytes. */
struct Conv2dWorkspace {
  int64_t outside;
  int64_t split;
  int64_t of_pixels;
  int64_t sums;
  int64_t image;
  int64_t bytes;
};

/** Groups of the ready image: channels of all groups are neighbours without a gap where the convolution is depthwise.
 */
int64_t ImageGroups(const Conv2dGeometry& geometry);
/** Channels of a group, and with those that fill them up. */
int64_t ImageChannels(const Conv2dGeometry& geometry);
int64_t FilledChannels(const Conv2dGeometry& geometry);
/** Pixels of a line of the ready image, without padding. */
int64_t ImageWidth(const Conv2dGeometry& geometry, const Conv2dSizes& sizes);

/** Of the input with its padding. */
int64_t PaddedHeight(const Conv2dGeometry& geometry, const Conv2dSizes& sizes);
int64_t PaddedWidth(const Conv2dGeometry& geometry, const Conv2dSizes& sizes);

/** Whether an output pixel is made of the input pixel in its place alone. */
bool IsPointwise(const Conv2dGeometry& geometry);

/** As boxes see them: pixels that have nothing to do with their neighbours are one line, which has no ends to waste. */
Conv2dSizes BoxedSizes(const Conv2dGeometry& geometry, const Conv2dSizes& sizes);

PixelBoxes BoxesOf(const Conv2dGeometry& geometry, const Conv2dSizes& sizes);

/** boxes: whether kernels that copy boxes of pixels may be chosen. */
GemmPlan PlanOf(const DeviceKind& kind, const DeviceConv2d& weights, const Conv2dSizes& sizes, bool boxes);

/** Whether the plan's kernel copies boxes of pixels. */
bool TakesBoxes(const GemmPlan& plan);

Conv2dWorkspace WorkspaceOf(const DeviceConv2d& weights, const Conv2dSizes& sizes, const GemmPlan& plan);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_CONV2D_PLAN_H_
