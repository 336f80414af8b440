// SPDX-License-Identifier: Apache-2.0
// Packed convolutions of floats, wherever they are: blocks of the host and handles of blocks on a device
// (core/device_conv2d_float.h).
#ifndef OCTET_API_PLACED_CONV2D_FLOAT_H_
#define OCTET_API_PLACED_CONV2D_FLOAT_H_

#include "api/check.h"
#include "core/device_conv2d_float.h"
#include "core/packed_conv2d_float.h"

namespace octet {
namespace api {

struct PlacedFloatConv2d {
  Conv2dGeometry geometry;
  bool on_device = false;
  /** If on_device. */
  int32_t device_id = -1;
  PackedFloatConv2d on_host;
  DeviceFloatConv2d device;
};

/** The most weights of an output channel: sizes of blocks stay far from overflow. */
constexpr int64_t kMostFilterWeights = int64_t{1} << 28;

bool FloatFilterFits(int64_t channels, int64_t kernel_h, int64_t kernel_w);

/** Bytes of a packed block. */
int64_t PackedFloatConv2dBytes(const Conv2dGeometry& geometry);

octet_status ReadPlacedFloatConv2d(const Checker& check, const void* packed, size_t packed_bytes,
                                   PlacedFloatConv2d* result);

/** Fails unless weights and the tensors checked so far are in the same memory. */
octet_status SamePlace(const Checker& check, const PlacedFloatConv2d& weights);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PLACED_CONV2D_FLOAT_H_
