// SPDX-License-Identifier: Apache-2.0
// Packed weights on their way to a CUDA device, of any kind. A kind is a struct with
//
//   using Placed, Handle;                                            what is read, and what is made
//   static constexpr const char *kPack, *kDeviceSize, *kToDevice;    names of its functions
//   static octet_status Read(const Checker&, const void* packed, size_t packed_bytes, Placed*);
//   static int64_t BytesOf(const Placed&);                           on the device
//   static Place();                                                  the function of cuda::Table that brings them there
//   static Handle HandleOf(const Placed&);                           all but device and block
#ifndef OCTET_API_PLACE_WEIGHTS_H_
#define OCTET_API_PLACE_WEIGHTS_H_

#include <cstring>

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/weights_on_device.h"

namespace octet {
namespace api {

/** Weights that are yet to be placed. */
template <typename Kind>
octet_status ReadOnHost(const Checker& check, const void* packed, size_t packed_bytes, typename Kind::Placed* weights) {
  OCTET_RETURN_IF_ERROR(Kind::Read(check, packed, packed_bytes, weights));
  if (!weights->on_device) return OCTET_OK;
  return FailOnDevice(check, static_cast<int>(weights->device_id), Kind::kPack);
}

template <typename Kind>
octet_status DeviceSize(const void* packed, size_t packed_bytes, size_t* bytes) {
  return Guarded(Kind::kDeviceSize, [&] {
    Checker check(Kind::kDeviceSize);
    typename Kind::Placed weights;
    OCTET_RETURN_IF_ERROR(ReadOnHost<Kind>(check, packed, packed_bytes, &weights));
    OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
    *bytes = static_cast<size_t>(Kind::BytesOf(weights));
    return OCTET_OK;
  });
}

template <typename Kind>
octet_status ToDevice(const void* packed, size_t packed_bytes, const WeightsPlace& place, void* stream) {
  return Guarded(Kind::kToDevice, [&] {
    Checker check(Kind::kToDevice);
    typename Kind::Placed weights;
    OCTET_RETURN_IF_ERROR(ReadOnHost<Kind>(check, packed, packed_bytes, &weights));
    const auto needed = static_cast<size_t>(Kind::BytesOf(weights));
    OCTET_RETURN_IF_ERROR(CheckWeightsPlace(check, place, needed, Kind::kDeviceSize));
    OCTET_RETURN_IF_ERROR(
        RunOnCuda(Kind::kToDevice, place.device, stream, Kind::Place(), &weights.on_host, place.block));
    typename Kind::Handle made = Kind::HandleOf(weights);
    made.device = place.device;
    made.block = reinterpret_cast<uintptr_t>(place.block);
    std::memcpy(place.handle, &made, sizeof(made));
    return OCTET_OK;
  });
}

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PLACE_WEIGHTS_H_
