// SPDX-License-Identifier: Apache-2.0
#include "support/grouped.h"

namespace octet {
namespace test {

GroupedWeights::GroupedWeights(int64_t group_count, int64_t columns, int64_t depth, const WeightKind& kind,
                               uint32_t seed)
    : groups(group_count),
      n(columns),
      k(depth),
      all(group_count * columns, depth, kind, seed),
      shape_{group_count, columns, depth} {}

const DLTensor* GroupedWeights::dl() {
  dl_ = *all.codes.dl();
  dl_.ndim = 3;
  dl_.shape = shape_;
  dl_.strides = nullptr;
  return &dl_;
}

void GroupedWeights::Pack() {
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_grouped_pack_size(dl(), all.kind.format, &bytes));
  packed = std::make_unique<Aligned>(bytes);
  ASSERT_OK(octet_gemm_grouped_pack(dl(), &all.grid(), all.kind.format, packed->data(), packed->size()));
}

std::unique_ptr<Weights> GroupedWeights::Of(int64_t group) const {
  auto weights = std::make_unique<Weights>(n, k, all.kind, 0);
  for (int64_t i = 0; i < n * k; ++i) weights->codes.Set(i, all.codes.Get(group * n * k + i));
  for (int64_t i = 0; i < weights->delta.count(); ++i) {
    const int64_t from = all.kind.per_channel ? group * n + i : 0;
    weights->delta.Set(i, all.delta.Get(from));
    weights->zero.Set(i, all.zero.Get(from));
  }
  weights->Pack();
  return weights;
}

Tensor OffsetsOf(const std::vector<int>& sizes) {
  Tensor offsets(kS32, {static_cast<int64_t>(sizes.size())});
  int end = 0;
  for (size_t i = 0; i < sizes.size(); ++i) offsets.Set(static_cast<int64_t>(i), end += sizes[i]);
  return offsets;
}

octet_status RunGrouped(const DLTensor* a, const octet_grid* a_grid, const DLTensor* offsets,
                        const GroupedWeights& weights, const octet_epilogue* epilogue, DLTensor* out) {
  const Aligned& packed = *weights.packed;
  size_t bytes = 0;
  const octet_status status = octet_gemm_grouped_workspace_size(a, packed.data(), packed.size(), &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  if (a_grid == nullptr) {
    return octet_gemm_grouped_dynamic(a, 8, 1e-8f, offsets, packed.data(), packed.size(), epilogue, out,
                                      workspace.data(), workspace.size(), nullptr);
  }
  return octet_gemm_grouped(a, a_grid, offsets, packed.data(), packed.size(), epilogue, out, workspace.data(),
                            workspace.size(), nullptr);
}

}  // namespace test
}  // namespace octet
