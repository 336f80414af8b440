// SPDX-License-Identifier: Apache-2.0
// How the input of a convolution lies in the workspace, and in what parts the output is made.
//
// The input is made ready as padded images of u8 codes (s16 for instruction sets without dot products of bytes), or of
// f32 ("codes" of four bytes here):
//
//     [images][lines][planes][padded width][channels of a plane]
//
// where a plane holds the channels of a group, or (depthwise) an input channel for each output channel, or (runs are
// single taps) the channels of all groups. A kernel then
// finds a row of taps of a pixel side by side, neighbouring pixels a constant stride apart, and rows of taps at the
// same offsets for all pixels of the output. Each element of the input is read, and quantized, once.
//
// (Patches for a block of rows at a time, im2col within the cache, would be copied once a tap instead.)
#ifndef OCTET_CPU_CONV2D_PLAN_H_
#define OCTET_CPU_CONV2D_PLAN_H_

#include "core/packed_conv2d.h"

namespace octet {
namespace cpu {

/** Strides and sizes in bytes but where they say otherwise. */
struct Conv2dPlan {
  int64_t images = 0;
  int64_t out_h = 0;
  int64_t out_w = 0;
  /** Of a code. */
  int64_t code_size = 1;
  int64_t planes = 1;
  /** Channels. */
  int64_t plane_channels = 0;
  /** Pixels. */
  int64_t padded_w = 0;
  int64_t pixel_stride = 0;
  int64_t plane_stride = 0;
  int64_t line_stride = 0;
  int64_t image_stride = 0;
  /** A part of the output is some images, or some lines of one image. */
  int64_t image_parts = 1;
  int64_t line_parts = 1;
  /** The most ready images and ready lines that a part has. */
  int64_t part_images = 0;
  int64_t part_lines = 0;
  /** Places in the workspace: offsets of taps or of runs of taps, and sums of the codes of a plane's pixels. */
  int64_t offsets = 0;
  int64_t sums = 0;
  int64_t bytes = 0;
};

/** Strides of kernels of size 1 become strides of the input. */
Conv2dGeometry WithoutIdleStrides(const Conv2dGeometry& geometry);

/**
 * What a convolution runs as: with the groups of its blocks, and with single taps as runs where its input can stay as
 * it is then, with the channels of all groups side by side, so that lines of the input are copied as a whole.
 *
 * Measured on a Xeon with AVX512-VNNI: 3 x 3 convolutions of 32 groups of 16 and 32 channels (14 x 14 and 7 x 7 pixels)
 * take 0.56 and 0.79 of the time that they take with planes for groups.
 */
Conv2dGeometry RunGeometry(const PackedConv2d& weights);

/** Bytes of a code where codes are largest: what is ready at a time does not depend on the instruction set. */
constexpr int64_t kLargestCode = 2;

/** geometry: without idle strides. largest: the most that code_size may be. */
Conv2dPlan PlanConv2d(const Conv2dGeometry& geometry, int64_t images, int64_t out_h, int64_t out_w, int64_t code_size,
                      int64_t largest = kLargestCode);

/** Ready lines under `lines` lines of the output. */
inline int64_t ReadyLines(const Conv2dGeometry& geometry, int64_t lines) {
  return (lines - 1) * geometry.stride_h + geometry.reach_h();
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_PLAN_H_
