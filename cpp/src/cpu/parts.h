// SPDX-License-Identifier: Apache-2.0
// Work in parts of about equal size.
#ifndef OCTET_CPU_PARTS_H_
#define OCTET_CPU_PARTS_H_

#include <cstdint>

#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {

/** How many parts of at most `most` there are. */
constexpr int64_t PartsOf(int64_t count, int64_t most) { return (count + most - 1) / most; }

/** Where a part begins; the next one's beginning is its end. */
constexpr int64_t PartStart(int64_t count, int64_t parts, int64_t part) { return count * part / parts; }

/** Parts one after the other, the larger ones first: without the divisions of PartStart, which take some 15 cycles. */
class PartSizes {
 public:
  PartSizes(int64_t count, int64_t parts)
      : least_(parts == 0 ? 0 : count / parts), larger_(parts == 0 ? 0 : count % parts) {}

  int64_t operator[](int64_t part) const { return least_ + (part < larger_ ? 1 : 0); }
  /** Where a part begins. */
  int64_t Start(int64_t part) const { return part * least_ + (part < larger_ ? part : larger_); }

 private:
  int64_t least_;
  int64_t larger_;
};

/** Calls body for all of 0..count-1, in this thread if all of it is little work. */
template <typename Body>
void ForItems(int64_t count, bool alone, const Body& body) {
  if (!alone) {
    ParallelFor(count, body);
    return;
  }
  for (int64_t item = 0; item < count; ++item) body(item);
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_PARTS_H_
