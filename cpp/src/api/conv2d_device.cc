// SPDX-License-Identifier: Apache-2.0
// Convolutions on their way to a CUDA device.
#include <cstring>

#include "api/check.h"
#include "api/conv2d_geometry.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/placed_conv2d.h"
#include "api/weights_on_device.h"
#include "octet/conv2d.h"

namespace octet {
namespace api {
namespace {

/** Weights that are yet to be placed. */
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, PlacedConv2d* weights) {
  OCTET_RETURN_IF_ERROR(ReadPlacedConv2d(check, packed, packed_bytes, weights));
  if (weights->on_device) {
    return FailOnDevice(check, static_cast<int>(weights->device_id), "octet_conv2d_pack");
  }
  weights->device = {weights->geometry, weights->has_zero_points, nullptr};
  return OCTET_OK;
}

octet_status DeviceSize(const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_conv2d_device_size");
  PlacedConv2d weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(weights.device.bytes());
  return OCTET_OK;
}

octet_status ToDevice(const void* packed, size_t packed_bytes, int32_t device, void* block, size_t block_bytes,
                      void* handle, void* stream) {
  constexpr const char* kFunction = "octet_conv2d_to_device";
  Checker check(kFunction);
  PlacedConv2d weights;
  OCTET_RETURN_IF_ERROR(ReadOnHost(check, packed, packed_bytes, &weights));
  const size_t needed = static_cast<size_t>(weights.device.bytes());
  OCTET_RETURN_IF_ERROR(
      CheckWeightsPlace(check, {device, block, block_bytes, handle}, needed, "octet_conv2d_device_size"));
  OCTET_RETURN_IF_ERROR(RunOnCuda(kFunction, device, stream, CudaTable()->conv2d.place, &weights.on_host, block));
  DeviceConv2dHandle made = {};
  std::memcpy(made.magic, kDeviceConv2dMagic, sizeof(made.magic));
  made.version = kPackedConv2dVersion;
  made.bits = static_cast<uint32_t>(weights.bits);
  made.has_zero_points = weights.has_zero_points ? 1 : 0;
  made.bytes = static_cast<int64_t>(needed);
  made.in_channels = weights.geometry.in_channels;
  made.out_channels = weights.geometry.out_channels;
  made.kernel_h = weights.geometry.kernel_h;
  made.kernel_w = weights.geometry.kernel_w;
  const octet_conv2d_params params = Conv2dParamsOf(weights.geometry);
  std::memcpy(made.params, &params, sizeof(made.params));
  made.device = device;
  made.block = reinterpret_cast<uintptr_t>(block);
  std::memcpy(handle, &made, sizeof(made));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_conv2d_device_size(const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_conv2d_device_size",
                             [&] { return octet::api::DeviceSize(packed, packed_bytes, bytes); });
}

octet_status octet_conv2d_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                    size_t block_bytes, void* handle, void* stream) {
  return octet::api::Guarded("octet_conv2d_to_device", [&] {
    return octet::api::ToDevice(packed, packed_bytes, device, block, block_bytes, handle, stream);
  });
}
