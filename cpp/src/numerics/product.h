// SPDX-License-Identifier: Apache-2.0
// The order in which products of floats are summed up: in matrix products, convolutions, and whatever is made of them.
//
// The k products of an element of the result are cut into blocks of kProductBlock, the last one may be short. A block
// is summed up one product after the other, each with one fused multiply-add, from +0 on; the sums of blocks are added
// to that of the first one in order, in f32. So the order depends on k alone, and not on tiles, threads, instruction
// sets or devices.
//
// Vectors go through neighbouring elements of the result, each lane in this order: nothing has to be added across them.
// Blocks keep the rounding error of long sums below some (kProductBlock + k / kProductBlock) / 2 units of the last
// place of the sum of magnitudes, in place of k / 2; a block of 32 columns is 32 KB, which the first-level cache holds.
#ifndef OCTET_NUMERICS_PRODUCT_H_
#define OCTET_NUMERICS_PRODUCT_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

constexpr int64_t kProductBlock = 256;

/** The sum of a block of count products, a and b at strides in elements. */
OCTET_MATH float SumOfProducts(const float* a, int64_t a_stride, const float* b, int64_t b_stride, int64_t count) {
  float sum = 0.0f;
  for (int64_t i = 0; i < count; ++i) sum = Fma(a[i * a_stride], b[i * b_stride], sum);
  return sum;
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_PRODUCT_H_
