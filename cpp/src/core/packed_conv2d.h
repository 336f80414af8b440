// SPDX-License-Identifier: Apache-2.0
// The layout of packed convolutions: a header, then for each group a block of packed weights (core/packed_gemm.h, with
// a header of its own), all of the same size. Its rows are the output channels of the group; its K counts, in this
// order, the runs of taps whose codes lie side by side in a padded channels-last image, and the codes of a run:
//
//     not dilated in width    a run is a row of taps: [kernel height][kernel width * channels]
//     dilated                 a run is a tap: [kernel height * kernel width][channels]
//
// Runs are filled up with codes of weight 0 to a multiple of 4, or of 8 where the codes are half bytes. Where a group
// has a single input channel ("depthwise") there is one block for all of them, whose K counts taps. Groups of 4 or 8
// channels ("narrow", IsNarrow) have one block for all of them too, whose K counts taps and, for each, the channels of
// the group that an output channel is of. Where other groups have few output channels a block holds some of them as one
// (GroupsTogether), as if the convolution had fewer groups, with codes of weight 0 where an output channel does not see
// an input channel.
#ifndef OCTET_CORE_PACKED_CONV2D_H_
#define OCTET_CORE_PACKED_CONV2D_H_

#include <cstdint>

#include "core/packed_gemm.h"

namespace octet {

/** What a convolution is but for its weights and the size of its input. */
struct Conv2dGeometry {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel_h = 1;
  int64_t kernel_w = 1;
  int64_t stride_h = 1;
  int64_t stride_w = 1;
  int64_t pad_top = 0;
  int64_t pad_left = 0;
  int64_t pad_bottom = 0;
  int64_t pad_right = 0;
  int64_t dilation_h = 1;
  int64_t dilation_w = 1;
  int64_t groups = 1;
  /**
   * Runs are taps even where rows could be, as is the same to weights where no run is filled up. Not a property of
   * packed weights, but of how backends go through them.
   */
  bool single_taps = false;
  /** Set by BlockGeometry where IsNarrow. */
  bool narrow = false;

  int64_t group_in() const { return in_channels / groups; }
  int64_t group_out() const { return out_channels / groups; }
  int64_t taps() const { return kernel_h * kernel_w; }
  /** Pixels from the first to the last tap. */
  int64_t reach_h() const { return (kernel_h - 1) * dilation_h + 1; }
  int64_t reach_w() const { return (kernel_w - 1) * dilation_w + 1; }
  bool depthwise() const { return groups > 1 && in_channels == groups; }
  bool rows_are_runs() const { return !single_taps && (dilation_w == 1 || kernel_w == 1); }
  int64_t runs() const { return rows_are_runs() ? kernel_h : taps(); }
  /** Codes of a run. */
  int64_t run() const { return (rows_are_runs() ? kernel_w : 1) * group_in(); }
  int64_t padded_run(int bits) const { return RoundUp(run(), bits == 8 ? kGroup : 2 * kGroup); }
  /** Whether all groups have one block. */
  bool one_block() const { return depthwise() || narrow; }
  int64_t blocks() const { return one_block() ? 1 : groups; }
  /** N and K of a block. */
  int64_t block_n() const { return one_block() ? out_channels : group_out(); }
  int64_t block_k(int bits) const { return one_block() ? taps() * group_in() : runs() * padded_run(bits); }
};

/**
 * Taps of narrow groups, and pixels from the first to the last one in height times width. Those of kernels beyond it
 * would leave too little room for neighbours where kernels have pixels and weights ready (cpu/conv2d_narrow.h).
 */
constexpr int64_t kMostNarrowTaps = 25;
constexpr int64_t kMostNarrowReach = 256;

/** Whether groups of a convolution are multiplied without zeros between them. */
inline bool IsNarrow(const Conv2dGeometry& geometry) {
  const int64_t channels = geometry.group_in();
  return geometry.groups > 1 && (channels == 4 || channels == 8) && geometry.group_out() == channels &&
         geometry.taps() <= kMostNarrowTaps && geometry.reach_h() <= kMostNarrowReach &&
         geometry.reach_h() * geometry.reach_w() <= kMostNarrowReach;
}

/**
 * How many groups a block holds as one: the most whose output channels fit half a panel. It has as many products then
 * as a block of any of its groups, whose other columns would be zeros, and one epilogue; and all of them together take
 * no more memory.
 */
inline int64_t GroupsTogether(const Conv2dGeometry& geometry, bool has_zero_points) {
  // The sum of the codes under a pixel, which zero points of weights are multiplied with, is one for each group.
  if (geometry.groups == 1 || geometry.depthwise() || has_zero_points) return 1;
  for (int64_t together = kHalfPanel; together > 1; --together) {
    if (geometry.groups % together == 0 && together * geometry.group_out() <= kHalfPanel) return together;
  }
  return 1;
}

/** The geometry that blocks are laid out for: that of the convolution but for what becomes of its groups. */
inline Conv2dGeometry BlockGeometry(const Conv2dGeometry& geometry, bool has_zero_points) {
  Conv2dGeometry result = geometry;
  result.narrow = IsNarrow(geometry);
  if (!result.narrow) result.groups /= GroupsTogether(geometry, has_zero_points);
  return result;
}

struct PackedConv2dHeader {
  char magic[8];
  uint32_t version;
  /** 8 or 4. */
  uint32_t bits;
  int64_t has_zero_points;
  int64_t bytes;
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_h;
  int64_t kernel_w;
  /** In the order of octet_conv2d_params. */
  int32_t params[9];
  int32_t unused[7];
};
static_assert(sizeof(PackedConv2dHeader) == 128, "a multiple of the alignment");

constexpr char kPackedConv2dMagic[8] = {'o', 'c', 't', 'c', 'o', 'n', 'v', '\0'};
constexpr uint32_t kPackedConv2dVersion = 3;

/** A checked packed convolution. */
struct PackedConv2d {
  Conv2dGeometry geometry;
  /** As BlockGeometry says. */
  Conv2dGeometry block_geometry;
  int bits = 8;
  bool has_zero_points = false;
  const char* blocks = nullptr;
  PackedGemmLayout layout;

  PackedGemm Block(int64_t index) const { return ViewOf(blocks + index * layout.bytes); }

 private:
  PackedGemm ViewOf(const char* data) const {
    PackedGemm view;
    view.n = block_geometry.block_n();
    view.k = block_geometry.block_k(bits);
    view.bits = bits;
    view.scales = reinterpret_cast<const float*>(data + layout.scales);
    view.sums = reinterpret_cast<const int32_t*>(data + layout.sums);
    if (has_zero_points) view.zero_points = reinterpret_cast<const int32_t*>(data + layout.zero_points);
    view.panels = reinterpret_cast<const uint8_t*>(data + layout.panels);
    view.panel_bytes = layout.panel_bytes;
    return view;
  }
};

}  // namespace octet

#endif  // OCTET_CORE_PACKED_CONV2D_H_
