// SPDX-License-Identifier: Apache-2.0
// Blocks of weights on their way to a device: written in memory of the host, then copied as they are.
#ifndef OCTET_CUDA_PLACE_BLOCK_H_
#define OCTET_CUDA_PLACE_BLOCK_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>

#include "cuda/launch.h"

namespace octet {
namespace cuda {

/** Has write(T* host) fill `bytes` bytes, and enqueues their copy to `block`, memory of the call's device. */
template <typename T, typename Write>
octet_status PlaceBlock(const Call* call, int64_t bytes, void* block, const Write& write) {
  if (bytes == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  const std::unique_ptr<T[]> host(new (std::nothrow) T[static_cast<size_t>(bytes) / sizeof(T)]);
  if (host == nullptr) {
    std::snprintf(call->message, call->message_bytes, "no host memory for %lld bytes of weights on their way",
                  static_cast<long long>(bytes));
    return OCTET_OUT_OF_MEMORY;
  }
  write(host.get());
  // From pageable memory: staged when the call returns, so that the host's copy may go.
  const cudaError_t error =
      cudaMemcpyAsync(block, host.get(), static_cast<size_t>(bytes), cudaMemcpyHostToDevice, StreamOf(call));
  return error == cudaSuccess ? OCTET_OK : Report(call, "cudaMemcpyAsync", error);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_PLACE_BLOCK_H_
