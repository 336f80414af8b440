// SPDX-License-Identifier: Apache-2.0
// Packed convolutions, wherever they are: blocks of the host (core/packed_conv2d.h) and handles of blocks on a device
// (core/device_conv2d.h).
#ifndef OCTET_API_PLACED_CONV2D_H_
#define OCTET_API_PLACED_CONV2D_H_

#include "api/check.h"
#include "core/device_conv2d.h"
#include "core/packed_conv2d.h"

namespace octet {
namespace api {

/** Whether a filter of so many channels and taps has sums that fit. */
bool Conv2dFilterFits(int64_t channels, int64_t kernel_h, int64_t kernel_w, int64_t most);

/** Bytes of a packed block. */
int64_t PackedConv2dBytes(const Conv2dGeometry& geometry, int bits, bool has_zero_points);

/** A packed convolution in memory of the host, or its handle. */
struct PlacedConv2d {
  Conv2dGeometry geometry;
  int bits = 8;
  bool has_zero_points = false;
  int64_t bytes = 0;
  bool on_device = false;
  /** If on_device. */
  int32_t device_id = -1;
  PackedConv2d on_host;
  DeviceConv2d device;
};

octet_status ReadPlacedConv2d(const Checker& check, const void* packed, size_t packed_bytes, PlacedConv2d* result);

/** Fails unless weights and the tensors checked so far are in the same memory. */
octet_status SamePlace(const Checker& check, const PlacedConv2d& weights);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PLACED_CONV2D_H_
