// SPDX-License-Identifier: Apache-2.0
#include "api/placed_conv2d.h"

#include <cstring>

#include "api/conv2d_geometry.h"
#include "api/error.h"
#include "api/weights.h"
#include "api/weights_on_device.h"

namespace octet {
namespace api {
namespace {

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(OCTET_INVALID_ARGUMENT, "%s: packed %s; expected a block made by octet_conv2d_pack of this version (%u)",
              check.function(), what, kPackedConv2dVersion);
}

bool HeaderIsPossible(const Checker& check, const PackedConv2dHeader& header, Conv2dGeometry* geometry) {
  if ((header.bits != 8 && header.bits != 4) || header.has_zero_points < 0 || header.has_zero_points > 1) return false;
  octet_conv2d_params params;
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
  const int bits = static_cast<int>(header.bits);
  const bool has_zero_points = header.has_zero_points != 0;
  return geometry->in_channels % geometry->groups == 0 && geometry->out_channels % geometry->groups == 0 &&
         Conv2dFilterFits(geometry->group_in(), header.kernel_h, header.kernel_w, MostProducts(bits, has_zero_points));
}

octet_status ReadPacked(const Checker& check, const void* packed, size_t packed_bytes, PackedConv2d* result,
                        int64_t* bytes) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedConv2dHeader header;
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kPackedConv2dMagic, sizeof(header.magic)) != 0) {
    return BadPacked(check, "does not begin with a header");
  }
  if (header.version != kPackedConv2dVersion) return BadPacked(check, "has another version");
  if (!HeaderIsPossible(check, header, &result->geometry) ||
      header.bytes != PackedConv2dBytes(result->geometry, static_cast<int>(header.bits), header.has_zero_points != 0)) {
    return BadPacked(check, "has a header with impossible values");
  }
  if (packed_bytes < static_cast<size_t>(header.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  result->bits = static_cast<int>(header.bits);
  result->has_zero_points = header.has_zero_points != 0;
  result->blocks = static_cast<const char*>(packed) + sizeof(header);
  result->block_geometry = BlockGeometry(result->geometry, result->has_zero_points);
  result->layout = LayoutOf(result->block_geometry.block_n(), result->block_geometry.block_k(result->bits),
                            result->bits, result->has_zero_points);
  *bytes = header.bytes;
  return OCTET_OK;
}

octet_status ReadHandle(const Checker& check, const void* packed, PlacedConv2d* result) {
  DeviceConv2dHandle handle;
  std::memcpy(&handle, packed, sizeof(handle));
  PackedConv2dHeader header = {};
  header.bits = handle.bits;
  header.has_zero_points = handle.has_zero_points;
  header.in_channels = handle.in_channels;
  header.out_channels = handle.out_channels;
  header.kernel_h = handle.kernel_h;
  header.kernel_w = handle.kernel_w;
  std::memcpy(header.params, handle.params, sizeof(header.params));
  if (handle.version != kPackedConv2dVersion || !HeaderIsPossible(check, header, &result->geometry)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is a handle with impossible values; expected one made by octet_conv2d_to_device of this "
                "version (%u)",
                check.function(), kPackedConv2dVersion);
  }
  result->bits = static_cast<int>(handle.bits);
  result->has_zero_points = handle.has_zero_points != 0;
  result->on_device = true;
  result->device_id = handle.device;
  result->device = {result->geometry, result->has_zero_points,
                    reinterpret_cast<const char*>(static_cast<uintptr_t>(handle.block))};
  result->bytes = result->device.bytes();
  return OCTET_OK;
}

}  // namespace

bool Conv2dFilterFits(int64_t channels, int64_t kernel_h, int64_t kernel_w, int64_t most) {
  if (channels > most || kernel_h > most || kernel_w > most) return false;
  const int64_t taps = kernel_h * kernel_w;
  return taps <= most && taps * channels <= most;
}

int64_t PackedConv2dBytes(const Conv2dGeometry& given, int bits, bool has_zero_points) {
  const Conv2dGeometry geometry = BlockGeometry(given, has_zero_points);
  const PackedGemmLayout layout = LayoutOf(geometry.block_n(), geometry.block_k(bits), bits, has_zero_points);
  return static_cast<int64_t>(sizeof(PackedConv2dHeader)) + geometry.blocks() * layout.bytes;
}

octet_status ReadPlacedConv2d(const Checker& check, const void* packed, size_t packed_bytes, PlacedConv2d* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  if (packed_bytes >= sizeof(DeviceConv2dHandle) &&
      std::memcmp(packed, kDeviceConv2dMagic, sizeof(kDeviceConv2dMagic)) == 0) {
    return ReadHandle(check, packed, result);
  }
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &result->on_host, &result->bytes));
  result->geometry = result->on_host.geometry;
  result->bits = result->on_host.bits;
  result->has_zero_points = result->on_host.has_zero_points;
  return OCTET_OK;
}

octet_status SamePlace(const Checker& check, const PlacedConv2d& weights) {
  return CheckSamePlace(check, weights.on_device, static_cast<int>(weights.device_id), "x", "octet_conv2d_to_device");
}

}  // namespace api
}  // namespace octet
