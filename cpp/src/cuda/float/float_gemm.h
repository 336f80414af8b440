// SPDX-License-Identifier: Apache-2.0
// Products of floats with packed weights on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_FLOAT_FLOAT_GEMM_H_
#define OCTET_CUDA_FLOAT_FLOAT_GEMM_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

FloatGemmFunctions TheFloatGemmFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_FLOAT_GEMM_H_
