// SPDX-License-Identifier: Apache-2.0
// Sums of blocks in the order of numerics/summation.h over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_BLOCK_H_
#define OCTET_CPU_VECTOR_BLOCK_H_

#include <cstdint>

#include "cpu/vector_kernels.h"
#include "numerics/summation.h"

namespace octet {
namespace cpu {

/**
 * The sum over count <= kBlock elements; next(lanes, sum) returns the sum with the vector's terms added. Lanes without
 * an element read zeros and are left out.
 */
template <typename V, typename Next>
float SumOfBlock(int64_t count, const Next& next) {
  using Floats = typename V::Floats;
  Floats sums[VectorKernels<V>::kSumVectors];
  for (auto& sum : sums) sum = V::Set(0.0f);
  VectorKernels<V>::ForEachOfBlock(
      count, [&](int v, auto lanes) { sums[v] = next(lanes, sums[v]); },
      [&](int v, auto lanes, typename V::Mask present) {
        sums[v] = V::Select(present, next(lanes, sums[v]), sums[v]);
      });
  return VectorKernels<V>::SumOfLanes(sums);
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_BLOCK_H_
