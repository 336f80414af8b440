// SPDX-License-Identifier: Apache-2.0
// The device of a call as the heuristics see it.
#ifndef OCTET_CUDA_GEMM_DEVICE_KIND_H_
#define OCTET_CUDA_GEMM_DEVICE_KIND_H_

#include "cuda/backend.h"
#include "cuda/gemm/heuristics.h"

namespace octet {
namespace cuda {

octet_status AnyKindOf(const Call* call, DeviceKind* kind);

/** OCTET_UNSUPPORTED for a device on which products of integers are not to be run. */
octet_status KindOf(const Call* call, DeviceKind* kind);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_DEVICE_KIND_H_
