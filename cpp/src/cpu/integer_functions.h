// SPDX-License-Identifier: Apache-2.0
// Functions of whole numbers on checked arguments: tensors of s32 or s64, in one call all of one type.
#ifndef OCTET_CPU_INTEGER_FUNCTIONS_H_
#define OCTET_CPU_INTEGER_FUNCTIONS_H_

#include "core/functions.h"
#include "core/tensor_view.h"

namespace octet {
namespace cpu {

/** a and b have the shape of out, with strides of 0 where they are broadcast. */
void MapIntegers(IntegerFunction function, const TensorView& a, const TensorView& b, const TensorView& out);

/** Sum, max or min. reduced: for each dimension of x whether it is one that is reduced. out has the kept dimensions of
 * x alone. */
void ReduceIntegers(Reduction reduction, const TensorView& x, const bool* reduced, const TensorView& out);

/** out: s32 or s64, whatever x is; the dimensions of x without dim. */
void ArgmaxIntegers(const TensorView& x, int dim, const TensorView& out);

void CumulativeSum(const TensorView& x, int dim, const TensorView& out);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_INTEGER_FUNCTIONS_H_
