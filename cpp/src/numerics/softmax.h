// SPDX-License-Identifier: Apache-2.0
// Softmax of a row of n values:
//
//     t = x * scale + bias (two roundings), minus infinity where masked
//     m = the greatest t
//     e = exp(t - m)                   ExpLanes of activation.h
//     r = f32(1 / sum of e)            the sum as in summation.h over all n, masked ones counting 0; its end in f64
//     p = e * r
//
// A row whose terms are all minus infinity is 0 throughout. One with a NaN among the terms, or plus infinity, is NaN.
#ifndef OCTET_NUMERICS_SOFTMAX_H_
#define OCTET_NUMERICS_SOFTMAX_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

OCTET_MATH float InverseOfSum(double sum) { return static_cast<float>(1.0 / sum); }

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_SOFTMAX_H_
