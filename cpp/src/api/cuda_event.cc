// SPDX-License-Identifier: Apache-2.0
#include "octet/cuda_event.h"

#include "api/cuda_library.h"

namespace octet {
namespace api {
namespace {

/** Runs a function of the table for an event that is there. */
template <typename... Parameters, typename... Arguments>
octet_status OnEvent(const char* function, int32_t device, void* stream, void* event,
                     octet_status (*cuda::EventTable::*run)(const cuda::Call*, void*, Parameters...),
                     Arguments... arguments) {
  return Guarded(function, [&] {
    OCTET_RETURN_IF_ERROR(CheckCudaDevice(function, "device", device));
    OCTET_RETURN_IF_ERROR(Checker(function).NotNull("event", event));
    return RunOnCuda(function, device, stream, CudaEvents()->*run, event, arguments...);
  });
}

octet_status Create(int32_t device, void** event) {
  constexpr const char* kFunction = "octet_cuda_event_create";
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("event", event));
  *event = nullptr;
  OCTET_RETURN_IF_ERROR(CheckCudaDevice(kFunction, "device", device));
  return RunOnCuda(kFunction, device, nullptr, CudaEvents()->create, event);
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_cuda_event_create(int32_t device, void** event) {
  return octet::api::Guarded("octet_cuda_event_create", [&] { return octet::api::Create(device, event); });
}

octet_status octet_cuda_event_destroy(int32_t device, void* event) {
  if (event == nullptr) return OCTET_OK;
  return octet::api::OnEvent("octet_cuda_event_destroy", device, nullptr, event, &octet::cuda::EventTable::destroy);
}

octet_status octet_cuda_event_record(int32_t device, void* event, void* stream) {
  return octet::api::OnEvent("octet_cuda_event_record", device, stream, event, &octet::cuda::EventTable::record);
}

octet_status octet_cuda_event_query(int32_t device, void* event, int32_t* done) {
  constexpr const char* kFunction = "octet_cuda_event_query";
  if (done == nullptr) return octet::api::Checker(kFunction).NotNull("done", done);
  return octet::api::OnEvent(kFunction, device, nullptr, event, &octet::cuda::EventTable::query, done);
}

octet_status octet_cuda_event_synchronize(int32_t device, void* event) {
  return octet::api::OnEvent("octet_cuda_event_synchronize", device, nullptr, event,
                             &octet::cuda::EventTable::synchronize);
}

octet_status octet_cuda_stream_wait(int32_t device, void* stream, void* event) {
  return octet::api::OnEvent("octet_cuda_stream_wait", device, stream, event, &octet::cuda::EventTable::wait);
}
