// SPDX-License-Identifier: Apache-2.0
#ifndef OCTET_CORE_INTEGER_RESULT_H_
#define OCTET_CORE_INTEGER_RESULT_H_

#include "core/functions.h"
#include "numerics/integers.h"

namespace octet {

/** function(a, b), on any device. */
OCTET_MATH int64_t ResultOf(IntegerFunction function, int64_t a, int64_t b) {
  switch (function) {
    case IntegerFunction::kAdd:
      return numerics::WrappedAdd(a, b);
    case IntegerFunction::kSub:
      return numerics::WrappedSub(a, b);
    case IntegerFunction::kMul:
      return numerics::WrappedMul(a, b);
    case IntegerFunction::kFloorDiv:
      return numerics::FloorDiv(a, b);
    case IntegerFunction::kRemainder:
      return numerics::FloorRemainder(a, b);
    case IntegerFunction::kMin:
      return a < b ? a : b;
    case IntegerFunction::kMax:
      return a > b ? a : b;
  }
  return a;
}

}  // namespace octet

#endif  // OCTET_CORE_INTEGER_RESULT_H_
