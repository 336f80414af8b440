// SPDX-License-Identifier: Apache-2.0
// Weights on their way to a CUDA device, and the choice of its kernels.
#include "api/place_weights.h"
#include "api/placed_gemm.h"
#include "octet/gemm.h"

namespace octet {
namespace api {
namespace {

struct GemmKind {
  using Placed = PlacedGemm;
  using Handle = DeviceGemmHandle;
  static constexpr const char* kPack = "octet_gemm_pack";
  static constexpr const char* kDeviceSize = "octet_gemm_device_size";
  static constexpr const char* kToDevice = "octet_gemm_to_device";

  static octet_status Read(const Checker& check, const void* packed, size_t packed_bytes, PlacedGemm* weights) {
    return ReadPlacedGemm(check, packed, packed_bytes, weights);
  }
  static int64_t BytesOf(const PlacedGemm& weights) {
    return DeviceLayoutOf(weights.n, weights.k, DeviceBitsOf(weights.k, weights.bits), weights.has_zero_points).bytes;
  }
  static auto Place() { return CudaTable()->gemm.place; }
  static DeviceGemmHandle HandleOf(const PlacedGemm& weights) {
    DeviceGemmHandle made = {};
    std::memcpy(made.magic, kDeviceGemmMagic, sizeof(made.magic));
    made.version = kPackedGemmVersion;
    made.bits = static_cast<uint32_t>(weights.bits);
    made.n = weights.n;
    made.k = weights.k;
    made.has_zero_points = weights.has_zero_points ? 1 : 0;
    made.bytes = BytesOf(weights);
    return made;
  }
};

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
  return octet::api::DeviceSize<octet::api::GemmKind>(packed, packed_bytes, bytes);
}

octet_status octet_gemm_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                  size_t block_bytes, void* handle, void* stream) {
  return octet::api::ToDevice<octet::api::GemmKind>(packed, packed_bytes, {device, block, block_bytes, handle}, stream);
}

octet_status octet_gemm_force_kernel(int32_t device, const char* kernel, int32_t parts) {
  return octet::api::Guarded("octet_gemm_force_kernel", [&] { return octet::api::ForceKernel(device, kernel, parts); });
}
