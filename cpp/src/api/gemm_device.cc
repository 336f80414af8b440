// SPDX-License-Identifier: Apache-2.0
// Weights on their way to a CUDA device, and the choice of its kernels.
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/placed_gemm.h"
#include "api/weights_on_device.h"
#include "octet/gemm.h"

namespace octet {
namespace api {
namespace {

/** Weights that are yet to be placed. */
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, PlacedGemm* weights) {
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, packed, packed_bytes, weights));
  if (!weights->on_device) return OCTET_OK;
  return FailOnDevice(check, static_cast<int>(weights->device_id), "octet_gemm_pack");
}

int64_t DeviceBytes(const PlacedGemm& weights) {
  return DeviceLayoutOf(weights.n, weights.k, DeviceBitsOf(weights.k, weights.bits), weights.has_zero_points).bytes;
}

octet_status DeviceSize(const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_device_size");
  PlacedGemm weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(DeviceBytes(weights));
  return OCTET_OK;
}

octet_status ToDevice(const void* packed, size_t packed_bytes, int32_t device, void* block, size_t block_bytes,
                      void* handle, void* stream) {
  constexpr const char* kFunction = "octet_gemm_to_device";
  Checker check(kFunction);
  PlacedGemm weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  const size_t needed = static_cast<size_t>(DeviceBytes(weights));
  OCTET_RETURN_IF_ERROR(
      CheckWeightsPlace(check, {device, block, block_bytes, handle}, needed, "octet_gemm_device_size"));
  OCTET_RETURN_IF_ERROR(RunOnCuda(kFunction, device, stream, CudaTable()->gemm.place, &weights.on_host, block));
  DeviceGemmHandle made = {};
  std::memcpy(made.magic, kDeviceGemmMagic, sizeof(made.magic));
  made.version = kPackedGemmVersion;
  made.bits = static_cast<uint32_t>(weights.bits);
  made.n = weights.n;
  made.k = weights.k;
  made.has_zero_points = weights.has_zero_points ? 1 : 0;
  made.bytes = static_cast<int64_t>(needed);
  made.block = reinterpret_cast<uintptr_t>(block);
  made.device = device;
  std::memcpy(handle, &made, sizeof(made));
  return OCTET_OK;
}

octet_status ForceKernel(int32_t device, const char* kernel, int32_t parts) {
  constexpr const char* kFunction = "octet_gemm_force_kernel";
  OCTET_RETURN_IF_ERROR(CheckCudaDevice(kFunction, "device", device));
  if (parts < 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: parts is %d; expected 0 (as many as the heuristics say) or more",
                kFunction, static_cast<int>(parts));
  }
  return RunOnCuda(kFunction, device, nullptr, CudaTable()->gemm.force_kernel, kernel, parts);
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_device_size",
                             [&] { return octet::api::DeviceSize(packed, packed_bytes, bytes); });
}

octet_status octet_gemm_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                  size_t block_bytes, void* handle, void* stream) {
  return octet::api::Guarded("octet_gemm_to_device", [&] {
    return octet::api::ToDevice(packed, packed_bytes, device, block, block_bytes, handle, stream);
  });
}

octet_status octet_gemm_force_kernel(int32_t device, const char* kernel, int32_t parts) {
  return octet::api::Guarded("octet_gemm_force_kernel", [&] { return octet::api::ForceKernel(device, kernel, parts); });
}
