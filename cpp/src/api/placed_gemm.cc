// SPDX-License-Identifier: Apache-2.0
#include "api/placed_gemm.h"

#include <cstring>

#include "api/error.h"
#include "api/packed_gemm.h"
#include "api/weights.h"
#include "api/weights_on_device.h"

namespace octet {
namespace api {
namespace {

octet_status BadHandle(const Checker& check) {
  return Fail(
      OCTET_INVALID_ARGUMENT,
      "%s: packed is a handle with impossible values; expected one made by octet_gemm_to_device of this version "
      "(%u)",
      check.function(), kPackedGemmVersion);
}

octet_status ReadHandle(const Checker& check, const void* packed, PlacedGemm* result) {
  DeviceGemmHandle handle;
  std::memcpy(&handle, packed, sizeof(handle));
  const bool known = handle.version == kPackedGemmVersion && (handle.bits == 8 || handle.bits == 4) && handle.n >= 0 &&
                     handle.n <= INT32_MAX && handle.k >= 0 &&
                     handle.k <= MostProducts(static_cast<int>(handle.bits), handle.has_zero_points != 0);
  if (!known) return BadHandle(check);
  const int bits = static_cast<int>(handle.bits);
  const bool has_zero_points = handle.has_zero_points != 0;
  const int device_bits = DeviceBitsOf(handle.k, bits);
  *result = {handle.n,
             handle.k,
             bits,
             has_zero_points,
             DeviceLayoutOf(handle.n, handle.k, device_bits, has_zero_points).bytes,
             true,
             handle.device,
             {},
             DeviceGemmAt(reinterpret_cast<const char*>(static_cast<uintptr_t>(handle.block)), handle.n, handle.k,
                          device_bits, has_zero_points)};
  return OCTET_OK;
}

}  // namespace

octet_status ReadPlacedGemm(const Checker& check, const void* packed, size_t packed_bytes, PlacedGemm* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  if (packed_bytes >= sizeof(DeviceGemmHandle) &&
      std::memcmp(packed, kDeviceGemmMagic, sizeof(kDeviceGemmMagic)) == 0) {
    return ReadHandle(check, packed, result);
  }
  PackedGemm view;
  int64_t bytes = 0;
  OCTET_RETURN_IF_ERROR(ReadPackedGemm(check, packed, packed_bytes, &view, &bytes));
  *result = {view.n, view.k, view.bits, view.zero_points != nullptr, bytes, false, -1, view, {}};
  return OCTET_OK;
}

octet_status SamePlace(const Checker& check, const PlacedGemm& weights) {
  return CheckSamePlace(check, weights.on_device, static_cast<int>(weights.device_id), "a", "octet_gemm_to_device");
}

}  // namespace api
}  // namespace octet
