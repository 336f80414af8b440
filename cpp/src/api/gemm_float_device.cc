// SPDX-License-Identifier: Apache-2.0
// Weights of floats on their way to a CUDA device.
#include "api/place_weights.h"
#include "api/placed_float.h"
#include "octet/gemm_float.h"

namespace octet {
namespace api {
namespace {

struct FloatGemmKind {
  using Placed = PlacedFloat;
  using Handle = DeviceFloatHandle;
  static constexpr const char* kPack = "octet_gemm_float_pack";
  static constexpr const char* kDeviceSize = "octet_gemm_float_device_size";
  static constexpr const char* kToDevice = "octet_gemm_float_to_device";

  static octet_status Read(const Checker& check, const void* packed, size_t packed_bytes, PlacedFloat* weights) {
    OCTET_RETURN_IF_ERROR(ReadPlacedFloat(check, packed, packed_bytes, weights));
    if (!weights->has_codes) return OCTET_OK;
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed has codes of %d bits; expected a block made by octet_gemm_float_pack: octet_gemm_to_device "
                "takes this one",
                check.function(), weights->codes.bits);
  }
  static int64_t BytesOf(const PlacedFloat& weights) { return DeviceFloat{weights.n, weights.k, nullptr}.bytes(); }
  static auto Place() { return CudaTable()->gemm_float.place; }
  static DeviceFloatHandle HandleOf(const PlacedFloat& weights) {
    DeviceFloatHandle made = {};
    std::memcpy(made.magic, kDeviceFloatMagic, sizeof(made.magic));
    made.version = kPackedFloatVersion;
    made.n = weights.n;
    made.k = weights.k;
    return made;
  }
};

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_float_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::DeviceSize<octet::api::FloatGemmKind>(packed, packed_bytes, bytes);
}

octet_status octet_gemm_float_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                        size_t block_bytes, void* handle, void* stream) {
  return octet::api::ToDevice<octet::api::FloatGemmKind>(packed, packed_bytes, {device, block, block_bytes, handle},
                                                         stream);
}
