// SPDX-License-Identifier: Apache-2.0
// Functions of whole numbers: the entries of IntegerFunctions.
#ifndef OCTET_CUDA_INTEGERS_H_
#define OCTET_CUDA_INTEGERS_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status MapIntegers(const Call* call, IntegerFunction function, const TensorView* a, const TensorView* b,
                         const TensorView* out);
octet_status ReduceIntegers(const Call* call, Reduction reduction, const TensorView* x, const bool* reduced,
                            const TensorView* out);
octet_status ArgmaxIntegers(const Call* call, const TensorView* x, int dim, const TensorView* out);
octet_status CumulativeSum(const Call* call, const TensorView* x, int dim, const TensorView* out);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_INTEGERS_H_
