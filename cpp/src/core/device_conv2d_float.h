// SPDX-License-Identifier: Apache-2.0
// Packed convolutions of floats on a CUDA device: a block in its memory and a handle in the host's, as in
// device_conv2d.h. For each group the block has [output channels][runs][run filled up] f32, runs as in packed_conv2d.h,
// each filled up with -0 to a multiple of kDeviceFloatDepth: products of +0 by -0 leave every sum as it is. Depthwise
// convolutions have [taps][output channels, filled up with zeros to a multiple of 4].
#ifndef OCTET_CORE_DEVICE_CONV2D_FLOAT_H_
#define OCTET_CORE_DEVICE_CONV2D_FLOAT_H_

#include <cstdint>

#include "core/device_float.h"
#include "core/packed_conv2d.h"

namespace octet {

struct DeviceFloatConv2dHandle {
  char magic[8];
  uint32_t version;
  int32_t device;
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_h;
  int64_t kernel_w;
  /** In the order of octet_conv2d_params. */
  int32_t params[9];
  int32_t unused;
  /** The address of the block. */
  uint64_t block;
  int64_t more_unused[4];
};
static_assert(sizeof(DeviceFloatConv2dHandle) == 128, "what OCTET_CONV2D_FLOAT_DEVICE_HANDLE_BYTES says");

constexpr char kDeviceFloatConv2dMagic[8] = {'o', 'c', 't', 'c', 'n', 'v', 'g', '\0'};

/** A checked convolution on a device. */
struct DeviceFloatConv2d {
  Conv2dGeometry geometry;
  const float* data = nullptr;

  /** Floats from run to run, and of an output channel (of a tap, where it is depthwise). */
  int64_t filled_run() const { return RoundUp(geometry.run(), kDeviceFloatDepth); }
  int64_t stride() const {
    return geometry.depthwise() ? RoundUp(geometry.out_channels, 4) : geometry.runs() * filled_run();
  }
  /** Floats of a group. */
  int64_t block() const { return (geometry.depthwise() ? geometry.taps() : geometry.group_out()) * stride(); }
  int64_t bytes() const { return RoundUp(geometry.blocks() * block() * 4, 256); }
};

}  // namespace octet

#endif  // OCTET_CORE_DEVICE_CONV2D_FLOAT_H_
