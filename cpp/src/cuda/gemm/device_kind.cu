// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/device_kind.h"

#include <cstdio>

#include "cuda/launch.h"

namespace octet {
namespace cuda {

octet_status AnyKindOf(const Call* call, DeviceKind* kind) {
  int major = 0;
  int minor = 0;
  cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, call->device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, call->device);
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(&kind->multiprocessors, cudaDevAttrMultiProcessorCount, call->device);
  }
  int clusters = 0;
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&clusters, cudaDevAttrClusterLaunch, call->device);
  if (error != cudaSuccess) return Report(call, "cudaDeviceGetAttribute", error);
  kind->clusters = clusters != 0;
  kind->architecture = 10 * major + minor;
  return OCTET_OK;
}

octet_status KindOf(const Call* call, DeviceKind* kind) {
  if (const octet_status status = AnyKindOf(call, kind); status != OCTET_OK) return status;
  if (kind->architecture != 103) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "cuda:%d has compute capability 10.3, on which products of 8-bit integers run at a thirtieth of the "
                "speed of f16 ones; run this layer in f16",
                static_cast<int>(call->device));
  return OCTET_UNSUPPORTED;
}

}  // namespace cuda
}  // namespace octet
