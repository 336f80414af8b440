// SPDX-License-Identifier: Apache-2.0
// What every entry point of this library does around its kernels: choose the device, launch, report.
#ifndef OCTET_CUDA_LAUNCH_H_
#define OCTET_CUDA_LAUNCH_H_

#include <cuda_runtime_api.h>

#include "cuda/backend.h"

namespace octet {
namespace cuda {

/** Makes the call's device the current one, and brings back the one before. */
class DeviceScope {
 public:
  explicit DeviceScope(const Call* call);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

  /** Whether the device could be chosen. */
  cudaError_t error() const { return error_; }

 private:
  int before_ = -1;
  cudaError_t error_ = cudaSuccess;
};

inline cudaStream_t StreamOf(const Call* call) { return static_cast<cudaStream_t>(call->stream); }

/** The status of an error, and words for it in the call's message. `what`: a kernel or a function of the runtime. */
octet_status Report(const Call* call, const char* what, cudaError_t error);

/** To be called after each launch. Errors of earlier work in the process can come to light here too. */
inline octet_status Launched(const Call* call, const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? OCTET_OK : Report(call, kernel, error);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_LAUNCH_H_
