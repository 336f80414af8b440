// SPDX-License-Identifier: Apache-2.0
// Weights on their way to a CUDA device, and the choice of its kernels.
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/placed_gemm.h"
#include "api/weights.h"
#include "octet/gemm.h"

namespace octet {
namespace api {
namespace {

/** Weights that are yet to be placed. */
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, PlacedGemm* weights) {
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, packed, packed_bytes, weights));
  if (!weights->on_device) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: packed is a handle of weights on cuda:%d; expected a block made by octet_gemm_pack",
              check.function(), static_cast<int>(weights->device_id));
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
  OCTET_RETURN_IF_ERROR(CheckCudaDevice(kFunction, "device", device));
  OCTET_RETURN_IF_ERROR(check.NotNull("handle", handle));
  OCTET_RETURN_IF_ERROR(Aligned(check, "handle", handle));
  const size_t needed = static_cast<size_t>(DeviceBytes(weights));
  if (block_bytes < needed) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: block_bytes is %zu; expected at least %zu, which octet_gemm_device_size says", kFunction,
                block_bytes, needed);
  }
  if (needed != 0) OCTET_RETURN_IF_ERROR(check.NotNull("block", block));
  if (reinterpret_cast<uintptr_t>(block) % 256 != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: block is at %p; expected a multiple of 256", kFunction, block);
  }
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
