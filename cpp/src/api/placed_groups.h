// SPDX-License-Identifier: Apache-2.0
// Packed weights of several groups, wherever they are: core/grouped_gemm.h.
#ifndef OCTET_API_PLACED_GROUPS_H_
#define OCTET_API_PLACED_GROUPS_H_

#include "api/check.h"
#include "core/grouped_gemm.h"

namespace octet {
namespace api {

/** Packed weights of groups in memory of the host, or their handle. */
struct PlacedGroups {
  int64_t groups;
  int64_t n;
  int64_t k;
  /** Of a code as it was packed. */
  int bits;
  bool has_zero_points;
  int64_t bytes;
  bool on_device;
  /** If on_device. */
  int32_t device_id;
  PackedGroups on_host;
  DeviceGroups device;
};

/** Bytes of packed weights of `groups` groups; false if they are more than 2^60. */
bool PackedGroupsBytes(int64_t groups, int64_t n, int64_t k, int bits, bool has_zero_points, int64_t* bytes);

/** Bytes of the same on a device. */
bool DeviceGroupsBytes(int64_t groups, int64_t n, int64_t k, int bits, bool has_zero_points, int64_t* bytes);

octet_status ReadPlacedGroups(const Checker& check, const void* packed, size_t packed_bytes, PlacedGroups* result);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PLACED_GROUPS_H_
