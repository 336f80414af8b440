// SPDX-License-Identifier: Apache-2.0
// Convolutions of floats on their way to a CUDA device.
#include "api/conv2d_geometry.h"
#include "api/place_weights.h"
#include "api/placed_conv2d_float.h"
#include "octet/conv2d_float.h"

namespace octet {
namespace api {
namespace {

struct FloatConv2dKind {
  using Placed = PlacedFloatConv2d;
  using Handle = DeviceFloatConv2dHandle;
  static constexpr const char* kPack = "octet_conv2d_float_pack";
  static constexpr const char* kDeviceSize = "octet_conv2d_float_device_size";
  static constexpr const char* kToDevice = "octet_conv2d_float_to_device";

  static octet_status Read(const Checker& check, const void* packed, size_t packed_bytes, PlacedFloatConv2d* weights) {
    return ReadPlacedFloatConv2d(check, packed, packed_bytes, weights);
  }
  static int64_t BytesOf(const PlacedFloatConv2d& weights) {
    return DeviceFloatConv2d{weights.geometry, nullptr}.bytes();
  }
  static auto Place() { return CudaTable()->conv2d_float.place; }
  static DeviceFloatConv2dHandle HandleOf(const PlacedFloatConv2d& weights) {
    DeviceFloatConv2dHandle made = {};
    std::memcpy(made.magic, kDeviceFloatConv2dMagic, sizeof(made.magic));
    made.version = kPackedFloatConv2dVersion;
    WriteGeometry(weights.geometry, &made);
    return made;
  }
};

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_conv2d_float_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::DeviceSize<octet::api::FloatConv2dKind>(packed, packed_bytes, bytes);
}

octet_status octet_conv2d_float_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                          size_t block_bytes, void* handle, void* stream) {
  return octet::api::ToDevice<octet::api::FloatConv2dKind>(packed, packed_bytes, {device, block, block_bytes, handle},
                                                           stream);
}
