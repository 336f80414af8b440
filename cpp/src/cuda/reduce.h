// SPDX-License-Identifier: Apache-2.0
// Reductions over dimensions: entries of RowFunctions.
#ifndef OCTET_CUDA_REDUCE_H_
#define OCTET_CUDA_REDUCE_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status Reduce(const Call* call, Reduction reduction, const Operand* x, const bool* reduced, const Operand* out);
octet_status Argmax(const Call* call, const TensorView* x, int dim, const TensorView* out);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_REDUCE_H_
