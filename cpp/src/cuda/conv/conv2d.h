// SPDX-License-Identifier: Apache-2.0
// Convolutions on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_CONV_CONV2D_H_
#define OCTET_CUDA_CONV_CONV2D_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

Conv2dFunctions TheConv2dFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_CONV2D_H_
