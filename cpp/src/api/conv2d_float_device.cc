// SPDX-License-Identifier: Apache-2.0
// Convolutions of floats on their way to a CUDA device.
#include <cstring>

#include "api/check.h"
#include "api/conv2d_geometry.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/placed_conv2d_float.h"
#include "api/weights.h"
#include "octet/conv2d_float.h"

namespace octet {
namespace api {
namespace {

/** Weights that are yet to be placed. */
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, PlacedFloatConv2d* weights) {
  OCTET_RETURN_IF_ERROR(ReadPlacedFloatConv2d(check, packed, packed_bytes, weights));
  if (weights->on_device) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is a handle of weights on cuda:%d; expected a block made by octet_conv2d_float_pack",
                check.function(), static_cast<int>(weights->device_id));
  }
  weights->device = {weights->geometry, nullptr};
  return OCTET_OK;
}

octet_status DeviceSize(const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_conv2d_float_device_size");
  PlacedFloatConv2d weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(weights.device.bytes());
  return OCTET_OK;
}

octet_status ToDevice(const void* packed, size_t packed_bytes, int32_t device, void* block, size_t block_bytes,
                      void* handle, void* stream) {
  constexpr const char* kFunction = "octet_conv2d_float_to_device";
  Checker check(kFunction);
  PlacedFloatConv2d weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(CheckCudaDevice(kFunction, "device", device));
  OCTET_RETURN_IF_ERROR(check.NotNull("handle", handle));
  OCTET_RETURN_IF_ERROR(Aligned(check, "handle", handle));
  const size_t needed = static_cast<size_t>(weights.device.bytes());
  if (block_bytes < needed) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: block_bytes is %zu; expected at least %zu, which octet_conv2d_float_device_size says", kFunction,
                block_bytes, needed);
  }
  if (needed != 0) OCTET_RETURN_IF_ERROR(check.NotNull("block", block));
  if (reinterpret_cast<uintptr_t>(block) % 256 != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: block is at %p; expected a multiple of 256", kFunction, block);
  }
  OCTET_RETURN_IF_ERROR(RunOnCuda(kFunction, device, stream, CudaTable()->conv2d_float.place, &weights.on_host, block));
  DeviceFloatConv2dHandle made = {};
  std::memcpy(made.magic, kDeviceFloatConv2dMagic, sizeof(made.magic));
  made.version = kPackedFloatConv2dVersion;
  made.device = device;
  made.in_channels = weights.geometry.in_channels;
  made.out_channels = weights.geometry.out_channels;
  made.kernel_h = weights.geometry.kernel_h;
  made.kernel_w = weights.geometry.kernel_w;
  const octet_conv2d_params params = Conv2dParamsOf(weights.geometry);
  std::memcpy(made.params, &params, sizeof(made.params));
  made.block = reinterpret_cast<uintptr_t>(block);
  std::memcpy(handle, &made, sizeof(made));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_conv2d_float_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_conv2d_float_device_size",
                             [&] { return octet::api::DeviceSize(packed, packed_bytes, bytes); });
}

octet_status octet_conv2d_float_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                          size_t block_bytes, void* handle, void* stream) {
  return octet::api::Guarded("octet_conv2d_float_to_device", [&] {
    return octet::api::ToDevice(packed, packed_bytes, device, block, block_bytes, handle, stream);
  });
}
