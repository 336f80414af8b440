// SPDX-License-Identifier: Apache-2.0
// Kernels that tests and benchmarks choose: octet_gemm_force_kernel.
#include <atomic>
#include <cstdio>
#include <cstring>

#include "cuda/float/run.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/heuristics.h"
#include "cuda/gemm/launchers.h"

namespace octet {
namespace cuda {
namespace {

std::atomic<int> forced_kernel(-1);
std::atomic<int> forced_float(-1);
std::atomic<int> forced_parts(0);

}  // namespace

octet_status ForceKernel(const Call* call, const char* kernel, int32_t parts) {
  for (int i = 0; i < kFloatKernelCount; ++i) {
    if (kernel == nullptr || std::strcmp(kernel, kFloatKernelNames[i]) != 0) continue;
    forced_kernel = -1;
    forced_float = i;
    forced_parts = parts;
    return OCTET_OK;
  }
  int index = -1;
  for (const GemmKernelInfo& info : kGemmKernels) {
    if (kernel != nullptr && std::strcmp(kernel, info.name) == 0) index = static_cast<int>(info.kernel);
  }
  DeviceKind kind;
  if (const octet_status status = KindOf(call, &kind); status != OCTET_OK) return status;
  if (kernel != nullptr && (index < 0 || !Runs(kGemmKernels[index], kind))) {
    int length =
        std::snprintf(call->message, call->message_bytes,
                      "kernel is %s; products of floats have %s, %s and %s, those of codes on sm_%d: there are", kernel,
                      kFloatKernelNames[0], kFloatKernelNames[1], kFloatKernelNames[2], kind.architecture);
    for (const GemmKernelInfo& info : kGemmKernels) {
      if (!Runs(info, kind)) continue;
      if (length < 0 || static_cast<size_t>(length) >= call->message_bytes) break;
      length +=
          std::snprintf(call->message + length, call->message_bytes - static_cast<size_t>(length), " %s", info.name);
    }
    return OCTET_INVALID_ARGUMENT;
  }
  forced_kernel = index;
  forced_float = -1;
  forced_parts = parts;
  return OCTET_OK;
}

ForcedPlan CurrentForcedPlan() { return {forced_kernel.load(), forced_parts.load()}; }

ForcedPlan CurrentFloatPlan() { return {forced_float.load(), forced_parts.load()}; }

}  // namespace cuda
}  // namespace octet
