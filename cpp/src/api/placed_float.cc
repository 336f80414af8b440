// SPDX-License-Identifier: Apache-2.0
#include "api/placed_float.h"

#include <cstring>

#include "api/error.h"
#include "api/weights.h"
#include "api/weights_on_device.h"

namespace octet {
namespace api {
namespace {

constexpr int64_t kMostN = INT32_MAX;
constexpr int64_t kMostK = int64_t{1} << 28;

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(
      OCTET_INVALID_ARGUMENT,
      "%s: packed %s; expected a block made by octet_gemm_float_pack of this version (%u), or by octet_gemm_pack",
      check.function(), what, kPackedFloatVersion);
}

octet_status ReadHandle(const Checker& check, const void* packed, PlacedFloat* result) {
  DeviceFloatHandle handle;
  std::memcpy(&handle, packed, sizeof(handle));
  if (handle.version != kPackedFloatVersion || !FloatWeightsFit(handle.n, handle.k)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is a handle with impossible values; expected one made by octet_gemm_float_to_device of "
                "this version (%u)",
                check.function(), kPackedFloatVersion);
  }
  result->n = handle.n;
  result->k = handle.k;
  result->on_device = true;
  result->device_id = handle.device;
  result->device = {handle.n, handle.k, reinterpret_cast<const float*>(static_cast<uintptr_t>(handle.block))};
  return OCTET_OK;
}

bool Begins(const void* packed, const char (&magic)[8]) { return std::memcmp(packed, magic, sizeof(magic)) == 0; }

}  // namespace

DeviceFloatWeights PlacedFloat::OnDevice() const {
  DeviceFloatWeights weights;
  if (has_codes) {
    weights.codes = &codes.device;
  } else {
    weights.floats = &device;
  }
  return weights;
}

bool FloatWeightsFit(int64_t n, int64_t k) { return n >= 0 && n <= kMostN && k >= 0 && k <= kMostK; }

int64_t PackedFloatBytes(int64_t n, int64_t k) {
  return static_cast<int64_t>(sizeof(PackedFloatHeader)) + FloatPanels::BytesOf(n, k);
}

octet_status ReadPlacedFloat(const Checker& check, const void* packed, size_t packed_bytes, PlacedFloat* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedFloatHeader header;
  static_assert(sizeof(header) == sizeof(DeviceFloatHandle) && sizeof(header) == sizeof(DeviceGemmHandle),
                "whatever it is, so much is there");
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  if (Begins(packed, kPackedGemmMagic) || Begins(packed, kDeviceGemmMagic)) {
    OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, packed, packed_bytes, &result->codes));
    result->has_codes = true;
    result->n = result->codes.n;
    result->k = result->codes.k;
    result->on_device = result->codes.on_device;
    result->device_id = result->codes.device_id;
    return OCTET_OK;
  }
  if (Begins(packed, kDeviceFloatMagic)) return ReadHandle(check, packed, result);
  if (!Begins(packed, kPackedFloatMagic)) return BadPacked(check, "does not begin with a header");
  std::memcpy(&header, packed, sizeof(header));
  if (header.version != kPackedFloatVersion) return BadPacked(check, "has another version");
  if (!FloatWeightsFit(header.n, header.k) || header.bytes != PackedFloatBytes(header.n, header.k)) {
    return BadPacked(check, "has a header with impossible values");
  }
  if (packed_bytes < static_cast<size_t>(header.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  const char* data = static_cast<const char*>(packed) + sizeof(header);
  result->n = header.n;
  result->k = header.k;
  result->on_host = {header.n, header.k, reinterpret_cast<const float*>(data)};
  return OCTET_OK;
}

octet_status SamePlace(const Checker& check, const PlacedFloat& weights) {
  if (weights.has_codes) return SamePlace(check, weights.codes);
  return CheckSamePlace(check, weights.on_device, static_cast<int>(weights.device_id), "a",
                        "octet_gemm_float_to_device");
}

}  // namespace api
}  // namespace octet
