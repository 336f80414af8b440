// SPDX-License-Identifier: Apache-2.0
#include "api/placed_groups.h"

#include <cstring>

#include "api/error.h"
#include "api/packed_gemm.h"
#include "api/weights.h"

namespace octet {
namespace api {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 60;

bool Times(int64_t groups, int64_t block_bytes, int64_t header_bytes, int64_t* bytes) {
  return !__builtin_mul_overflow(groups, block_bytes, bytes) && !__builtin_add_overflow(*bytes, header_bytes, bytes) &&
         *bytes <= kMostBytes;
}

octet_status BadGroups(const Checker& check, const char* what) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: packed %s; expected a block made by octet_gemm_grouped_pack, or a handle of "
              "octet_gemm_grouped_to_device, of this version (%u)",
              check.function(), what, kPackedGroupsVersion);
}

/** What block and handle say alike. */
template <typename Header>
bool Known(const Header& header) {
  return (header.bits == 8 || header.bits == 4) && header.has_zero_points >= 0 && header.has_zero_points <= 1 &&
         header.groups >= 0 && header.groups <= INT32_MAX && header.n >= 0 && header.n <= kMostGemmColumns &&
         header.k >= 0 && header.k <= MostProducts(static_cast<int>(header.bits), header.has_zero_points != 0);
}

template <typename Header>
PlacedGroups Described(const Header& header) {
  PlacedGroups result = {};
  result.groups = header.groups;
  result.n = header.n;
  result.k = header.k;
  result.bits = static_cast<int>(header.bits);
  result.has_zero_points = header.has_zero_points != 0;
  return result;
}

octet_status ReadHandle(const Checker& check, const void* packed, PlacedGroups* result) {
  DeviceGroupsHandle handle;
  std::memcpy(&handle, packed, sizeof(handle));
  if (handle.version != kPackedGroupsVersion) return BadGroups(check, "has another version");
  if (!Known(handle)) return BadGroups(check, "is a handle with impossible values");
  *result = Described(handle);
  result->on_device = true;
  result->device_id = handle.device;
  if (!DeviceGroupsBytes(result->groups, result->n, result->k, result->bits, result->has_zero_points, &result->bytes)) {
    return BadGroups(check, "is a handle with impossible values");
  }
  const int bits = DeviceBitsOf(handle.k, result->bits);
  const char* block = reinterpret_cast<const char*>(static_cast<uintptr_t>(handle.block));
  result->device = {DeviceGemmAt(block, handle.n, handle.k, bits, result->has_zero_points), handle.groups,
                    DeviceLayoutOf(handle.n, handle.k, bits, result->has_zero_points).bytes};
  return OCTET_OK;
}

octet_status ReadBlock(const Checker& check, const void* packed, size_t packed_bytes, PlacedGroups* result) {
  PackedGroupsHeader header;
  if (packed_bytes < sizeof(header)) return BadGroups(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kPackedGroupsMagic, sizeof(header.magic)) != 0) {
    return BadGroups(check, "does not begin with a header of groups");
  }
  if (header.version != kPackedGroupsVersion) return BadGroups(check, "has another version");
  if (!Known(header)) return BadGroups(check, "has a header with impossible values");
  *result = Described(header);
  const bool known =
      PackedGroupsBytes(result->groups, result->n, result->k, result->bits, result->has_zero_points, &result->bytes);
  if (!known || result->bytes != header.bytes) return BadGroups(check, "has a header with impossible values");
  if (packed_bytes < static_cast<size_t>(result->bytes)) return BadGroups(check, "is cut short (packed_bytes)");
  result->device_id = -1;
  result->on_host.blocks = static_cast<const char*>(packed) + sizeof(header);
  result->on_host.count = result->groups;
  result->on_host.n = result->n;
  result->on_host.k = result->k;
  result->on_host.bits = result->bits;
  result->on_host.has_zero_points = result->has_zero_points;
  result->on_host.block_bytes = LayoutOf(result->n, result->k, result->bits, result->has_zero_points).bytes;
  return OCTET_OK;
}

}  // namespace

bool PackedGroupsBytes(int64_t groups, int64_t n, int64_t k, int bits, bool has_zero_points, int64_t* bytes) {
  return Times(groups, LayoutOf(n, k, bits, has_zero_points).bytes, sizeof(PackedGroupsHeader), bytes);
}

bool DeviceGroupsBytes(int64_t groups, int64_t n, int64_t k, int bits, bool has_zero_points, int64_t* bytes) {
  return Times(groups, DeviceLayoutOf(n, k, DeviceBitsOf(k, bits), has_zero_points).bytes, 0, bytes);
}

octet_status ReadPlacedGroups(const Checker& check, const void* packed, size_t packed_bytes, PlacedGroups* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  if (packed_bytes >= sizeof(DeviceGroupsHandle) &&
      std::memcmp(packed, kDeviceGroupsMagic, sizeof(kDeviceGroupsMagic)) == 0) {
    return ReadHandle(check, packed, result);
  }
  return ReadBlock(check, packed, packed_bytes, result);
}

}  // namespace api
}  // namespace octet
