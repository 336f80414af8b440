// SPDX-License-Identifier: Apache-2.0
// Weights of several groups for tests, and their products.
#ifndef OCTET_TEST_SUPPORT_GROUPED_H_
#define OCTET_TEST_SUPPORT_GROUPED_H_

#include <memory>
#include <vector>

#include "support/gemm.h"

namespace octet {
namespace test {

/** Random weights [G, N, K] with a grid, and the block packed from them. */
class GroupedWeights {
 public:
  GroupedWeights(int64_t groups, int64_t n, int64_t k, const WeightKind& kind, uint32_t seed);

  /** codes as [G, N, K]. */
  const DLTensor* dl();
  void Pack();
  /** The weights of a group by themselves, packed by octet_gemm_pack. */
  std::unique_ptr<Weights> Of(int64_t group) const;

  const int64_t groups;
  const int64_t n;
  const int64_t k;
  /** Of all groups, [G * N, K], with a grid for its rows or for all of it. */
  Weights all;
  std::unique_ptr<Aligned> packed;

 private:
  int64_t shape_[3];
  DLTensor dl_;
};

/** Where groups of these sizes end: s32 [G]. */
Tensor OffsetsOf(const std::vector<int>& sizes);

/** Runs the products on the CPU; a_grid null: dynamic with 8 bits. */
octet_status RunGrouped(const DLTensor* a, const octet_grid* a_grid, const DLTensor* offsets,
                        const GroupedWeights& weights, const octet_epilogue* epilogue, DLTensor* out);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_GROUPED_H_
