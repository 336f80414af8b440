// SPDX-License-Identifier: Apache-2.0
// Arithmetic of whole numbers. All is worked out in 64 bits and wraps around; the lower half of a result is that of 32
// bits but for quotients, whose operands have 32 bits then: the only quotient that leaves them, of the least number by
// -1, wraps around as well.
#ifndef OCTET_NUMERICS_INTEGERS_H_
#define OCTET_NUMERICS_INTEGERS_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

OCTET_MATH int64_t WrappedAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

OCTET_MATH int64_t WrappedSub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

OCTET_MATH int64_t WrappedMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

/** Rounded down; 0 by 0. */
OCTET_MATH int64_t FloorDiv(int64_t a, int64_t b) {
  if (b == 0) return 0;
  // The processor's division fails for the least number by -1.
  if (b == -1) return WrappedSub(0, a);
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

OCTET_MATH int64_t FloorRemainder(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  const int64_t remainder = a % b;
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_INTEGERS_H_
