// SPDX-License-Identifier: Apache-2.0
// Convolutions of floats on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_CONV_CONV2D_FLOAT_H_
#define OCTET_CUDA_CONV_CONV2D_FLOAT_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

FloatConv2dFunctions TheFloatConv2dFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_CONV2D_FLOAT_H_
