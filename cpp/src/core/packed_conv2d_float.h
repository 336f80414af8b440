// SPDX-License-Identifier: Apache-2.0
// Packed weights of convolutions in floats: a header, then for each group panels of floats (core/packed_float.h), all
// groups' of the same size. K counts what core/packed_conv2d.h says, without anything to fill up runs; depthwise
// convolutions have one block for all channels, whose K counts taps.
#ifndef OCTET_CORE_PACKED_CONV2D_FLOAT_H_
#define OCTET_CORE_PACKED_CONV2D_FLOAT_H_

#include "core/packed_conv2d.h"
#include "core/packed_float.h"

namespace octet {

struct PackedFloatConv2dHeader {
  char magic[8];
  uint32_t version;
  uint32_t unused;
  int64_t bytes;
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_h;
  int64_t kernel_w;
  /** In the order of octet_conv2d_params. */
  int32_t params[9];
  int32_t more_unused[9];
};
static_assert(sizeof(PackedFloatConv2dHeader) == 128, "a multiple of the alignment");

constexpr char kPackedFloatConv2dMagic[8] = {'o', 'c', 't', 'c', 'n', 'v', 'f', '\0'};
constexpr uint32_t kPackedFloatConv2dVersion = 1;

/** A checked packed convolution. */
struct PackedFloatConv2d {
  Conv2dGeometry geometry;
  const char* blocks = nullptr;

  static int64_t BlockK(const Conv2dGeometry& geometry) {
    return geometry.depthwise() ? geometry.taps() : geometry.runs() * geometry.run();
  }
  static int64_t BlockBytes(const Conv2dGeometry& geometry) {
    return FloatPanels::BytesOf(geometry.block_n(), BlockK(geometry));
  }

  FloatPanels Block(int64_t index) const {
    return {geometry.block_n(), BlockK(geometry),
            reinterpret_cast<const float*>(blocks + index * BlockBytes(geometry))};
  }
};

}  // namespace octet

#endif  // OCTET_CORE_PACKED_CONV2D_FLOAT_H_
