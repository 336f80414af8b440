// SPDX-License-Identifier: Apache-2.0
// Convolutions on their way to a CUDA device.
#include "api/conv2d_geometry.h"
#include "api/place_weights.h"
#include "api/placed_conv2d.h"
#include "octet/conv2d.h"

namespace octet {
namespace api {
namespace {

struct Conv2dKind {
  using Placed = PlacedConv2d;
  using Handle = DeviceConv2dHandle;
  static constexpr const char* kPack = "octet_conv2d_pack";
  static constexpr const char* kDeviceSize = "octet_conv2d_device_size";
  static constexpr const char* kToDevice = "octet_conv2d_to_device";

  static octet_status Read(const Checker& check, const void* packed, size_t packed_bytes, PlacedConv2d* weights) {
    return ReadPlacedConv2d(check, packed, packed_bytes, weights);
  }
  static int64_t BytesOf(const PlacedConv2d& weights) {
    return DeviceConv2d{weights.geometry, weights.has_zero_points, nullptr}.bytes();
  }
  static auto Place() { return CudaTable()->conv2d.place; }
  static DeviceConv2dHandle HandleOf(const PlacedConv2d& weights) {
    DeviceConv2dHandle made = {};
    std::memcpy(made.magic, kDeviceConv2dMagic, sizeof(made.magic));
    made.version = kPackedConv2dVersion;
    made.bits = static_cast<uint32_t>(weights.bits);
    made.has_zero_points = weights.has_zero_points ? 1 : 0;
    made.bytes = BytesOf(weights);
    WriteGeometry(weights.geometry, &made);
    return made;
  }
};

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_conv2d_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::DeviceSize<octet::api::Conv2dKind>(packed, packed_bytes, bytes);
}

octet_status octet_conv2d_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                    size_t block_bytes, void* handle, void* stream) {
  return octet::api::ToDevice<octet::api::Conv2dKind>(packed, packed_bytes, {device, block, block_bytes, handle},
                                                      stream);
}
