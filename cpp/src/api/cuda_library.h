// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels in their library of their own: loading it, and calling it.
#ifndef OCTET_API_CUDA_LIBRARY_H_
#define OCTET_API_CUDA_LIBRARY_H_

#include "api/check.h"
#include "api/error.h"
#include "cuda/backend.h"
#include "cuda/events.h"

namespace octet {
namespace api {

/** The functions of the library, loading it if no one has; null if it can't be used: UnavailableWords says why. */
const cuda::Table* CudaTable();

/** The functions of events. Null if there is no table. */
const cuda::EventTable* CudaEvents();

/** Why there is no table; "" if there is one. Of the calling thread, until its next call. */
const char* UnavailableWords();

/** Loads a file (null: the one at the default place) unless one has been loaded. */
octet_status LoadCuda(const char* path);

/** 0 if there is no table. */
int32_t CudaDevices();

/** device: 0..CudaDevices() - 1. */
const octet_cuda_properties& CudaProperties(int32_t device);

/** Whether kernels can run on a device; keeps a message if not. `tensor`: the name of what is there. */
octet_status CheckCudaDevice(const char* function, const char* tensor, int32_t device);

/** Runs a function of the table for an API function; its message becomes that of this thread. */
template <typename... Parameters, typename... Arguments>
octet_status RunOnCuda(const char* function, int32_t device, void* stream,
                       octet_status (*run)(const cuda::Call*, Parameters...), Arguments... arguments) {
  if (run == nullptr) {
    return Fail(OCTET_UNSUPPORTED, "%s: there is no CUDA kernel for this function yet; copy the tensors to the cpu",
                function);
  }
  char message[512] = "";
  const cuda::Call call = {device, stream, message, sizeof(message)};
  const octet_status status = run(&call, arguments...);
  return status == OCTET_OK ? OCTET_OK : Fail(status, "%s: %s", function, message);
}

/** For checked arguments, after a call whose tensors are on a device: so there is a table. */
template <typename... Parameters, typename... Arguments>
octet_status RunOnCuda(const Checker& check, void* stream, octet_status (*run)(const cuda::Call*, Parameters...),
                       Arguments... arguments) {
  return RunOnCuda(check.function(), check.cuda_device(), stream, run, arguments...);
}

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_CUDA_LIBRARY_H_
