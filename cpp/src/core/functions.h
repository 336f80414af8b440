// SPDX-License-Identifier: Apache-2.0
// Functions of elements and reductions, by number, as backends take them.
#ifndef OCTET_CORE_FUNCTIONS_H_
#define OCTET_CORE_FUNCTIONS_H_

#include "numerics/unary.h"

namespace octet {

/** In the order of octet_binary_function. */
enum class Binary { kAdd, kSub, kMul, kDiv, kMin, kMax };
constexpr int kBinaryFunctions = 6;

/** In the order of octet_integer_function. */
enum class IntegerFunction { kAdd, kSub, kMul, kFloorDiv, kRemainder, kMin, kMax };
constexpr int kIntegerFunctions = 7;

/** In the order of octet_comparison. */
enum class Comparison { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
constexpr int kComparisons = 6;

/** In the order of octet_reduction. */
enum class Reduction { kSum, kMean, kMax, kMin };
constexpr int kReductions = 4;

struct UnaryCall {
  numerics::Unary function = numerics::Unary::kIdentity;
  numerics::UnaryParameters parameters = {0.0f, 0.0f};
};

}  // namespace octet

#endif  // OCTET_CORE_FUNCTIONS_H_
