// SPDX-License-Identifier: Apache-2.0
#include "octet/cuda.h"

#include "api/cuda_library.h"

namespace octet {
namespace api {
namespace {

/** The table for a function that needs a device. */
octet_status NeedDevice(const char* function, int32_t device, const cuda::Table** table) {
  OCTET_RETURN_IF_ERROR(CheckCudaDevice(function, "device", device));
  *table = CudaTable();
  return OCTET_OK;
}

octet_status NeedTable(const char* function, const cuda::Table** table) {
  *table = CudaTable();
  if (*table != nullptr) return OCTET_OK;
  return Fail(OCTET_UNSUPPORTED, "%s: there is no CUDA: %s", function, UnavailableWords());
}

octet_status Properties(int32_t device, octet_cuda_properties* properties) {
  constexpr const char* kFunction = "octet_cuda_device_properties";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("properties", properties));
  OCTET_RETURN_IF_ERROR(NeedTable(kFunction, &table));
  if (device < 0 || device >= CudaDevices()) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: device is %d; expected 0 to %d, the devices of this machine", kFunction,
                static_cast<int>(device), static_cast<int>(CudaDevices()) - 1);
  }
  *properties = CudaProperties(device);
  return OCTET_OK;
}

octet_status DeviceCount(int32_t* count) {
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker("octet_cuda_device_count").NotNull("count", count));
  OCTET_RETURN_IF_ERROR(NeedTable("octet_cuda_device_count", &table));
  *count = CudaDevices();
  return OCTET_OK;
}

octet_status Versions(int32_t* runtime, int32_t* driver) {
  constexpr const char* kFunction = "octet_cuda_versions";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("runtime", runtime));
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("driver", driver));
  OCTET_RETURN_IF_ERROR(NeedTable(kFunction, &table));
  return RunOnCuda(kFunction, 0, nullptr, table->device.versions, runtime, driver);
}

octet_status Allocate(int32_t device, size_t bytes, void** memory) {
  constexpr const char* kFunction = "octet_cuda_allocate";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("memory", memory));
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  *memory = nullptr;
  if (bytes == 0) return OCTET_OK;
  return RunOnCuda(kFunction, device, nullptr, table->device.allocate, bytes, memory);
}

octet_status Free(int32_t device, void* memory) {
  constexpr const char* kFunction = "octet_cuda_free";
  const cuda::Table* table = nullptr;
  if (memory == nullptr) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  return RunOnCuda(kFunction, device, nullptr, table->device.free, memory);
}

octet_status Copy(int32_t device, void* to, const void* from, size_t bytes, void* stream) {
  constexpr const char* kFunction = "octet_cuda_copy";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  if (bytes == 0) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("to", to));
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("from", from));
  return RunOnCuda(kFunction, device, stream, table->device.copy, to, from, bytes);
}

octet_status StreamCreate(int32_t device, void** stream) {
  constexpr const char* kFunction = "octet_cuda_stream_create";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("stream", stream));
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  return RunOnCuda(kFunction, device, nullptr, table->device.stream_create, stream);
}

octet_status OnStream(const char* function, int32_t device, void* stream,
                      octet_status (*cuda::DeviceFunctions::*run)(const cuda::Call*)) {
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(NeedDevice(function, device, &table));
  return RunOnCuda(function, device, stream, table->device.*run);
}

octet_status AllocateHost(int32_t device, size_t bytes, void** memory) {
  constexpr const char* kFunction = "octet_cuda_allocate_host";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("memory", memory));
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  *memory = nullptr;
  if (bytes == 0) return OCTET_OK;
  return RunOnCuda(kFunction, device, nullptr, table->device.allocate_host, bytes, memory);
}

octet_status FreeHost(int32_t device, void* memory) {
  constexpr const char* kFunction = "octet_cuda_free_host";
  const cuda::Table* table = nullptr;
  if (memory == nullptr) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  return RunOnCuda(kFunction, device, nullptr, table->device.free_host, memory);
}

octet_status GraphEnd(int32_t device, void* stream, void** graph, size_t* nodes) {
  constexpr const char* kFunction = "octet_cuda_graph_end";
  const cuda::Table* table = nullptr;
  if (graph != nullptr) *graph = nullptr;
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  return RunOnCuda(kFunction, device, stream, table->device.graph_end, graph, nodes);
}

octet_status GraphLaunch(int32_t device, void* graph, void* stream) {
  constexpr const char* kFunction = "octet_cuda_graph_launch";
  const cuda::Table* table = nullptr;
  OCTET_RETURN_IF_ERROR(Checker(kFunction).NotNull("graph", graph));
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  return RunOnCuda(kFunction, device, stream, table->device.graph_launch, graph);
}

octet_status GraphDestroy(int32_t device, void* graph) {
  constexpr const char* kFunction = "octet_cuda_graph_destroy";
  const cuda::Table* table = nullptr;
  if (graph == nullptr) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(NeedDevice(kFunction, device, &table));
  return RunOnCuda(kFunction, device, nullptr, table->device.graph_destroy, graph);
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_cuda_load(const char* path) {
  return octet::api::Guarded("octet_cuda_load", [&] { return octet::api::LoadCuda(path); });
}

int32_t octet_cuda_available(void) { return octet_cuda_unavailable()[0] == '\0' ? 1 : 0; }

const char* octet_cuda_unavailable(void) {
  try {
    return octet::api::UnavailableWords();
  } catch (...) {
    return "out of host memory";
  }
}

octet_status octet_cuda_device_count(int32_t* count) {
  return octet::api::Guarded("octet_cuda_device_count", [&] { return octet::api::DeviceCount(count); });
}

octet_status octet_cuda_device_properties(int32_t device, octet_cuda_properties* properties) {
  return octet::api::Guarded("octet_cuda_device_properties",
                             [&] { return octet::api::Properties(device, properties); });
}

octet_status octet_cuda_versions(int32_t* runtime, int32_t* driver) {
  return octet::api::Guarded("octet_cuda_versions", [&] { return octet::api::Versions(runtime, driver); });
}

octet_status octet_cuda_allocate(int32_t device, size_t bytes, void** memory) {
  return octet::api::Guarded("octet_cuda_allocate", [&] { return octet::api::Allocate(device, bytes, memory); });
}

octet_status octet_cuda_free(int32_t device, void* memory) {
  return octet::api::Guarded("octet_cuda_free", [&] { return octet::api::Free(device, memory); });
}

octet_status octet_cuda_copy(int32_t device, void* to, const void* from, size_t bytes, void* stream) {
  return octet::api::Guarded("octet_cuda_copy", [&] { return octet::api::Copy(device, to, from, bytes, stream); });
}

octet_status octet_cuda_stream_create(int32_t device, void** stream) {
  return octet::api::Guarded("octet_cuda_stream_create", [&] { return octet::api::StreamCreate(device, stream); });
}

octet_status octet_cuda_stream_destroy(int32_t device, void* stream) {
  if (stream == nullptr) return OCTET_OK;
  return octet::api::Guarded("octet_cuda_stream_destroy", [&] {
    return octet::api::OnStream("octet_cuda_stream_destroy", device, stream,
                                &octet::cuda::DeviceFunctions::stream_destroy);
  });
}

octet_status octet_cuda_synchronize(int32_t device, void* stream) {
  return octet::api::Guarded("octet_cuda_synchronize", [&] {
    return octet::api::OnStream("octet_cuda_synchronize", device, stream, &octet::cuda::DeviceFunctions::synchronize);
  });
}

octet_status octet_cuda_allocate_host(int32_t device, size_t bytes, void** memory) {
  return octet::api::Guarded("octet_cuda_allocate_host",
                             [&] { return octet::api::AllocateHost(device, bytes, memory); });
}

octet_status octet_cuda_free_host(int32_t device, void* memory) {
  return octet::api::Guarded("octet_cuda_free_host", [&] { return octet::api::FreeHost(device, memory); });
}

octet_status octet_cuda_graph_begin(int32_t device, void* stream) {
  return octet::api::Guarded("octet_cuda_graph_begin", [&] {
    return octet::api::OnStream("octet_cuda_graph_begin", device, stream, &octet::cuda::DeviceFunctions::graph_begin);
  });
}

octet_status octet_cuda_graph_end(int32_t device, void* stream, void** graph, size_t* nodes) {
  return octet::api::Guarded("octet_cuda_graph_end",
                             [&] { return octet::api::GraphEnd(device, stream, graph, nodes); });
}

octet_status octet_cuda_graph_launch(int32_t device, void* graph, void* stream) {
  return octet::api::Guarded("octet_cuda_graph_launch", [&] { return octet::api::GraphLaunch(device, graph, stream); });
}

octet_status octet_cuda_graph_destroy(int32_t device, void* graph) {
  return octet::api::Guarded("octet_cuda_graph_destroy", [&] { return octet::api::GraphDestroy(device, graph); });
}
