// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include "support/gemm.h"
#include "support/naive.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0078125f;

/** A grid for a whole tensor. */
struct CodeGrid {
  CodeGrid(float scale, float zero_point, float int_min, float int_max)
      : delta(Tensor::Scalar(scale)), zero(Tensor::Scalar(zero_point)) {
    grid = {delta.dl(), zero.dl(), int_min, int_max, OCTET_SCALE_LINEAR, 1e-8f, -1};
  }
  static CodeGrid For(DLDataType type, float scale = kScale, float zero_point = 3.0f) {
    return type.code == kDLUInt ? CodeGrid(scale, zero_point, 0.0f, 255.0f)
                                : CodeGrid(scale, zero_point, -128.0f, 127.0f);
  }
  NaiveGrid naive() const {
    return {static_cast<float>(delta.Get(0)), static_cast<float>(zero.Get(0)), grid.int_min, grid.int_max};
  }

  Tensor delta;
  Tensor zero;
  octet_grid grid;
};

struct Shape {
  int64_t m, n, k;
};

std::string Name(const Shape& shape) {
  return std::to_string(shape.m) + " x " + std::to_string(shape.n) + " x " + std::to_string(shape.k);
}

int Least(DLDataType type) { return type.code == kDLUInt ? 0 : -128; }

/** Product of codes to f32 with bias, on all paths, against the formula. */
void CheckCodes(const Shape& shape, DLDataType type, const WeightKind& kind, int a_least, int a_greatest) {
  SCOPED_TRACE(Name(shape) + " " + TypeName(type) + " * " + TypeName(kind.type) +
               (kind.format == OCTET_WEIGHTS_4_BIT ? " of 4 bits" : ""));
  const CodeGrid a_grid = CodeGrid::For(type, kScale, 7.0f);
  const std::vector<int> codes = RandomCodes(shape.m * shape.k, a_least, a_greatest, 17);
  Tensor a(type, {shape.m, shape.k});
  a.Fill(codes);
  Weights weights(shape.n, shape.k, kind, 5);
  weights.Pack();
  Tensor bias = Tensor::Of(RandomValues(shape.n, 1.0f, 3));
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, std::vector<int64_t>{shape.m, shape.n});
    EXPECT_OK(RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, out[0].dl()));
    return out;
  });
  for (int64_t m = 0; m < shape.m; ++m) {
    for (int64_t n = 0; n < shape.n; ++n) {
      const float sum = static_cast<float>(ExactProduct(codes, 7, weights, m, n));
      const float expected = std::fma(sum, kScale * weights.scale(n), static_cast<float>(bias.Get(n)));
      ASSERT_EQ(outputs[0].Get(m * shape.n + n), static_cast<double>(expected)) << m << ", " << n;
    }
  }
}

void CheckCodes(const Shape& shape, DLDataType type, const WeightKind& kind) {
  CheckCodes(shape, type, kind, Least(type), Least(type) + 255);
}

TEST(Gemm, EqualsTheFormulaForEveryKindOfOperands) {
  for (DLDataType type : {kS8, kU8}) {
    for (const WeightKind& kind : kWeightKinds) {
      for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 17, 5}, Shape{15, 40, 67}, Shape{29, 64, 128}}) {
        CheckCodes(shape, type, kind);
      }
    }
  }
}

TEST(Gemm, TakesShapesOfAnySize) {
  for (int64_t m : {0, 1, 2, 5, 13, 14, 16}) {
    for (int64_t n : {0, 1, 15, 16, 17, 32, 33}) {
      for (int64_t k : {0, 1, 3, 4, 7, 8, 64, 65}) CheckCodes({m, n, k}, kU8, kWeightKinds[(m + n + k) % 7]);
    }
  }
}

TEST(Gemm, CutsShapesIntoBlocks) {
  // Several blocks of rows, parts of k, parts of the workspace; items for all threads.
  CheckCodes({260, 100, 40}, kS8, kWeightKinds[2]);
  CheckCodes({20, 40, 5003}, kS8, kWeightKinds[0]);
  CheckCodes({20, 40, 1157}, kS8, kWeightKinds[4]);
  CheckCodes({9, 33, 2049}, kU8, kWeightKinds[5]);
  CheckCodes({2050, 3, 12}, kS8, kWeightKinds[3]);
}

TEST(Gemm, LargeProductsUseAllThreads) { CheckCodes({150, 320, 200}, kU8, kWeightKinds[2]); }

TEST(Gemm, LargeProductsRunAtTheSameTime) {
  // One block of weights, several callers with threads of their own.
  Weights weights(192, 160, kWeightKinds[2], 5);
  weights.Pack();
  const CodeGrid a_grid = CodeGrid::For(kU8);
  Tensor a(kU8, {60, 160});
  a.Fill(RandomCodes(a.count(), 0, 255, 2));
  Tensor expected(kF32, {60, 192});
  ASSERT_OK(RunGemm(a.dl(), &a_grid.grid, weights, nullptr, expected.dl()));
  std::vector<std::thread> callers;
  std::atomic<int> right{0};
  const DLTensor* shared = a.dl();
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        Tensor out(kF32, {60, 192});
        if (RunGemm(shared, &a_grid.grid, weights, nullptr, out.dl()) == OCTET_OK && SameBits(out, expected)) ++right;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right.load(), 20);
}

TEST(Gemm, ReadsAndWritesRowsBackwards) {
  Weights weights(8, 9, kWeightKinds[0], 5);
  weights.Pack();
  const CodeGrid a_grid = CodeGrid::For(kS8);
  Tensor a(kS8, {5, 9});
  a.Fill(RandomCodes(a.count(), -128, 127, 2));
  Tensor expected(kF32, {5, 8});
  ASSERT_OK(RunGemm(a.dl(), &a_grid.grid, weights, nullptr, expected.dl()));
  Tensor out(kF32, {5, 8});
  int64_t a_strides[] = {-9, 1};
  int64_t out_strides[] = {-8, 1};
  DLTensor a_back = *a.dl();
  a_back.strides = a_strides;
  a_back.byte_offset += 4 * 9;
  DLTensor out_back = *out.dl();
  out_back.strides = out_strides;
  out_back.byte_offset += 4 * 8 * 4;
  ASSERT_OK(RunGemm(&a_back, &a_grid.grid, weights, nullptr, &out_back));
  EXPECT_TRUE(SameBits(out, expected));
  // The same row for all of them.
  a_strides[0] = 0;
  ASSERT_OK(RunGemm(&a_back, &a_grid.grid, weights, nullptr, out.dl()));
  for (int64_t i = 0; i < out.count(); ++i) EXPECT_EQ(out.Get(i), expected.Get(4 * 8 + i % 8));
}

TEST(Gemm, SumsAreExactAtTheirLimits) {
  for (int a : {-128, 127}) {
    for (int w : {-128, 127}) {
      const WeightKind kind = {kS8, OCTET_WEIGHTS_8_BIT, w, w, false, false};
      CheckCodes({3, 18, 1000}, kS8, kind, a, a);
    }
  }
  for (int w : {-128, 127}) {
    // 255 * 128 * 65793 is 2^31 - 1 at most.
    const WeightKind kind = {kS8, OCTET_WEIGHTS_8_BIT, w, w, false, false};
    CheckCodes({2, 2, 65793}, kU8, kind, 255, 255);
    CheckCodes({2, 2, 65793}, kU8, kind, 0, 0);
  }
  const WeightKind far = {kU8, OCTET_WEIGHTS_8_BIT, 0, 255, true, false};
  CheckCodes({2, 2, 33025}, kU8, far, 255, 255);
  CheckCodes({2, 2, 33025}, kU8, far, 0, 0);
}

TEST(Gemm, QuantizesFloatsAsTheQuantizerDoes) {
  for (DLDataType type : kFloatTypes) {
    for (bool is_signed : {true, false}) {
      SCOPED_TRACE(TypeName(type) + (is_signed ? " signed" : " unsigned"));
      const DLDataType code_type = is_signed ? kS8 : kU8;
      const CodeGrid a_grid = CodeGrid::For(code_type, kScale, is_signed ? -9.0f : 77.0f);
      Weights weights(21, 75, kWeightKinds[2], 5);
      weights.Pack();
      // With NaN, infinities, ties and what lies far out of the grid.
      Tensor a(type, {9, 75});
      a.Fill(MixedValues(a.count(), kScale, 4));
      Tensor codes(code_type, {9, 75});
      ASSERT_OK(octet_quantize(&a_grid.grid, a.dl(), codes.dl(), nullptr));
      Tensor expected(kF32, {9, 21});
      ASSERT_OK(RunGemm(codes.dl(), &a_grid.grid, weights, nullptr, expected.dl()));
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(kF32, std::vector<int64_t>{9, 21});
        EXPECT_OK(RunGemm(a.dl(), &a_grid.grid, weights, nullptr, out[0].dl()));
        return out;
      });
      EXPECT_TRUE(SameBits(outputs[0], expected));
    }
  }
}

TEST(Gemm, TakesNarrowGrids) {
  const CodeGrid a_grid(0.1f, 2.0f, 0.0f, 7.0f);
  Weights weights(5, 30, kWeightKinds[6], 5);
  weights.Pack();
  Tensor a(kF32, {4, 30});
  a.Fill(RandomValues(a.count(), 1.0f, 8));
  Tensor codes(kU8, {4, 30});
  ASSERT_OK(octet_quantize(&a_grid.grid, a.dl(), codes.dl(), nullptr));
  Tensor expected(kF32, {4, 5});
  ASSERT_OK(RunGemm(codes.dl(), &a_grid.grid, weights, nullptr, expected.dl()));
  Tensor out(kF32, {4, 5});
  ASSERT_OK(RunGemm(a.dl(), &a_grid.grid, weights, nullptr, out.dl()));
  EXPECT_TRUE(SameBits(out, expected));
}

TEST(Gemm, DynamicRowsEqualAGridForEachRow) {
  for (DLDataType type : kFloatTypes) {
    for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[4]}) {
      SCOPED_TRACE(TypeName(type));
      constexpr int64_t kRows = 17;
      Weights weights(35, 130, kind, 5);
      weights.Pack();
      Tensor a(type, {kRows, 130});
      a.Fill(RandomValues(a.count(), 1.0f, 4));
      for (int64_t i = 0; i < 130; ++i) {
        a.Set(3 * 130 + i, 0.0);
        a.Set(4 * 130 + i, std::abs(a.Get(4 * 130 + i)));
      }
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(kF32, std::vector<int64_t>{kRows, 35});
        EXPECT_OK(RunGemm(a.dl(), nullptr, weights, nullptr, out[0].dl()));
        return out;
      });
      for (int64_t m = 0; m < kRows; ++m) {
        Tensor row(type, {1, 130});
        float low = 0.0f, high = 1e-8f;
        for (int64_t i = 0; i < 130; ++i) {
          row.Set(i, a.Get(m * 130 + i));
          low = std::min(low, static_cast<float>(row.Get(i)));
          high = std::max(high, static_cast<float>(row.Get(i)));
        }
        const CodeGrid grid(std::max(std::max(-low, high) / 127.0f, 1e-8f), 0.0f, -128.0f, 127.0f);
        Tensor expected(kF32, {1, 35});
        ASSERT_OK(RunGemm(row.dl(), &grid.grid, weights, nullptr, expected.dl()));
        for (int64_t n = 0; n < 35; ++n) ASSERT_EQ(outputs[0].Get(m * 35 + n), expected.Get(n)) << m << ", " << n;
      }
    }
  }
}

TEST(Gemm, DynamicRowsWithoutARangeGiveNan) {
  Weights weights(19, 40, kWeightKinds[0], 5);
  weights.Pack();
  Tensor a(kF32, {4, 40});
  a.Fill(RandomValues(a.count(), 1.0f, 4));
  a.Set(40 + 7, NAN);
  a.Set(80 + 39, INFINITY);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, std::vector<int64_t>{4, 19});
    EXPECT_OK(RunGemm(a.dl(), nullptr, weights, nullptr, out[0].dl()));
    return out;
  });
  for (int64_t i = 0; i < 4 * 19; ++i) {
    EXPECT_EQ(std::isnan(outputs[0].Get(i)), i / 19 == 1 || i / 19 == 2) << i;
  }
}

TEST(Gemm, ReadsAndWritesRowsWithAnyStride) {
  Weights weights(21, 37, kWeightKinds[2], 5);
  weights.Pack();
  const CodeGrid a_grid = CodeGrid::For(kS8);
  for (DLDataType type : {kS8, kF32}) {
    Tensor wide(type, {18, 50});
    wide.Fill(RandomCodes(wide.count(), -2, 1, 7));
    Columns a(&wide, 37);
    Tensor compact(type, {18, 37});
    for (int64_t m = 0; m < 18; ++m) {
      for (int64_t i = 0; i < 37; ++i) compact.Set(m * 37 + i, wide.Get(m * 50 + i));
    }
    Tensor expected(kF32, {18, 21});
    ASSERT_OK(RunGemm(compact.dl(), &a_grid.grid, weights, nullptr, expected.dl()));
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(kF32, std::vector<int64_t>{18, 40}, Layout::kMisaligned);
      out[0].Fill(std::vector<float>(18 * 40, -5.0f));
      Columns rows(&out[0], 21);
      EXPECT_OK(RunGemm(a.dl(), &a_grid.grid, weights, nullptr, rows.dl()));
      return out;
    });
    for (int64_t i = 0; i < 18 * 40; ++i) {
      const double value = i % 40 < 21 ? expected.Get(i / 40 * 21 + i % 40) : -5.0;
      ASSERT_EQ(outputs[0].Get(i), value) << i;
    }
  }
}

double Reference(octet_activation activation, double x) {
  switch (activation) {
    case OCTET_ACTIVATION_RELU:
      return std::max(x, 0.0);
    case OCTET_ACTIVATION_RELU6:
      return std::min(std::max(x, 0.0), 6.0);
    case OCTET_ACTIVATION_GELU_ERF:
      return x * std::erfc(-x / std::sqrt(2.0)) / 2.0;
    case OCTET_ACTIVATION_GELU_TANH:
      return x / (1.0 + std::exp(-2.0 * std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
    case OCTET_ACTIVATION_SILU:
      return x / (1.0 + std::exp(-x));
    case OCTET_ACTIVATION_SIGMOID:
      return 1.0 / (1.0 + std::exp(-x));
    case OCTET_ACTIVATION_TANH:
      return std::tanh(x);
    case OCTET_ACTIVATION_HARDSWISH:
      return x * std::min(std::max(x + 3.0, 0.0), 6.0) / 6.0;
    case OCTET_ACTIVATION_HARDSIGMOID:
      return std::min(std::max(x + 3.0, 0.0), 6.0) / 6.0;
    default:
      return x;
  }
}

constexpr octet_activation kActivations[] = {
    OCTET_ACTIVATION_NONE,      OCTET_ACTIVATION_RELU,       OCTET_ACTIVATION_RELU6,   OCTET_ACTIVATION_GELU_ERF,
    OCTET_ACTIVATION_GELU_TANH, OCTET_ACTIVATION_SILU,       OCTET_ACTIVATION_SIGMOID, OCTET_ACTIVATION_TANH,
    OCTET_ACTIVATION_HARDSWISH, OCTET_ACTIVATION_HARDSIGMOID};

/** A product whose results lie between -8 and 8 or so. */
class GemmEpilogue : public testing::Test {
 protected:
  static constexpr int64_t kM = 19, kN = 37, kK = 70;

  GemmEpilogue() {
    a.Fill(RandomCodes(a.count(), -128, 127, 3));
    weights.Pack();
    epilogue.bias = bias.dl();
  }

  Tensor Run(DLDataType type) {
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(type, std::vector<int64_t>{kM, kN}, Layout::kMisaligned);
      EXPECT_OK(RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, out[0].dl()));
      return out;
    });
    Tensor result(type, {kM, kN});
    for (int64_t i = 0; i < result.count(); ++i) result.Set(i, outputs[0].Get(i));
    return result;
  }

  CodeGrid a_grid = CodeGrid::For(kS8, 0.02f);
  Tensor a{kS8, {kM, kK}};
  Weights weights{kN, kK, {kS8, OCTET_WEIGHTS_8_BIT, -128, 127, false, true}, 5};
  Tensor bias = Tensor::Of(RandomValues(kN, 1.0f, 9));
  octet_epilogue epilogue = {};
};

TEST_F(GemmEpilogue, ActivationsFollowTheirFormulas) {
  const Tensor plain = Run(kF32);
  for (octet_activation activation : kActivations) {
    SCOPED_TRACE(activation);
    epilogue.activation = activation;
    const Tensor out = Run(kF32);
    // numerics/activation.h says why the tail of GELU has fewer digits.
    const double relative = activation == OCTET_ACTIVATION_GELU_ERF ? 8e-6 : 1e-6;
    for (int64_t i = 0; i < out.count(); ++i) {
      const double expected = Reference(activation, plain.Get(i));
      ASSERT_NEAR(out.Get(i), expected, relative * std::abs(expected) + 1e-10) << plain.Get(i);
    }
  }
}

TEST_F(GemmEpilogue, MultipliesColumnsAfterTheActivationAndBeforeTheResidual) {
  epilogue.activation = OCTET_ACTIVATION_GELU_ERF;
  const Tensor plain = Run(kF32);
  Tensor factor = Tensor::Of(RandomValues(kN, 2.0f, 31));
  Tensor residual(kF32, {kM, kN});
  residual.Fill(RandomValues(kM * kN, 1.0f, 32));
  epilogue.factor = factor.dl();
  epilogue.residual = residual.dl();
  const Tensor out = Run(kF32);
  for (int64_t i = 0; i < out.count(); ++i) {
    const float product = static_cast<float>(plain.Get(i)) * static_cast<float>(factor.Get(i % kN));
    ASSERT_EQ(out.Get(i), static_cast<double>(product + static_cast<float>(residual.Get(i)))) << i;
  }
}

TEST_F(GemmEpilogue, OutputsOfEveryTypeEqualTheF32OnesConverted) {
  epilogue.activation = OCTET_ACTIVATION_SILU;
  const Tensor f32 = Run(kF32);
  for (DLDataType type : {kF16, kBF16}) {
    Tensor expected(type, {kM, kN});
    for (int64_t i = 0; i < f32.count(); ++i) expected.Set(i, f32.Get(i));
    EXPECT_TRUE(SameBits(Run(type), expected)) << TypeName(type);
  }
  for (DLDataType type : {kS8, kU8}) {
    for (float scale : {0.25f, 0.031f}) {
      const CodeGrid out_grid = CodeGrid::For(type, scale, 11.0f);
      epilogue.out_grid = &out_grid.grid;
      const Tensor codes = Run(type);
      for (int64_t i = 0; i < f32.count(); ++i) {
        ASSERT_EQ(codes.Get(i), static_cast<double>(out_grid.naive().Code(static_cast<float>(f32.Get(i)))));
      }
    }
  }
}

TEST_F(GemmEpilogue, CodesAfterAReluAreThoseOfTheF32Ones) {
  bias.Set(5, NAN);
  bias.Set(6, INFINITY);
  for (octet_activation activation : {OCTET_ACTIVATION_RELU, OCTET_ACTIVATION_RELU6}) {
    epilogue.activation = activation;
    epilogue.out_grid = nullptr;
    const Tensor f32 = Run(kF32);
    for (DLDataType type : {kS8, kU8}) {
      const double least = type.code == kDLInt ? -128.0 : 0.0;
      for (float scale : {0.25f, 0.031f, 0.0019f}) {
        for (double zero_point : {least, least + 11.0, least + 255.0}) {
          const CodeGrid out_grid = CodeGrid::For(type, scale, static_cast<float>(zero_point));
          epilogue.out_grid = &out_grid.grid;
          const Tensor codes = Run(type);
          for (int64_t i = 0; i < f32.count(); ++i) {
            const auto value = static_cast<float>(f32.Get(i));
            const double expected = std::isnan(value) ? zero_point : static_cast<double>(out_grid.naive().Code(value));
            ASSERT_EQ(codes.Get(i), expected) << value << " / " << scale << " + " << zero_point;
          }
        }
      }
    }
  }
}

TEST_F(GemmEpilogue, RequantizesTiesToEvenAndNanToTheZeroPoint) {
  Weights one(3, 1, {kS8, OCTET_WEIGHTS_8_BIT, 1, 1, false, false}, 5);
  one.delta.Set(0, 1.0);
  one.Pack();
  const CodeGrid whole = CodeGrid::For(kS8, 1.0f, 0.0f);
  const CodeGrid out_grid(2.0f, 5.0f, -128.0f, 127.0f);
  Tensor rows(kS8, {8, 1});
  rows.Fill(std::vector<int>{1, 3, -1, -3, 5, -5, 0, 127});
  Tensor nan = Tensor::Of({0.0f, NAN, 0.0f});
  octet_epilogue tie = {};
  tie.bias = nan.dl();
  tie.out_grid = &out_grid.grid;
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kS8, std::vector<int64_t>{8, 3});
    EXPECT_OK(RunGemm(rows.dl(), &whole.grid, one, &tie, out[0].dl()));
    return out;
  });
  const int expected[] = {5, 7, 5, 3, 7, 3, 5, 69};
  for (int64_t m = 0; m < 8; ++m) {
    EXPECT_EQ(outputs[0].Get(m * 3), expected[m]) << m;
    EXPECT_EQ(outputs[0].Get(m * 3 + 1), 5.0) << m;
  }
}

TEST_F(GemmEpilogue, AddsResidualsOfEveryTypeInBothPlaces) {
  const Tensor plain = Run(kF32);
  epilogue.activation = OCTET_ACTIVATION_RELU;
  for (DLDataType type : {kF32, kF16, kBF16, kS8, kU8}) {
    const bool codes = type.bits == 8;
    const CodeGrid grid = CodeGrid::For(type, 0.05f, 9.0f);
    Tensor wide(type, {kM, kN + 5});
    if (codes) {
      wide.Fill(RandomCodes(wide.count(), Least(type), Least(type) + 255, 6));
    } else {
      wide.Fill(RandomValues(wide.count(), 2.0f, 6));
    }
    Columns residual(&wide, kN);
    epilogue.residual = residual.dl();
    epilogue.residual_grid = codes ? &grid.grid : nullptr;
    for (octet_residual_place place : {OCTET_RESIDUAL_AFTER_ACTIVATION, OCTET_RESIDUAL_BEFORE_ACTIVATION}) {
      SCOPED_TRACE(TypeName(type));
      epilogue.residual_place = place;
      const Tensor out = Run(kF32);
      for (int64_t i = 0; i < out.count(); ++i) {
        float value = static_cast<float>(wide.Get(i / kN * (kN + 5) + i % kN));
        if (codes) value = 0.05f * (value - 9.0f);
        const float y = static_cast<float>(plain.Get(i));
        const float expected =
            place == OCTET_RESIDUAL_AFTER_ACTIVATION ? std::max(y, 0.0f) + value : std::max(y + value, 0.0f);
        ASSERT_EQ(out.Get(i), static_cast<double>(expected)) << i;
      }
    }
  }
}

TEST_F(GemmEpilogue, ResidualMayBeTheOutput) {
  Tensor residual(kF32, {kM, kN});
  residual.Fill(RandomValues(residual.count(), 2.0f, 6));
  epilogue.residual = residual.dl();
  const Tensor expected = Run(kF32);
  EXPECT_OK(RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, residual.dl()));
  EXPECT_TRUE(SameBits(residual, expected));
}

TEST(GemmPack, DescribesItselfAndCanBeMoved) {
  for (const WeightKind& kind : kWeightKinds) {
    Weights weights(45, 51, kind, 5);
    weights.Pack();
    octet_gemm_info info;
    ASSERT_OK(octet_gemm_packed_info(weights.packed->data(), weights.packed->size(), &info));
    EXPECT_EQ(info.n, 45);
    EXPECT_EQ(info.k, 51);
    EXPECT_EQ(info.format, kind.format);
    EXPECT_EQ(info.has_zero_points, kind.type.code == kDLUInt ? 1 : 0);
    EXPECT_LE(info.bytes, static_cast<int64_t>(weights.packed->size()));
    const CodeGrid grid = CodeGrid::For(kU8);
    Tensor a(kU8, {3, 51});
    a.Fill(RandomCodes(a.count(), 0, 255, 1));
    Tensor expected(kF32, {3, 45});
    Tensor out(kF32, {3, 45});
    ASSERT_OK(RunGemm(a.dl(), &grid.grid, weights, nullptr, expected.dl()));
    auto moved = std::make_unique<Aligned>(static_cast<size_t>(info.bytes));
    std::memcpy(moved->data(), weights.packed->data(), moved->size());
    weights.packed = std::move(moved);
    ASSERT_OK(RunGemm(a.dl(), &grid.grid, weights, nullptr, out.dl()));
    EXPECT_TRUE(SameBits(out, expected));
  }
}

TEST(GemmPack, IsTheSameForEveryInstructionSetAndLayout) {
  const KeepSettings keep;
  for (const WeightKind& kind : kWeightKinds) {
    Weights weights(33, 30, kind, 5);
    weights.Pack();
    for (octet_isa isa : AvailableIsas()) {
      ASSERT_OK(octet_set_isa(isa));
      Tensor transposed(kind.type, {33, 30}, Layout::kTransposed);
      for (int64_t i = 0; i < transposed.count(); ++i) transposed.Set(i, weights.codes.Get(i));
      octet_gemm_info info;
      ASSERT_OK(octet_gemm_packed_info(weights.packed->data(), weights.packed->size(), &info));
      Aligned other(weights.packed->size());
      ASSERT_OK(octet_gemm_pack(transposed.dl(), &weights.grid(), kind.format, other.data(), other.size()));
      EXPECT_EQ(std::memcmp(other.data(), weights.packed->data(), static_cast<size_t>(info.bytes)), 0);
    }
  }
}

TEST(GemmPack, TakesGroupsOfRows) {
  Weights weights(12, 20, kWeightKinds[0], 5);
  Tensor groups = Tensor::Of({0.5f, 0.25f, 1.0f});
  octet_grid grid = weights.grid();
  grid.delta = groups.dl();
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_pack_size(weights.codes.dl(), weights.kind.format, &bytes));
  Aligned packed(bytes);
  ASSERT_OK(octet_gemm_pack(weights.codes.dl(), &grid, weights.kind.format, packed.data(), packed.size()));
  for (int64_t n = 0; n < 12; ++n) weights.delta.Set(n, groups.Get(n / 4));
  weights.Pack();
  octet_gemm_info info;
  ASSERT_OK(octet_gemm_packed_info(packed.data(), packed.size(), &info));
  EXPECT_EQ(std::memcmp(packed.data(), weights.packed->data(), static_cast<size_t>(info.bytes)), 0);
}

}  // namespace
}  // namespace test
}  // namespace octet
