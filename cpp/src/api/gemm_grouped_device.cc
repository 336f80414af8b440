// SPDX-License-Identifier: Apache-2.0
// Weights of groups on their way to a CUDA device.
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/placed_groups.h"
#include "api/weights_on_device.h"
#include "octet/gemm_grouped.h"

namespace octet {
namespace api {
namespace {

/** Weights that are yet to be placed, and the bytes that they will take. */
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, PlacedGroups* weights,
                        int64_t* needed) {
  OCTET_RETURN_IF_ERROR(ReadPlacedGroups(check, packed, packed_bytes, weights));
  if (weights->on_device) {
    return FailOnDevice(check, static_cast<int>(weights->device_id), "octet_gemm_grouped_pack");
  }
  if (DeviceGroupsBytes(weights->groups, weights->n, weights->k, weights->bits, weights->has_zero_points, needed)) {
    return OCTET_OK;
  }
  return Fail(OCTET_INVALID_ARGUMENT, "%s: packed would take more than 2^60 bytes of device memory", check.function());
}

octet_status DeviceSize(const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_grouped_device_size");
  PlacedGroups weights;
  int64_t needed = 0;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights, &needed));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(needed);
  return OCTET_OK;
}

octet_status ToDevice(const void* packed, size_t packed_bytes, int32_t device, void* block, size_t block_bytes,
                      void* handle, void* stream) {
  constexpr const char* kFunction = "octet_gemm_grouped_to_device";
  Checker check(kFunction);
  PlacedGroups weights;
  int64_t needed = 0;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights, &needed));
  OCTET_RETURN_IF_ERROR(CheckWeightsPlace(check, {device, block, block_bytes, handle}, static_cast<size_t>(needed),
                                          "octet_gemm_grouped_device_size"));
  for (int64_t group = 0; group < weights.groups; ++group) {
    const PackedGemm packed_group = weights.on_host.At(group);
    void* const to = static_cast<char*>(block) + group * (needed / weights.groups);
    OCTET_RETURN_IF_ERROR(RunOnCuda(kFunction, device, stream, CudaTable()->gemm.place, &packed_group, to));
  }
  DeviceGroupsHandle made = {};
  std::memcpy(made.magic, kDeviceGroupsMagic, sizeof(made.magic));
  made.version = kPackedGroupsVersion;
  made.bits = static_cast<uint32_t>(weights.bits);
  made.n = weights.n;
  made.k = weights.k;
  made.has_zero_points = weights.has_zero_points ? 1 : 0;
  made.groups = weights.groups;
  made.block = reinterpret_cast<uintptr_t>(block);
  made.device = device;
  std::memcpy(handle, &made, sizeof(made));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_grouped_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_grouped_device_size",
                             [&] { return octet::api::DeviceSize(packed, packed_bytes, bytes); });
}

octet_status octet_gemm_grouped_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                          size_t block_bytes, void* handle, void* stream) {
  return octet::api::Guarded("octet_gemm_grouped_to_device", [&] {
    return octet::api::ToDevice(packed, packed_bytes, device, block, block_bytes, handle, stream);
  });
}
