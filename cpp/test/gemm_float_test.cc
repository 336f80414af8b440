// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm_float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "support/gemm.h"
#include "support/grids.h"
#include "support/product.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

struct Shape {
  int64_t m, n, k;
};

std::string Name(const Shape& shape) {
  return std::to_string(shape.m) + " x " + std::to_string(shape.n) + " x " + std::to_string(shape.k);
}

octet_status Multiply(const DLTensor* a, const octet_grid* a_grid, const Aligned& packed,
                      const octet_epilogue* epilogue, DLTensor* out) {
  size_t bytes = 0;
  const octet_status status = octet_gemm_float_workspace_size(a, packed.data(), packed.size(), &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  return octet_gemm_float(a, a_grid, packed.data(), packed.size(), epilogue, out, workspace.data(), workspace.size(),
                          nullptr);
}

std::unique_ptr<Aligned> Pack(const DLTensor* weights) {
  size_t bytes = 0;
  EXPECT_OK(octet_gemm_float_pack_size(weights, &bytes));
  auto packed = std::make_unique<Aligned>(bytes);
  EXPECT_OK(octet_gemm_float_pack(weights, packed->data(), packed->size()));
  return packed;
}

/** Runs a product with packed weights, whose values are those of `weights` [N, K], on all paths. */
void CheckPacked(const Shape& shape, DLDataType type, const Aligned& packed, const Tensor& weights) {
  const TensorGrid grid(type, 0.02f, 5.0f);
  Tensor a(type, {shape.m, shape.k});
  const std::vector<float> values = RandomValues(a.count(), 1.0f, 3);
  for (int64_t i = 0; i < a.count(); ++i) {
    const float value = values[static_cast<size_t>(i)];
    a.Set(i, type.bits == 8 ? grid.CodeOf(value) : static_cast<double>(value));
  }
  Tensor bias = Tensor::Of(RandomValues(shape.n, 1.0f, 5));
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, std::vector<int64_t>{shape.m, shape.n});
    EXPECT_OK(Multiply(a.dl(), grid.get(), packed, &epilogue, out[0].dl()));
    return out;
  });
  for (int64_t i = 0; i < outputs[0].count(); ++i) {
    const int64_t row = i / shape.n, column = i % shape.n;
    const float sum = NaiveProduct(
        shape.k, [&](int64_t j) { return static_cast<float>(grid.ValueOf(a.Get(row * shape.k + j))); },
        [&](int64_t j) { return static_cast<float>(weights.Get(column * shape.k + j)); });
    ASSERT_EQ(outputs[0].Get(i), static_cast<double>(sum + static_cast<float>(bias.Get(column)))) << i;
  }
}

void CheckFloats(const Shape& shape, DLDataType a_type, DLDataType type, Layout layout = Layout::kCompact) {
  SCOPED_TRACE(Name(shape) + " " + TypeName(a_type) + " * " + TypeName(type));
  Tensor weights(type, {shape.n, shape.k}, layout);
  weights.Fill(RandomValues(weights.count(), 1.0f, 4));
  const auto packed = Pack(weights.dl());
  CheckPacked(shape, a_type, *packed, weights);
}

void CheckCodes(const Shape& shape, DLDataType a_type, const WeightKind& kind) {
  SCOPED_TRACE(Name(shape) + " " + TypeName(a_type) + " * codes " + TypeName(kind.type) +
               (kind.format == OCTET_WEIGHTS_4_BIT ? " of 4 bits" : ""));
  Weights weights(shape.n, shape.k, kind, 6);
  weights.Pack();
  Tensor values(kF32, {shape.n, shape.k});
  for (int64_t i = 0; i < values.count(); ++i) {
    const int64_t row = i / shape.k;
    const float centred = static_cast<float>(weights.codes.Get(i) - static_cast<double>(weights.zero_point(row)));
    values.Set(i, static_cast<double>(weights.scale(row) * centred));
  }
  CheckPacked(shape, a_type, *weights.packed, values);
}

TEST(GemmFloat, EqualsTheFormulaForFloats) {
  for (DLDataType a : kValueTypes) {
    for (DLDataType type : kFloatTypes) {
      for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 17, 5}, Shape{15, 40, 300}}) CheckFloats(shape, a, type);
    }
  }
}

TEST(GemmFloat, EqualsTheFormulaForCodes) {
  for (const WeightKind& kind : kWeightKinds) {
    for (DLDataType a : kFloatTypes) {
      for (const Shape& shape : {Shape{1, 1, 1}, Shape{2, 17, 5}, Shape{15, 40, 300}, Shape{1, 33, 1030}}) {
        CheckCodes(shape, a, kind);
      }
    }
    CheckCodes({4, 20, 35}, kU8, kind);
  }
}

TEST(GemmFloat, TakesShapesOfAnySize) {
  for (int64_t m : {0, 1, 4, 5, 8, 9, 15}) {
    for (int64_t n : {0, 1, 15, 16, 17, 33}) {
      for (int64_t k : {0, 1, 3, 4, 6, 8, 13, 255, 257}) {
        CheckFloats({m, n, k}, kF32, kF32);
        CheckCodes({m, n, k}, kF32, kWeightKinds[(m + n + k) % 7]);
      }
    }
  }
}

TEST(GemmFloat, LargeProductsUseAllThreads) {
  CheckFloats({150, 320, 200}, kF32, kF32);
  CheckCodes({150, 320, 200}, kF32, kWeightKinds[2]);
  CheckCodes({2, 1500, 520}, kF32, kWeightKinds[5]);
}

TEST(GemmFloat, PacksWeightsOfAnyLayout) {
  for (Layout layout : kInputLayouts) {
    for (DLDataType type : kFloatTypes) CheckFloats({5, 37, 150}, kF32, type, layout);
  }
}

TEST(GemmFloat, PackedBlocksAreTheSameEverywhere) {
  const KeepSettings keep;
  Tensor weights(kF16, {37, 131});
  weights.Fill(RandomValues(weights.count(), 1.0f, 4));
  ASSERT_OK(octet_set_isa(OCTET_ISA_SCALAR));
  const auto expected = Pack(weights.dl());
  for (octet_isa isa : AvailableIsas()) {
    ASSERT_OK(octet_set_isa(isa));
    const auto packed = Pack(weights.dl());
    ASSERT_EQ(packed->size(), expected->size());
    EXPECT_EQ(std::memcmp(packed->data(), expected->data(), packed->size()), 0) << octet_isa_name(isa);
  }
}

TEST(GemmFloat, RunsTheEpilogue) {
  Tensor weights(kF32, {19, 12});
  weights.Fill(RandomValues(weights.count(), 1.0f, 4));
  const auto packed = Pack(weights.dl());
  Tensor a(kF32, {20, 12});
  a.Fill(RandomValues(a.count(), 1.0f, 5));
  Tensor residual(kF32, {20, 19});
  residual.Fill(RandomValues(residual.count(), 1.0f, 6));
  const TensorGrid out_grid(kS8, 0.05f, 9.0f);
  octet_epilogue epilogue = {};
  epilogue.activation = OCTET_ACTIVATION_RELU6;
  epilogue.residual = residual.dl();
  epilogue.out_grid = out_grid.get();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kS8, std::vector<int64_t>{20, 19});
    EXPECT_OK(Multiply(a.dl(), nullptr, *packed, &epilogue, out[0].dl()));
    return out;
  });
  Tensor sums(kF32, {20, 19});
  ASSERT_OK(Multiply(a.dl(), nullptr, *packed, nullptr, sums.dl()));
  for (int64_t i = 0; i < sums.count(); ++i) {
    const float value =
        std::fmin(std::fmax(static_cast<float>(sums.Get(i)), 0.0f), 6.0f) + static_cast<float>(residual.Get(i));
    ASSERT_EQ(outputs[0].Get(i), out_grid.CodeOf(value)) << i;
  }
}

TEST(GemmFloat, ErrorsNameTheArgument) {
  Tensor weights(kF32, {6, 20});
  const auto packed = Pack(weights.dl());
  Tensor a(kF32, {4, 20}), out(kF32, {4, 6});
  EXPECT_OK(Multiply(a.dl(), nullptr, *packed, nullptr, out.dl()));
  size_t bytes = 0;
  Tensor codes(kS8, {6, 20});
  EXPECT_INVALID(octet_gemm_float_pack_size(codes.dl(), &bytes), "octet_gemm_float_pack_size", "weights has dtype s8",
                 "f32, f16 or bf16");
  Tensor vector(kF32, {20});
  EXPECT_INVALID(octet_gemm_float_pack_size(vector.dl(), &bytes), "weights has shape [20]", "[N, K]");
  EXPECT_INVALID(octet_gemm_float_pack_size(weights.dl(), nullptr), "bytes is null");
  EXPECT_INVALID(octet_gemm_float_pack(weights.dl(), packed->data(), packed->size() - 1), "packed_bytes is",
                 "octet_gemm_float_pack_size");
  EXPECT_INVALID(octet_gemm_float_pack(weights.dl(), packed->data() + 4, packed->size()), "packed is",
                 "divisible by 64");
  Tensor narrow(kF32, {4, 19});
  EXPECT_INVALID(Multiply(narrow.dl(), nullptr, *packed, nullptr, out.dl()), "a has shape [4, 19]", "[M, 20]");
  EXPECT_INVALID(Multiply(a.dl(), nullptr, *packed, nullptr, narrow.dl()), "out has shape [4, 19]", "[4, 6]");
  Tensor a_codes(kU8, {4, 20});
  EXPECT_INVALID(Multiply(a_codes.dl(), nullptr, *packed, nullptr, out.dl()), "a_grid is null");
  Tensor row(kF32, {1, 20}), row_of_out(kF32, {1, 6});
  octet_epilogue epilogue = {};
  epilogue.factor = row_of_out.dl();
  EXPECT_INVALID(Multiply(row.dl(), nullptr, *packed, &epilogue, row_of_out.dl()),
                 "out shares memory with epilogue.factor");
  const Aligned zeros(64);
  std::memset(zeros.data(), 0, zeros.size());
  EXPECT_INVALID(Multiply(a.dl(), nullptr, zeros, nullptr, out.dl()), "does not begin with a header");
  const Aligned altered(packed->size());
  for (size_t at : {size_t{8}, size_t{16}, size_t{31}, size_t{32}}) {
    std::memcpy(altered.data(), packed->data(), packed->size());
    altered.data()[at] = static_cast<char>(altered.data()[at] ^ 0x7f);
    EXPECT_INVALID(Multiply(a.dl(), nullptr, altered, nullptr, out.dl()), "packed has");
  }
  EXPECT_INVALID(octet_gemm_float_workspace_size(a.dl(), packed->data(), packed->size() - 1, &bytes), "cut short");
  EXPECT_INVALID(
      octet_gemm_float(a.dl(), nullptr, packed->data(), packed->size(), nullptr, out.dl(), altered.data(), 1, nullptr),
      "workspace_bytes is 1");
}

}  // namespace
}  // namespace test
}  // namespace octet
