// SPDX-License-Identifier: Apache-2.0
#include "cuda/launch.h"

#include <cstdio>

namespace octet {
namespace cuda {
namespace {

/** Whether the process can do nothing with the device after it. */
bool IsSticky(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorIllegalInstruction:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorECCUncorrectable:
    case cudaErrorContained:
      return true;
    default:
      return false;
  }
}

octet_status StatusOf(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return OCTET_OUT_OF_MEMORY;
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorStubLibrary:
      return OCTET_UNSUPPORTED;
    default:
      return OCTET_DEVICE_ERROR;
  }
}

}  // namespace

DeviceScope::DeviceScope(const Call* call) {
  error_ = cudaGetDevice(&before_);
  if (error_ != cudaSuccess || before_ == call->device) {
    before_ = -1;
    return;
  }
  error_ = cudaSetDevice(call->device);
}

DeviceScope::~DeviceScope() {
  if (before_ >= 0) cudaSetDevice(before_);
}

octet_status Report(const Call* call, const char* what, cudaError_t error) {
  // Errors that are not sticky are over once they have been told.
  cudaGetLastError();
  if (IsSticky(error)) {
    std::snprintf(call->message, call->message_bytes,
                  "%s on cuda:%d: %s (%s), of this kernel or of work enqueued before it. The error is sticky: the "
                  "process can't use the device any more and has to be started again",
                  what, static_cast<int>(call->device), cudaGetErrorName(error), cudaGetErrorString(error));
  } else {
    std::snprintf(call->message, call->message_bytes, "%s on cuda:%d: %s (%s)", what, static_cast<int>(call->device),
                  cudaGetErrorName(error), cudaGetErrorString(error));
  }
  return StatusOf(error);
}

}  // namespace cuda
}  // namespace octet
