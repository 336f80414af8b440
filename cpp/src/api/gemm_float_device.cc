// SPDX-License-Identifier: Apache-2.0
// Weights of floats on their way to a CUDA device.
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/placed_float.h"
#include "api/weights_on_device.h"
#include "octet/gemm_float.h"

namespace octet {
namespace api {
namespace {

/** Weights that are yet to be placed. */
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, PlacedFloat* weights) {
  OCTET_RETURN_IF_ERROR(ReadPlacedFloat(check, packed, packed_bytes, weights));
  if (weights->has_codes) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed has codes of %d bits; expected a block made by octet_gemm_float_pack: octet_gemm_to_device "
                "takes this one",
                check.function(), weights->codes.bits);
  }
  if (!weights->on_device) return OCTET_OK;
  return FailOnDevice(check, static_cast<int>(weights->device_id), "octet_gemm_float_pack");
}

size_t DeviceBytes(const PlacedFloat& weights) {
  const DeviceFloat layout = {weights.n, weights.k, nullptr};
  return static_cast<size_t>(layout.bytes());
}

octet_status DeviceSize(const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_float_device_size");
  PlacedFloat weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = DeviceBytes(weights);
  return OCTET_OK;
}

octet_status ToDevice(const void* packed, size_t packed_bytes, int32_t device, void* block, size_t block_bytes,
                      void* handle, void* stream) {
  constexpr const char* kFunction = "octet_gemm_float_to_device";
  Checker check(kFunction);
  PlacedFloat weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  const size_t needed = DeviceBytes(weights);
  OCTET_RETURN_IF_ERROR(
      CheckWeightsPlace(check, {device, block, block_bytes, handle}, needed, "octet_gemm_float_device_size"));
  OCTET_RETURN_IF_ERROR(RunOnCuda(kFunction, device, stream, CudaTable()->gemm_float.place, &weights.on_host, block));
  DeviceFloatHandle made = {};
  std::memcpy(made.magic, kDeviceFloatMagic, sizeof(made.magic));
  made.version = kPackedFloatVersion;
  made.device = device;
  made.n = weights.n;
  made.k = weights.k;
  made.block = reinterpret_cast<uintptr_t>(block);
  std::memcpy(handle, &made, sizeof(made));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_float_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_float_device_size",
                             [&] { return octet::api::DeviceSize(packed, packed_bytes, bytes); });
}

octet_status octet_gemm_float_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                        size_t block_bytes, void* handle, void* stream) {
  return octet::api::Guarded("octet_gemm_float_to_device", [&] {
    return octet::api::ToDevice(packed, packed_bytes, device, block, block_bytes, handle, stream);
  });
}
