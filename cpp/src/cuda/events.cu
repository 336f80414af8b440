// SPDX-License-Identifier: Apache-2.0
#include "cuda/events.h"

#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

cudaEvent_t EventOf(void* event) { return static_cast<cudaEvent_t>(event); }

octet_status Failed(const Call* call, const char* what, cudaError_t error) {
  return error == cudaSuccess ? OCTET_OK : Report(call, what, error);
}

octet_status Create(const Call* call, void** event) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  cudaEvent_t created = nullptr;
  // Without times an event costs less.
  const cudaError_t error = cudaEventCreateWithFlags(&created, cudaEventDisableTiming);
  *event = created;
  return Failed(call, "cudaEventCreateWithFlags", error);
}

octet_status Destroy(const Call* call, void* event) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaEventDestroy", cudaEventDestroy(EventOf(event)));
}

octet_status Record(const Call* call, void* event) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  cudaStreamCaptureStatus recording = cudaStreamCaptureStatusNone;
  const cudaError_t error = cudaStreamIsCapturing(StreamOf(call), &recording);
  if (error != cudaSuccess) return Report(call, "cudaStreamIsCapturing", error);
  if (recording != cudaStreamCaptureStatusNone) {
    return Report(call, "cudaEventRecord", cudaErrorStreamCaptureUnsupported);
  }
  return Failed(call, "cudaEventRecord", cudaEventRecord(EventOf(event), StreamOf(call)));
}

octet_status Query(const Call* call, void* event, int32_t* done) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  const cudaError_t error = cudaEventQuery(EventOf(event));
  *done = error != cudaErrorNotReady ? 1 : 0;
  if (error == cudaErrorNotReady) {
    // It counts as an error of the thread, which the next launch would take for its own.
    cudaGetLastError();
    return OCTET_OK;
  }
  return Failed(call, "cudaEventQuery", error);
}

octet_status Synchronize(const Call* call, void* event) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaEventSynchronize", cudaEventSynchronize(EventOf(event)));
}

octet_status Wait(const Call* call, void* event) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaStreamWaitEvent", cudaStreamWaitEvent(StreamOf(call), EventOf(event), 0));
}

}  // namespace
}  // namespace cuda
}  // namespace octet

extern "C" OCTET_API const octet::cuda::EventTable* octet_cuda_event_table(void) {
  static const octet::cuda::EventTable table = {sizeof(octet::cuda::EventTable),
                                                octet::cuda::Create,
                                                octet::cuda::Destroy,
                                                octet::cuda::Record,
                                                octet::cuda::Query,
                                                octet::cuda::Synchronize,
                                                octet::cuda::Wait};
  return &table;
}
