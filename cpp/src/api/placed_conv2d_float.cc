// SPDX-License-Identifier: Apache-2.0
#include "api/placed_conv2d_float.h"

#include <cstring>

#include "api/conv2d_geometry.h"
#include "api/error.h"
#include "api/weights.h"
#include "api/weights_on_device.h"

namespace octet {
namespace api {
namespace {

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: packed %s; expected a block made by octet_conv2d_float_pack of this version (%u)", check.function(),
              what, kPackedFloatConv2dVersion);
}

/** Of a header or a handle: both have these members. */
template <typename Header>
bool IsPossible(const Checker& check, const Header& header, Conv2dGeometry* geometry) {
  octet_conv2d_params params;
  static_assert(sizeof(header.params) == sizeof(params), "the same members");
  std::memcpy(&params, header.params, sizeof(params));
  if (ReadConv2dParams(check, &params, geometry) != OCTET_OK) return false;
  const auto within = [](int64_t value, int64_t least) { return value >= least && value <= kMostConv2dChannels; };
  if (!within(header.in_channels, 0) || !within(header.out_channels, 0) || !within(header.kernel_h, 1) ||
      !within(header.kernel_w, 1)) {
    return false;
  }
  geometry->in_channels = header.in_channels;
  geometry->out_channels = header.out_channels;
  geometry->kernel_h = header.kernel_h;
  geometry->kernel_w = header.kernel_w;
  return geometry->in_channels % geometry->groups == 0 && geometry->out_channels % geometry->groups == 0 &&
         FloatFilterFits(geometry->group_in(), header.kernel_h, header.kernel_w);
}

octet_status ReadHandle(const Checker& check, const void* packed, PlacedFloatConv2d* result) {
  DeviceFloatConv2dHandle handle;
  std::memcpy(&handle, packed, sizeof(handle));
  if (handle.version != kPackedFloatConv2dVersion || !IsPossible(check, handle, &result->geometry)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is a handle with impossible values; expected one made by octet_conv2d_float_to_device of "
                "this version (%u)",
                check.function(), kPackedFloatConv2dVersion);
  }
  result->on_device = true;
  result->device_id = handle.device;
  result->device = {result->geometry, reinterpret_cast<const float*>(static_cast<uintptr_t>(handle.block))};
  return OCTET_OK;
}

}  // namespace

bool FloatFilterFits(int64_t channels, int64_t kernel_h, int64_t kernel_w) {
  if (channels > kMostFilterWeights || kernel_h > kMostFilterWeights || kernel_w > kMostFilterWeights) return false;
  const int64_t taps = kernel_h * kernel_w;
  return taps <= kMostFilterWeights && taps * channels <= kMostFilterWeights;
}

int64_t PackedFloatConv2dBytes(const Conv2dGeometry& geometry) {
  return static_cast<int64_t>(sizeof(PackedFloatConv2dHeader)) +
         geometry.blocks() * PackedFloatConv2d::BlockBytes(geometry);
}

octet_status ReadPlacedFloatConv2d(const Checker& check, const void* packed, size_t packed_bytes,
                                   PlacedFloatConv2d* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedFloatConv2dHeader header;
  static_assert(sizeof(header) == sizeof(DeviceFloatConv2dHandle), "whatever it is, so much is there");
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kDeviceFloatConv2dMagic, sizeof(header.magic)) == 0) {
    return ReadHandle(check, packed, result);
  }
  if (std::memcmp(header.magic, kPackedFloatConv2dMagic, sizeof(header.magic)) != 0) {
    return BadPacked(check, "does not begin with a header");
  }
  if (header.version != kPackedFloatConv2dVersion) return BadPacked(check, "has another version");
  if (!IsPossible(check, header, &result->geometry) || header.bytes != PackedFloatConv2dBytes(result->geometry)) {
    return BadPacked(check, "has a header with impossible values");
  }
  if (packed_bytes < static_cast<size_t>(header.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  result->on_host = {result->geometry, static_cast<const char*>(packed) + sizeof(header)};
  return OCTET_OK;
}

octet_status SamePlace(const Checker& check, const PlacedFloatConv2d& weights) {
  return CheckSamePlace(check, weights.on_device, static_cast<int>(weights.device_id), "x",
                        "octet_conv2d_float_to_device");
}

}  // namespace api
}  // namespace octet
