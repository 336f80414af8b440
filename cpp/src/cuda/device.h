// SPDX-License-Identifier: Apache-2.0
// Devices, memory and streams: the functions of octet/cuda.h.
#ifndef OCTET_CUDA_DEVICE_H_
#define OCTET_CUDA_DEVICE_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

DeviceFunctions TheDeviceFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_DEVICE_H_
