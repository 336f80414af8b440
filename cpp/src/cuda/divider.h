// SPDX-License-Identifier: Apache-2.0
// Division of indices by a number that is known when a kernel is launched, by a multiplication instead of some twenty
// instructions.
#ifndef OCTET_CUDA_DIVIDER_H_
#define OCTET_CUDA_DIVIDER_H_

#include <cstdint>

namespace octet {
namespace cuda {

struct Divider {
  int64_t divisor;
  /** For dividends and divisors below 2^31: quotient = (high half of n * multiplier + n) >> shift (Granlund and
   * Montgomery, "Division by invariant integers using multiplication", 1994). */
  uint32_t multiplier;
  uint32_t shift;

  struct Result {
    int64_t quotient;
    int64_t remainder;
  };

  __device__ Result Divide(int64_t n) const {
    if (n < (int64_t{1} << 31) && divisor < (int64_t{1} << 31)) {
      const uint32_t small = static_cast<uint32_t>(n);
      const uint32_t quotient = (__umulhi(small, multiplier) + small) >> shift;
      return {quotient, static_cast<int64_t>(small - quotient * static_cast<uint32_t>(divisor))};
    }
    const int64_t quotient = n / divisor;
    return {quotient, n - quotient * divisor};
  }
};

/** divisor >= 1. */
inline Divider DividerOf(int64_t divisor) {
  Divider result = {divisor, 0, 0};
  if (divisor >= (int64_t{1} << 31)) return result;
  while ((int64_t{1} << result.shift) < divisor) ++result.shift;
  const uint64_t difference = (uint64_t{1} << result.shift) - static_cast<uint64_t>(divisor);
  result.multiplier = static_cast<uint32_t>((difference << 32) / static_cast<uint64_t>(divisor) + 1);
  return result;
}

/**
 * Where an element lies: its number taken apart by the sizes of dimensions, the last dimension first, each place by its
 * stride. Of the outermost dimension the place is what is left, so that one dimension takes no division.
 */
__device__ inline int64_t OffsetOf(int64_t number, int dims, const Divider* sizes, const int64_t* strides) {
  if (dims == 0) return 0;
  int64_t offset = 0;
#pragma unroll 1
  for (int d = 0; d < dims - 1; ++d) {
    const Divider::Result place = sizes[d].Divide(number);
    offset += place.remainder * strides[d];
    number = place.quotient;
  }
  return offset + number * strides[dims - 1];
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_DIVIDER_H_
