// SPDX-License-Identifier: Apache-2.0
// Packed convolutions on a CUDA device: a block in its memory and a handle in the host's, as in device_gemm.h. The
// block has one of device_gemm.h for each group, with codes of 8 bits; its K counts taps, row by row, and the channels
// of a tap, filled up with zeros to a multiple of 16: a copy of 16 bytes is 16 channels of one tap. Where channels are
// so few that this would be zeros for the most part, like the three of an image, a row of taps with its channels is
// filled up instead: 7 x 7 taps of 3 channels are 7 times 32 codes and not 49 times 16.
//
// Depthwise convolutions have a single block, whose codes are [taps][output channels filled up to kDeviceColumns].
#ifndef OCTET_CORE_DEVICE_CONV2D_H_
#define OCTET_CORE_DEVICE_CONV2D_H_

#include <cstdint>

#include "core/device_gemm.h"
#include "core/packed_conv2d.h"

namespace octet {

struct DeviceConv2dHandle {
  char magic[8];
  uint32_t version;
  /** Of the codes as they were packed. */
  uint32_t bits;
  int64_t has_zero_points;
  /** Of the block. */
  int64_t bytes;
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_h;
  int64_t kernel_w;
  /** In the order of octet_conv2d_params. */
  int32_t params[9];
  int32_t device;
  /** The address of the block. */
  uint64_t block;
  int32_t unused[4];
};
static_assert(sizeof(DeviceConv2dHandle) == 128, "what OCTET_CONV2D_DEVICE_HANDLE_BYTES says");

constexpr char kDeviceConv2dMagic[8] = {'o', 'c', 't', 'c', 'o', 'n', 'd', '\0'};

constexpr int64_t kDeviceChannels = 16;

/** Neighbouring output pixels whose rows of taps a thread block makes together, and bytes that it has for them. */
constexpr int64_t kTapRowPixels = 64;
constexpr int64_t kMostTapRowBytes = 32768;

/** Codes of neighbouring input pixels under so many rows of taps. */
inline int64_t TapRowSpan(const Conv2dGeometry& geometry) {
  return ((kTapRowPixels - 1) * geometry.stride_w + geometry.kernel_w) * geometry.group_in();
}

/** Whether K counts rows of taps rather than taps. */
inline bool DeviceTakesTapRows(const Conv2dGeometry& geometry) {
  const int64_t channels = geometry.group_in();
  if (geometry.depthwise() || geometry.dilation_w != 1 || channels < 1 || channels >= kDeviceChannels) return false;
  return RoundUp(geometry.kernel_w * channels, kDeviceChannels) < geometry.kernel_w * kDeviceChannels &&
         TapRowSpan(geometry) <= kMostTapRowBytes;
}

/** Taps that are filled up together, and their codes, those of weight 0 included. Not of a depthwise convolution. */
inline int64_t DeviceRunTaps(const Conv2dGeometry& geometry) {
  return DeviceTakesTapRows(geometry) ? geometry.kernel_w : 1;
}
inline int64_t DeviceRunOf(const Conv2dGeometry& geometry) {
  const int64_t codes = DeviceRunTaps(geometry) * geometry.group_in();
  return RoundUp(codes > 0 ? codes : 1, kDeviceChannels);
}

/** A checked convolution on a device. */
struct DeviceConv2d {
  Conv2dGeometry geometry;
  bool has_zero_points = false;
  const char* blocks = nullptr;

  /** K of a block that is not depthwise. */
  int64_t depth() const { return geometry.taps() / DeviceRunTaps(geometry) * DeviceRunOf(geometry); }
  DeviceGemmLayout layout() const {
    if (!geometry.depthwise()) return DeviceLayoutOf(geometry.group_out(), depth(), 8, has_zero_points);
    DeviceGemmLayout layout = DeviceLayoutOf(geometry.out_channels, 0, 8, has_zero_points);
    layout.stride = RoundUp(geometry.out_channels, kDeviceColumns);
    layout.bytes = layout.codes + geometry.taps() * layout.stride;
    return layout;
  }
  int64_t bytes() const { return geometry.blocks() * layout().bytes; }

  /** Of a depthwise convolution: codes are [taps][stride]. */
  DeviceGemm Block(int64_t index) const {
    DeviceGemm view = DeviceGemmAt(blocks + index * layout().bytes, geometry.block_n(),
                                   geometry.depthwise() ? 0 : depth(), 8, has_zero_points);
    view.stride = layout().stride;
    return view;
  }
};

}  // namespace octet

#endif  // OCTET_CORE_DEVICE_CONV2D_H_
