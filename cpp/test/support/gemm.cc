// SPDX-License-Identifier: Apache-2.0
#include "support/gemm.h"

#include <random>

namespace octet {
namespace test {

std::vector<int> RandomCodes(int64_t count, int least, int greatest, uint32_t seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> uniform(least, greatest);
  std::vector<int> codes(static_cast<size_t>(count));
  for (int& code : codes) code = uniform(engine);
  return codes;
}

Weights::Weights(int64_t n, int64_t k, const WeightKind& weight_kind, uint32_t seed)
    : kind(weight_kind),
      codes(weight_kind.type, {n, k}),
      delta(kF32, {weight_kind.per_channel ? n : 1}),
      zero(kF32, {weight_kind.per_channel ? n : 1}) {
  codes.Fill(RandomCodes(n * k, kind.least, kind.greatest, seed));
  for (int64_t i = 0; i < delta.count(); ++i) {
    delta.Set(i, 0.003 + 0.0007 * static_cast<double>(i % 13));
    zero.Set(i, kind.least + static_cast<double>((i * 37 + 5) % (kind.greatest - kind.least + 1)));
  }
}

const octet_grid& Weights::grid() {
  grid_ = {delta.dl(),
           kind.zero_points ? zero.dl() : nullptr,
           static_cast<float>(kind.least),
           static_cast<float>(kind.greatest),
           OCTET_SCALE_LINEAR,
           1e-8f,
           kind.per_channel ? 0 : -1};
  return grid_;
}

void Weights::Pack() {
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_pack_size(codes.dl(), kind.format, &bytes));
  packed = std::make_unique<Aligned>(bytes);
  ASSERT_OK(octet_gemm_pack(codes.dl(), &grid(), kind.format, packed->data(), packed->size()));
}

int64_t ExactProduct(const std::vector<int>& codes, int64_t a_zero, const Weights& weights, int64_t row,
                     int64_t column) {
  const int64_t k = weights.k();
  const int64_t w_zero = weights.zero_point(column);
  int64_t sum = 0;
  for (int64_t i = 0; i < k; ++i) {
    const auto weight = static_cast<int64_t>(weights.codes.Get(column * k + i));
    sum += (codes[static_cast<size_t>(row * k + i)] - a_zero) * (weight - w_zero);
  }
  return sum;
}

octet_status RunGemm(const DLTensor* a, const octet_grid* a_grid, const Weights& weights,
                     const octet_epilogue* epilogue, DLTensor* out) {
  const Aligned& packed = *weights.packed;
  size_t bytes = 0;
  const octet_status status = octet_gemm_workspace_size(a, packed.data(), packed.size(), &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  if (a_grid == nullptr) {
    return octet_gemm_dynamic(a, 8, 1e-8f, packed.data(), packed.size(), epilogue, out, workspace.data(),
                              workspace.size(), nullptr);
  }
  return octet_gemm(a, a_grid, packed.data(), packed.size(), epilogue, out, workspace.data(), workspace.size(),
                    nullptr);
}

}  // namespace test
}  // namespace octet
