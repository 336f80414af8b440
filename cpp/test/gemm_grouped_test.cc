// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "support/gemm.h"
#include "support/grids.h"
#include "support/grouped.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0078125f;
/** What elements of the output are before a call. */
constexpr double kUntouched = -5.0;

int Least(DLDataType type) { return type.code == kDLUInt ? 0 : -128; }

int RowsOf(const std::vector<int>& sizes) { return std::accumulate(sizes.begin(), sizes.end(), 0); }

std::string Words(const std::vector<int>& sizes) {
  std::string words = "groups of";
  for (int size : sizes) words += " " + std::to_string(size);
  return words;
}

Tensor Untouched(DLDataType type, int64_t m, int64_t n) {
  Tensor out(type, {m, n});
  out.Fill(std::vector<double>(static_cast<size_t>(out.count()), kUntouched));
  return out;
}

/** Products of codes to f32 with bias, on all paths, against the formula. rest: rows that belong to no group. */
void CheckCodes(const std::vector<int>& sizes, int64_t n, int64_t k, DLDataType type, const WeightKind& kind,
                int rest = 0) {
  SCOPED_TRACE(Words(sizes) + ", " + std::to_string(n) + " x " + std::to_string(k) + " " + TypeName(type) + " * " +
               TypeName(kind.type) + (kind.format == OCTET_WEIGHTS_4_BIT ? " of 4 bits" : ""));
  const auto groups = static_cast<int64_t>(sizes.size());
  const int64_t m = RowsOf(sizes) + rest;
  const TensorGrid a_grid(type, kScale, 7.0f);
  const std::vector<int> codes = RandomCodes(m * k, Least(type), Least(type) + 255, 17);
  Tensor a(type, {m, k});
  a.Fill(codes);
  Tensor offsets = OffsetsOf(sizes);
  GroupedWeights weights(groups, n, k, kind, 5);
  weights.Pack();
  Tensor bias = Tensor::Of(RandomValues(groups * n, 1.0f, 3));
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.push_back(Untouched(kF32, m, n));
    EXPECT_OK(RunGrouped(a.dl(), a_grid.get(), offsets.dl(), weights, &epilogue, out[0].dl()));
    return out;
  });
  int64_t row = 0;
  for (int64_t group = 0; group < groups; ++group) {
    for (int i = 0; i < sizes[static_cast<size_t>(group)]; ++i, ++row) {
      for (int64_t column = 0; column < n; ++column) {
        const int64_t channel = group * n + column;
        const float sum = static_cast<float>(ExactProduct(codes, 7, weights.all, row, channel));
        const float expected =
            std::fma(sum, kScale * weights.all.scale(channel), static_cast<float>(bias.Get(channel)));
        ASSERT_EQ(outputs[0].Get(row * n + column), static_cast<double>(expected)) << row << ", " << column;
      }
    }
  }
  for (int64_t i = row * n; i < m * n; ++i) ASSERT_EQ(outputs[0].Get(i), kUntouched) << i;
}

TEST(GemmGrouped, EqualsTheFormulaForEveryKindOfOperands) {
  for (DLDataType type : {kS8, kU8}) {
    for (const WeightKind& kind : kWeightKinds) {
      CheckCodes({3, 0, 1, 17}, 19, 37, type, kind);
      CheckCodes({1, 1, 2}, 32, 64, type, kind, 2);
    }
  }
}

TEST(GemmGrouped, TakesGroupsOfAnySize) {
  int kind = 0;
  for (const std::vector<int>& sizes :
       {std::vector<int>{0}, {1}, {0, 0, 0}, {0, 0, 5}, {5, 0, 0}, {0, 1, 0, 1, 0}, {16, 14, 15, 13}, {40, 1, 0, 23}}) {
    for (int64_t n : {0, 1, 17}) {
      for (int64_t k : {0, 1, 7, 65}) {
        CheckCodes(sizes, n, k, kU8, kWeightKinds[kind % 7], kind % 3);
        ++kind;
      }
    }
  }
  CheckCodes({}, 5, 9, kS8, kWeightKinds[0], 4);
}

TEST(GemmGrouped, CutsGroupsIntoBlocks) {
  // A group in several parts of the workspace, parts with several groups, items for all threads.
  CheckCodes({500, 3, 700}, 3, 12, kS8, kWeightKinds[2]);
  CheckCodes({150, 150, 20}, 70, 40, kS8, kWeightKinds[0]);
  CheckCodes({20, 3}, 33, 5003, kU8, kWeightKinds[0]);
  CheckCodes(std::vector<int>(300, 1), 33, 20, kS8, kWeightKinds[4]);
}

/** A product with all that an epilogue can have. */
struct Full {
  DLDataType a_type;
  DLDataType out_type;
  DLDataType residual_type;
  bool dynamic;
};

/** Each group equals octet_gemm with its weights, bias and factor. */
void CheckAgainstGemm(const Full& full, const WeightKind& kind) {
  SCOPED_TRACE(TypeName(full.a_type) + " to " + TypeName(full.out_type) + (full.dynamic ? " dynamic" : ""));
  const std::vector<int> sizes = {7, 0, 30, 1};
  constexpr int64_t kN = 21, kK = 75, kM = 40;
  const TensorGrid a_grid(full.a_type.bits == 8 ? full.a_type : kS8, kScale, 5.0f);
  const TensorGrid out_grid(full.out_type, 0.05f, 11.0f);
  const TensorGrid residual_grid(full.residual_type, 0.05f, 9.0f);
  Tensor wide(full.a_type, {kM, kK + 5});
  if (full.a_type.bits == 8) {
    wide.Fill(RandomCodes(wide.count(), Least(full.a_type), Least(full.a_type) + 255, 2));
  } else {
    // With NaN, infinities, ties and what lies far out of the grid.
    wide.Fill(MixedValues(wide.count(), kScale, 4));
  }
  Columns a(&wide, kK);
  GroupedWeights weights(4, kN, kK, kind, 5);
  weights.Pack();
  Tensor offsets = OffsetsOf(sizes);
  Tensor bias = Tensor::Of(RandomValues(4 * kN, 1.0f, 3));
  Tensor factor = Tensor::Of(RandomValues(4 * kN, 2.0f, 31));
  Tensor residual(full.residual_type, {kM, kN});
  if (full.residual_type.bits == 8) {
    residual.Fill(RandomCodes(residual.count(), Least(full.residual_type), Least(full.residual_type) + 255, 6));
  } else {
    residual.Fill(RandomValues(residual.count(), 1.0f, 6));
  }
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  epilogue.factor = factor.dl();
  epilogue.residual = residual.dl();
  epilogue.residual_grid = residual_grid.get();
  epilogue.activation = OCTET_ACTIVATION_SILU;
  epilogue.out_grid = out_grid.get();
  const octet_grid* const grid = full.dynamic ? nullptr : a_grid.get();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.push_back(Untouched(full.out_type, kM, kN));
    EXPECT_OK(RunGrouped(a.dl(), grid, offsets.dl(), weights, &epilogue, out[0].dl()));
    return out;
  });
  Tensor expected = Untouched(full.out_type, kM, kN);
  int64_t first = 0;
  for (int64_t group = 0; group < 4; ++group) {
    const int64_t rows = sizes[static_cast<size_t>(group)];
    const std::unique_ptr<Weights> one = weights.Of(group);
    Tensor group_bias(kF32, {kN});
    Tensor group_factor(kF32, {kN});
    for (int64_t i = 0; i < kN; ++i) {
      group_bias.Set(i, bias.Get(group * kN + i));
      group_factor.Set(i, factor.Get(group * kN + i));
    }
    const auto rows_of = [&](DLTensor dl, int64_t stride, int64_t* shape) {
      dl.shape = shape;
      shape[0] = rows;
      dl.byte_offset += static_cast<uint64_t>(first * stride * dl.dtype.bits / 8);
      return dl;
    };
    int64_t a_shape[2] = {rows, kK};
    int64_t residual_shape[2] = {rows, kN};
    int64_t out_shape[2] = {rows, kN};
    DLTensor group_a = rows_of(*a.dl(), kK + 5, a_shape);
    DLTensor group_residual = rows_of(*residual.dl(), kN, residual_shape);
    DLTensor group_out = rows_of(*expected.dl(), kN, out_shape);
    octet_epilogue of_group = epilogue;
    of_group.bias = group_bias.dl();
    of_group.factor = group_factor.dl();
    of_group.residual = &group_residual;
    ASSERT_OK(RunGemm(&group_a, grid, *one, &of_group, &group_out));
    first += rows;
  }
  EXPECT_TRUE(SameBits(outputs[0], expected));
}

TEST(GemmGrouped, EqualsAProductForEachGroup) {
  for (const WeightKind& kind : kWeightKinds) {
    for (const Full& full :
         {Full{kS8, kF32, kF32, false}, Full{kU8, kS8, kU8, false}, Full{kF32, kU8, kF16, false},
          Full{kF16, kBF16, kS8, false}, Full{kBF16, kF16, kBF16, false}, Full{kF32, kF32, kF32, true},
          Full{kF16, kS8, kF32, true}, Full{kBF16, kBF16, kU8, true}}) {
      CheckAgainstGemm(full, kind);
    }
  }
}

TEST(GemmGrouped, GroupsWithoutZeroPointsMayStandBesideOthers) {
  const std::vector<int> sizes = {4, 4};
  GroupedWeights weights(2, 6, 20, kWeightKinds[2], 5);
  for (int64_t i = 0; i < 6; ++i) weights.all.zero.Set(i, 128.0);
  weights.Pack();
  Tensor a(kU8, {8, 20});
  a.Fill(RandomCodes(a.count(), 0, 255, 1));
  const TensorGrid grid(kU8, kScale, 3.0f);
  Tensor offsets = OffsetsOf(sizes);
  Tensor out = Untouched(kF32, 8, 6);
  ASSERT_OK(RunGrouped(a.dl(), grid.get(), offsets.dl(), weights, nullptr, out.dl()));
  Tensor expected(kF32, {8, 6});
  ASSERT_OK(RunGemm(a.dl(), grid.get(), *weights.Of(0), nullptr, expected.dl()));
  for (int64_t i = 0; i < 4 * 6; ++i) ASSERT_EQ(out.Get(i), expected.Get(i)) << i;
}

TEST(GemmGrouped, ReadsOffsetsAtAnyAddress) {
  GroupedWeights weights(3, 6, 20, kWeightKinds[0], 5);
  weights.Pack();
  Tensor a(kS8, {9, 20});
  a.Fill(RandomCodes(a.count(), -128, 127, 1));
  const TensorGrid grid(kS8, kScale, 3.0f);
  Tensor offsets = OffsetsOf({4, 2, 3});
  Tensor misaligned(kS32, {3}, Layout::kMisaligned);
  for (int64_t i = 0; i < 3; ++i) misaligned.Set(i, offsets.Get(i));
  Tensor expected(kF32, {9, 6});
  Tensor out(kF32, {9, 6});
  ASSERT_OK(RunGrouped(a.dl(), grid.get(), offsets.dl(), weights, nullptr, expected.dl()));
  ASSERT_OK(RunGrouped(a.dl(), grid.get(), misaligned.dl(), weights, nullptr, out.dl()));
  EXPECT_TRUE(SameBits(out, expected));
}

TEST(GemmGroupedPack, DescribesItselfAndCanBeMoved) {
  for (const WeightKind& kind : kWeightKinds) {
    GroupedWeights weights(3, 45, 51, kind, 5);
    weights.Pack();
    octet_gemm_grouped_info info;
    ASSERT_OK(octet_gemm_grouped_packed_info(weights.packed->data(), weights.packed->size(), &info));
    EXPECT_EQ(info.groups, 3);
    EXPECT_EQ(info.n, 45);
    EXPECT_EQ(info.k, 51);
    EXPECT_EQ(info.format, kind.format);
    EXPECT_EQ(info.has_zero_points, kind.type.code == kDLUInt ? 1 : 0);
    EXPECT_LE(info.bytes, static_cast<int64_t>(weights.packed->size()));
    const TensorGrid grid(kU8, kScale, 3.0f);
    Tensor a(kU8, {5, 51});
    a.Fill(RandomCodes(a.count(), 0, 255, 1));
    Tensor offsets = OffsetsOf({2, 2, 1});
    Tensor expected(kF32, {5, 45});
    Tensor out(kF32, {5, 45});
    ASSERT_OK(RunGrouped(a.dl(), grid.get(), offsets.dl(), weights, nullptr, expected.dl()));
    auto moved = std::make_unique<Aligned>(static_cast<size_t>(info.bytes));
    std::memcpy(moved->data(), weights.packed->data(), moved->size());
    weights.packed = std::move(moved);
    ASSERT_OK(RunGrouped(a.dl(), grid.get(), offsets.dl(), weights, nullptr, out.dl()));
    EXPECT_TRUE(SameBits(out, expected));
  }
}

TEST(GemmGroupedPack, TakesAnyStridesAndAScaleForEachGroup) {
  GroupedWeights weights(3, 12, 20, kWeightKinds[0], 5);
  Tensor scales = Tensor::Of({0.5f, 0.25f, 1.0f});
  octet_grid grid = weights.all.grid();
  grid.delta = scales.dl();
  Tensor transposed(kS8, {3, 12, 20}, Layout::kTransposed);
  for (int64_t i = 0; i < transposed.count(); ++i) transposed.Set(i, weights.all.codes.Get(i));
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_grouped_pack_size(transposed.dl(), OCTET_WEIGHTS_8_BIT, &bytes));
  const Aligned packed(bytes);
  ASSERT_OK(octet_gemm_grouped_pack(transposed.dl(), &grid, OCTET_WEIGHTS_8_BIT, packed.data(), packed.size()));
  for (int64_t i = 0; i < 36; ++i) weights.all.delta.Set(i, scales.Get(i / 12));
  weights.Pack();
  octet_gemm_grouped_info info;
  ASSERT_OK(octet_gemm_grouped_packed_info(packed.data(), packed.size(), &info));
  EXPECT_EQ(std::memcmp(packed.data(), weights.packed->data(), static_cast<size_t>(info.bytes)), 0);
}

}  // namespace
}  // namespace test
}  // namespace octet
