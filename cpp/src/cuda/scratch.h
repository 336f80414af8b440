// SPDX-License-Identifier: Apache-2.0
// Memory for results between two kernels of a call, taken from the device's pool in the order of the stream: after the
// first calls that is no allocation by the driver, and a graph that records the call has it as a node.
#ifndef OCTET_CUDA_SCRATCH_H_
#define OCTET_CUDA_SCRATCH_H_

#include "cuda/launch.h"

namespace octet {
namespace cuda {

class Scratch {
 public:
  /** Nothing for 0 bytes. The call's device is the current one. */
  Scratch(const Call* call, size_t bytes) : stream_(StreamOf(call)) {
    if (bytes != 0) error_ = cudaMallocAsync(&memory_, bytes, stream_);
  }
  ~Scratch() {
    if (memory_ != nullptr) cudaFreeAsync(memory_, stream_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  cudaError_t error() const { return error_; }
  void* memory() const { return memory_; }

 private:
  cudaStream_t stream_;
  void* memory_ = nullptr;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_SCRATCH_H_
