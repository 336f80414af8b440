// SPDX-License-Identifier: Apache-2.0
#include "cuda/device.h"

#include <cstdio>
#include <cstring>

#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

/** Only asked for: whether the build has code for a device is the same for all kernels. */
__global__ void Probe() {}

octet_status Failed(const Call* call, const char* what, cudaError_t error) {
  return error == cudaSuccess ? OCTET_OK : Report(call, what, error);
}

octet_status Count(const Call* call, int32_t* count) {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  *count = devices;
  if (error == cudaSuccess && devices > 0) return OCTET_OK;
  cudaGetLastError();
  int driver = 0;
  const bool has_driver = cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0;
  cudaGetLastError();
  if (!has_driver || error == cudaErrorStubLibrary) {
    std::snprintf(call->message, call->message_bytes,
                  "no NVIDIA driver was found (libcuda.so.1): install the driver for the device");
  } else if (error == cudaErrorInsufficientDriver) {
    std::snprintf(
        call->message, call->message_bytes,
        "the NVIDIA driver is too old: it supports CUDA %d.%d, and this build needs %d.%d: install a newer one",
        driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
  } else if (error == cudaErrorNoDevice || error == cudaSuccess) {
    std::snprintf(call->message, call->message_bytes,
                  "the NVIDIA driver finds no device: look at nvidia-smi and CUDA_VISIBLE_DEVICES");
  } else {
    return Report(call, "cudaGetDeviceCount", error);
  }
  return OCTET_UNSUPPORTED;
}

octet_status Properties(const Call* call, octet_cuda_properties* properties) {
  cudaDeviceProp device;
  const cudaError_t error = cudaGetDeviceProperties(&device, call->device);
  if (error != cudaSuccess) return Report(call, "cudaGetDeviceProperties", error);
  std::memset(properties, 0, sizeof(*properties));
  std::snprintf(properties->name, sizeof(properties->name), "%s", device.name);
  properties->major = device.major;
  properties->minor = device.minor;
  properties->multiprocessors = device.multiProcessorCount;
  properties->memory = static_cast<int64_t>(device.totalGlobalMem);
  properties->l2_cache = device.l2CacheSize;
  properties->shared_memory_per_block = static_cast<int64_t>(device.sharedMemPerBlockOptin);
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  cudaFuncAttributes attributes;
  properties->supported = cudaFuncGetAttributes(&attributes, Probe) == cudaSuccess ? 1 : 0;
  cudaGetLastError();
  return OCTET_OK;
}

octet_status Versions(const Call* call, int32_t* runtime, int32_t* driver) {
  int value = 0;
  cudaError_t error = cudaRuntimeGetVersion(&value);
  if (error != cudaSuccess) return Report(call, "cudaRuntimeGetVersion", error);
  *runtime = value;
  error = cudaDriverGetVersion(&value);
  *driver = value;
  return Failed(call, "cudaDriverGetVersion", error);
}

octet_status Allocate(const Call* call, size_t bytes, void** memory) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaMalloc", cudaMalloc(memory, bytes));
}

octet_status Free(const Call* call, void* memory) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaFree", cudaFree(memory));
}

octet_status Copy(const Call* call, void* to, const void* from, size_t bytes) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, StreamOf(call)));
}

octet_status StreamCreate(const Call* call, void** stream) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  cudaStream_t created = nullptr;
  const cudaError_t error = cudaStreamCreateWithFlags(&created, cudaStreamNonBlocking);
  *stream = created;
  return Failed(call, "cudaStreamCreateWithFlags", error);
}

octet_status StreamDestroy(const Call* call) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaStreamDestroy", cudaStreamDestroy(StreamOf(call)));
}

octet_status Synchronize(const Call* call) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaStreamSynchronize", cudaStreamSynchronize(StreamOf(call)));
}

octet_status AllocateHost(const Call* call, size_t bytes, void** memory) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaHostAlloc", cudaHostAlloc(memory, bytes, cudaHostAllocPortable));
}

octet_status FreeHost(const Call* call, void* memory) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaFreeHost", cudaFreeHost(memory));
}

octet_status GraphBegin(const Call* call) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaStreamBeginCapture",
                cudaStreamBeginCapture(StreamOf(call), cudaStreamCaptureModeThreadLocal));
}

/** Makes what was recorded ready to be launched. */
octet_status Instantiate(const Call* call, cudaGraph_t recorded, void** graph, size_t* nodes) {
  if (nodes != nullptr) {
    const cudaError_t error = cudaGraphGetNodes(recorded, nullptr, nodes);
    if (error != cudaSuccess) return Report(call, "cudaGraphGetNodes", error);
  }
  if (graph == nullptr) return OCTET_OK;
  cudaGraphExec_t executable = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&executable, recorded, 0);
  *graph = error == cudaSuccess ? executable : nullptr;
  return Failed(call, "cudaGraphInstantiate", error);
}

octet_status GraphEnd(const Call* call, void** graph, size_t* nodes) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  cudaGraph_t recorded = nullptr;
  const cudaError_t error = cudaStreamEndCapture(StreamOf(call), &recorded);
  const octet_status status =
      error == cudaSuccess ? Instantiate(call, recorded, graph, nodes) : Report(call, "cudaStreamEndCapture", error);
  if (recorded != nullptr) cudaGraphDestroy(recorded);
  return status;
}

octet_status GraphLaunch(const Call* call, void* graph) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaGraphLaunch", cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), StreamOf(call)));
}

octet_status GraphDestroy(const Call* call, void* graph) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Failed(call, "cudaGraphExecDestroy", cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph)));
}

}  // namespace

DeviceFunctions TheDeviceFunctions() {
  return {Count,       Properties,   Versions, Allocate,   Free,     Copy,        StreamCreate, StreamDestroy,
          Synchronize, AllocateHost, FreeHost, GraphBegin, GraphEnd, GraphLaunch, GraphDestroy};
}

}  // namespace cuda
}  // namespace octet
