// SPDX-License-Identifier: Apache-2.0
// Functions of one value, chosen when a kernel runs: the switch is the same for all threads, and is taken once for all
// elements of a thread. A kernel for every function would take the compiler ten times as long. Two kinds of kernels
// share the functions, so that the short ones do not pay for the registers of the long ones.
#ifndef OCTET_CUDA_FUNCTIONS_H_
#define OCTET_CUDA_FUNCTIONS_H_

#include "numerics/unary.h"

namespace octet {
namespace cuda {

/** Whether a function takes polynomials, and so some tens of operations an element. */
constexpr bool IsLong(numerics::Unary function) {
  using numerics::Unary;
  switch (function) {
    case Unary::kIdentity:
    case Unary::kRelu:
    case Unary::kRelu6:
    case Unary::kSqrt:
    case Unary::kRsqrt:
    case Unary::kReciprocal:
    case Unary::kNeg:
    case Unary::kAbs:
    case Unary::kClamp:
    case Unary::kHardswish:
    case Unary::kHardsigmoid:
    case Unary::kLeakyRelu:
      return false;
    default:
      return true;
  }
}

template <bool kLong, int kFirst, int kElements>
__device__ void ApplyFrom(numerics::Unary function, numerics::UnaryParameters parameters, float (&values)[kElements]) {
  if constexpr (kFirst < numerics::kUnaryFunctions) {
    constexpr auto kFunction = static_cast<numerics::Unary>(kFirst);
    if constexpr (IsLong(kFunction) == kLong) {
      if (function == kFunction) {
#pragma unroll
        for (int i = 0; i < kElements; ++i) {
          values[i] = numerics::UnaryLanes<numerics::OneLane, kFunction>(values[i], parameters);
        }
        return;
      }
    }
    ApplyFrom<kLong, kFirst + 1>(function, parameters, values);
  }
}

/** function: a long one or not, as the kernel is. */
template <bool kLong, int kElements>
__device__ void Apply(numerics::Unary function, numerics::UnaryParameters parameters, float (&values)[kElements]) {
  ApplyFrom<kLong, 0>(function, parameters, values);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FUNCTIONS_H_
