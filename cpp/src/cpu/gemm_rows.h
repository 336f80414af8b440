// SPDX-License-Identifier: Apache-2.0
// From a number of rows to code made for it: loops that are unrolled before the compiler decides what lies in
// registers, and addresses of rows.
#ifndef OCTET_CPU_GEMM_ROWS_H_
#define OCTET_CPU_GEMM_ROWS_H_

#include <cstdint>
#include <type_traits>
#include <utility>

/** Lambdas take it after their parameters. */
#define OCTET_INLINE __attribute__((always_inline))

namespace octet {
namespace cpu {

/** Calls body with std::integral_constant<int, rows>; 1 <= rows <= kMost. */
template <int kMost, typename Body>
void WithRows(int rows, const Body& body) {
  if constexpr (kMost > 1) {
    if (rows < kMost) {
      WithRows<kMost - 1>(rows, body);
      return;
    }
  }
  body(std::integral_constant<int, kMost>());
}

template <typename Body, int... kIndices>
OCTET_INLINE inline void RepeatFor(std::integer_sequence<int, kIndices...>, const Body& body) {
  (body(std::integral_constant<int, kIndices>()), ...);
}

/**
 * Calls body with 0, 1, ... kCount - 1, each a std::integral_constant. With a loop and its pragma in place of this, GCC
 * 12 unrolls too late to keep arrays in registers in all cases.
 */
template <int kCount, typename Body>
OCTET_INLINE inline void Repeat(const Body& body) {
  RepeatFor(std::make_integer_sequence<int, kCount>(), body);
}

/**
 * Offsets of rows from a pointer that moves. Row r lies r = odd * 2^s strides away: an x86 address has a base and an
 * index times 1, 2, 4 or 8, so that the odd multiples of the stride, held in registers, reach all rows from one
 * pointer. Left to itself GCC 12 keeps several pointers, in memory where it has no registers left, and adds to them
 * with vector instructions.
 */
template <int kRows>
class RowOffsets {
 public:
  OCTET_INLINE explicit RowOffsets(int64_t stride) {
    Repeat<kOdd>([&](auto i) OCTET_INLINE {
      odd_[i()] = (2 * i() + 1) * stride;
      // The value comes from here and can't be computed anew.
      asm volatile("" : "+r"(odd_[i()]));
    });
  }

  template <int kRow>
  OCTET_INLINE int64_t Of() const {
    if constexpr (kRow == 0) {
      return 0;
    } else {
      return Odd<kRow>() * kTimes<kRow>;
    }
  }

  /** The offset of kRow > 0 is the odd multiple times 1, 2, 4 or 8. */
  template <int kRow>
  OCTET_INLINE int64_t Odd() const {
    return odd_[kRow / kTimes<kRow> / 2];
  }
  template <int kRow>
  static constexpr int kTimes = kRow & -kRow;

 private:
  static constexpr int kOdd = kRows > 1 ? kRows / 2 : 1;
  int64_t odd_[kOdd];
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_ROWS_H_
