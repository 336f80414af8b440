// SPDX-License-Identifier: Apache-2.0
// Pooling of images: the entries of PoolFunctions.
#ifndef OCTET_CUDA_POOL_H_
#define OCTET_CUDA_POOL_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status MaxPool2d(const Call* call, const TensorView* x, const PoolAxes* axes, const TensorView* out);
octet_status AvgPool2d(const Call* call, const Operand* x, const PoolAxes* axes, const AvgPoolOptions* options,
                       const Operand* out);
octet_status AdaptiveAvgPool2d(const Call* call, const Operand* x, const Operand* out);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_POOL_H_
