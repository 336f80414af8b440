// SPDX-License-Identifier: Apache-2.0
// Enumerations as callers in C pass them: any integer. Reading one that no enumerator needs is undefined in C++, so
// values are looked at as integers until they are known to be good.
#ifndef OCTET_CORE_RAW_VALUE_H_
#define OCTET_CORE_RAW_VALUE_H_

#include <cstring>

namespace octet {

/** By reference: taking the value would read it. */
template <typename Enumeration>
int RawValue(const Enumeration& enumeration) {
  static_assert(sizeof(Enumeration) == sizeof(int), "C enumerations are ints");
  int value;
  std::memcpy(&value, &enumeration, sizeof(value));
  return value;
}

}  // namespace octet

#endif  // OCTET_CORE_RAW_VALUE_H_
