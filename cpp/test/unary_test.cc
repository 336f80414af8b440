// SPDX-License-Identifier: Apache-2.0
// Functions of one value: errors against long double, special values, types, tables.
#include "numerics/unary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/elementwise.h"
#include "support/grids.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

using numerics::OneLane;
using numerics::Unary;

/** Floats of both signs over the whole range, ends included. */
std::vector<float> ManyFloats(uint32_t step) {
  std::vector<float> values;
  for (uint64_t bits = 0; bits <= 0x7f800000u; bits += step) {
    values.push_back(numerics::FloatOf(static_cast<uint32_t>(bits)));
    values.push_back(-values.back());
  }
  values.insert(values.end(), {INFINITY, -INFINITY, std::numeric_limits<float>::quiet_NaN(), 1.0f, -1.0f, 0.99999994f,
                               1.0000001f, 20.0f, -20.0f, 88.7f, -86.5f});
  return values;
}

template <typename Function, typename Exact>
double WorstUlps(const Function& function, const Exact& exact, double least = 2e-38) {
  double worst = 0.0;
  for (float x : ManyFloats(49999)) {
    const long double expected = exact(static_cast<long double>(x));
    const auto nearest = static_cast<float>(expected);
    if (!std::isfinite(nearest) || static_cast<double>(std::abs(nearest)) < least) continue;
    const double unit =
        static_cast<double>(std::nextafter(std::abs(nearest), INFINITY)) - std::abs(static_cast<double>(nearest));
    worst = std::max(worst, static_cast<double>(std::abs(static_cast<long double>(function(x)) - expected)) / unit);
  }
  return worst;
}

TEST(Unary, StaysWithinTheStatedErrors) {
  EXPECT_LT(WorstUlps(numerics::LogLanes<OneLane>, [](long double x) { return std::log(x); }), 2.0);
  EXPECT_LT(WorstUlps(numerics::ErfLanes<OneLane>, [](long double x) { return std::erf(x); }), 2.5);
  EXPECT_LT(WorstUlps(
                numerics::SoftplusLanes<OneLane>,
                [](long double x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); }, 3e-38),
            3.5);
  EXPECT_LT(WorstUlps([](float x) { return numerics::EluLanes<OneLane>(x, 1.5f); },
                      [](long double x) { return x > 0 ? x : 1.5L * std::expm1(x); }),
            3.5);
  EXPECT_LT(
      WorstUlps(
          numerics::MishLanes<OneLane>, [](long double x) { return x * std::tanh(std::log1p(std::exp(x))); }, 1e-30),
      6.0);
  for (float p : {0.0f, 1.0f, 2.0f, 3.0f, -1.0f, -2.0f, 7.0f, 64.0f, 0.5f, -0.5f, 0.3f, 1.7f, -2.4f, 65.0f, 66.0f}) {
    for (float x : ManyFloats(499979)) {
      const double exact = std::pow(static_cast<double>(x), static_cast<double>(p));
      const float got = numerics::PowLanes<OneLane>(x, p);
      if (std::isnan(exact)) {
        EXPECT_TRUE(std::isnan(got)) << x << "^" << p;
      } else if (std::abs(exact) > 1e-30 && std::abs(exact) < 1e30) {
        const bool whole = std::nearbyint(p) == p && std::abs(p) <= 64.0f;
        const double power = static_cast<double>(p);
        const double logarithm = std::log(std::abs(static_cast<double>(x)));
        const double ulps = whole ? std::abs(power) + 1.0 : 4.0 + 2.0 * std::abs(power * logarithm);
        ASSERT_NEAR(static_cast<double>(got), exact, std::abs(exact) * 0x1p-23 * ulps) << x << "^" << p;
      }
    }
  }
}

TEST(Unary, SpecialValues) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto log = numerics::LogLanes<OneLane>;
  EXPECT_EQ(log(0.0f), -INFINITY);
  EXPECT_EQ(log(-0.0f), -INFINITY);
  EXPECT_EQ(log(INFINITY), INFINITY);
  EXPECT_EQ(log(1.0f), 0.0f);
  EXPECT_TRUE(std::isnan(log(-1.0f)));
  EXPECT_TRUE(std::isnan(log(-INFINITY)));
  EXPECT_TRUE(std::isnan(log(nan)));
  EXPECT_EQ(numerics::ErfLanes<OneLane>(INFINITY), 1.0f);
  EXPECT_EQ(numerics::ErfLanes<OneLane>(-INFINITY), -1.0f);
  EXPECT_TRUE(std::signbit(numerics::ErfLanes<OneLane>(-0.0f)));
  EXPECT_EQ(numerics::SoftplusLanes<OneLane>(-INFINITY), 0.0f);
  EXPECT_EQ(numerics::SoftplusLanes<OneLane>(INFINITY), INFINITY);
  EXPECT_EQ(numerics::EluLanes<OneLane>(-INFINITY, 2.0f), -2.0f);
  EXPECT_EQ(numerics::PowLanes<OneLane>(0.0f, -1.5f), INFINITY);
  EXPECT_EQ(numerics::PowLanes<OneLane>(0.0f, 2.5f), 0.0f);
  EXPECT_NEAR(numerics::PowLanes<OneLane>(-2.0f, 67.0f) / std::pow(2.0f, 67.0f), -1.0f, 1e-5f);
  EXPECT_EQ(numerics::PowLanes<OneLane>(nan, 0.0f), 1.0f);
  for (int function = 0; function < numerics::kUnaryFunctions; ++function) {
    Tensor x = Tensor::Of({nan});
    Tensor out(kF32, {1});
    ASSERT_OK(octet_unary(static_cast<octet_unary_function>(function), 1.5f, 2.0f, x.dl(), nullptr, out.dl(), nullptr,
                          nullptr));
    EXPECT_TRUE(std::isnan(out.Get(0))) << function;
  }
}

TEST(Unary, IsTheSameOnAllPathsForAllFunctionsAndTypes) {
  const std::vector<float> many = ManyFloats(3999971);
  for (int function = 0; function < numerics::kUnaryFunctions; ++function) {
    for (DLDataType in : kValueTypes) {
      for (DLDataType out_type : kValueTypes) {
        const TensorGrid in_grid(in, 0.05f, in.code == kDLUInt ? 100.0f : -20.0f);
        const TensorGrid out_grid(out_type, 0.03f, 5.0f);
        Tensor x(in, {static_cast<int64_t>(many.size())}, Layout::kGaps);
        for (int64_t i = 0; i < x.count(); ++i) {
          const float value = many[static_cast<size_t>(i)];
          if (in.bits == 8) {
            x.Set(i, static_cast<double>(i % 256) - (in.code == kDLInt ? 128.0 : 0.0));
          } else {
            x.Set(i, static_cast<double>(value));
          }
        }
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(out_type, x.shape(), Layout::kMisaligned);
          EXPECT_OK(octet_unary(static_cast<octet_unary_function>(function), 0.7f, 1.4f, x.dl(), in_grid.get(),
                                out[0].dl(), out_grid.get(), nullptr));
          return out;
        });
        // Against the formulas in one lane, through f32.
        Tensor plain(kF32, x.shape());
        for (int64_t i = 0; i < x.count(); ++i) plain.Set(i, in_grid.ValueOf(x.Get(i)));
        Tensor value(kF32, x.shape());
        ASSERT_OK(octet_unary(static_cast<octet_unary_function>(function), 0.7f, 1.4f, plain.dl(), nullptr, value.dl(),
                              nullptr, nullptr));
        Tensor expected(out_type, {1});
        for (int64_t i = 0; i < x.count(); ++i) {
          expected.Set(0, out_grid.StoredOf(value.Get(i)));
          ASSERT_TRUE(outputs[0].Bits(i) == expected.Bits(0))
              << function << " of " << x.Get(i) << ": " << outputs[0].Get(i) << " against " << expected.Get(0);
        }
      }
    }
  }
}

TEST(Unary, FunctionsAreWhatTheyAreCalled) {
  const std::vector<float> values = RandomValues(500, 3.0f, 1);
  const auto check = [&](octet_unary_function function, float first, float second, auto exact, bool positive) {
    Tensor x = Tensor::Of(values);
    if (positive) {
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, std::abs(x.Get(i)));
    }
    Tensor out(kF32, x.shape());
    ASSERT_OK(octet_unary(function, first, second, x.dl(), nullptr, out.dl(), nullptr, nullptr));
    for (int64_t i = 0; i < x.count(); ++i) {
      ASSERT_NEAR(out.Get(i), exact(x.Get(i)), 2e-6 * (1.0 + std::abs(exact(x.Get(i))))) << function << " " << x.Get(i);
    }
  };
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const auto six = [](double x) { return std::fmin(std::fmax(x, 0.0), 6.0); };
  check(
      OCTET_IDENTITY, 0, 0, [](double x) { return x; }, false);
  check(
      OCTET_RELU, 0, 0, [](double x) { return std::fmax(x, 0.0); }, false);
  check(OCTET_RELU6, 0, 0, six, false);
  check(
      OCTET_GELU_ERF, 0, 0, [](double x) { return x * std::erfc(-x / std::sqrt(2.0)) / 2.0; }, false);
  check(
      OCTET_GELU_TANH, 0, 0,
      [](double x) { return x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x))) / 2.0; }, false);
  check(
      OCTET_SILU, 0, 0, [&](double x) { return x * sigmoid(x); }, false);
  check(OCTET_SIGMOID, 0, 0, sigmoid, false);
  check(
      OCTET_TANH, 0, 0, [](double x) { return std::tanh(x); }, false);
  check(
      OCTET_EXP, 0, 0, [](double x) { return std::exp(x); }, false);
  check(
      OCTET_LOG, 0, 0, [](double x) { return std::log(x); }, true);
  check(
      OCTET_SQRT, 0, 0, [](double x) { return std::sqrt(x); }, true);
  check(
      OCTET_RSQRT, 0, 0, [](double x) { return 1.0 / std::sqrt(x); }, true);
  check(
      OCTET_RECIPROCAL, 0, 0, [](double x) { return 1.0 / x; }, false);
  check(
      OCTET_NEG, 0, 0, [](double x) { return -x; }, false);
  check(
      OCTET_ABS, 0, 0, [](double x) { return std::abs(x); }, false);
  check(
      OCTET_ERF, 0, 0, [](double x) { return std::erf(x); }, false);
  check(
      OCTET_POW, 2.5f, 0, [](double x) { return std::pow(x, 2.5); }, true);
  check(
      OCTET_CLAMP, -1.0f, 0.5f, [](double x) { return std::fmin(std::fmax(x, -1.0), 0.5); }, false);
  check(
      OCTET_HARDSWISH, 0, 0, [&](double x) { return x * six(x + 3.0) / 6.0; }, false);
  check(
      OCTET_HARDSIGMOID, 0, 0, [&](double x) { return six(x + 3.0) / 6.0; }, false);
  check(
      OCTET_LEAKY_RELU, 0.125f, 0, [](double x) { return x >= 0.0 ? x : 0.125 * x; }, false);
  check(
      OCTET_ELU, 1.25f, 0, [](double x) { return x >= 0.0 ? x : 1.25 * std::expm1(x); }, false);
  check(
      OCTET_SOFTPLUS, 0, 0, [](double x) { return std::log1p(std::exp(x)); }, false);
  check(
      OCTET_MISH, 0, 0, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, false);
}

TEST(Unary, TablesSayWhatTheFunctionsDo) {
  const TensorGrid in_grid(kS8, 0.06f, 3.0f);
  const TensorGrid out_grid(kU8, 0.02f, 30.0f);
  Tensor x(kS8, {256});
  for (int64_t i = 0; i < 256; ++i) x.Set(i, static_cast<double>(i) - 128.0);
  Tensor table(kU8, {256});
  ASSERT_OK(octet_unary_table(OCTET_GELU_ERF, 0, 0, &kS8, in_grid.get(), &kU8, out_grid.get(), table.dl()));
  Tensor by_table(kU8, {256});
  Tensor direct(kU8, {256});
  ASSERT_OK(octet_look_up(table.dl(), x.dl(), by_table.dl(), nullptr));
  ASSERT_OK(octet_unary(OCTET_GELU_ERF, 0, 0, x.dl(), in_grid.get(), direct.dl(), out_grid.get(), nullptr));
  EXPECT_TRUE(SameBits(by_table, direct));
  Tensor again(kU8, {256});
  ASSERT_OK(octet_requantize(x.dl(), in_grid.get(), again.dl(), out_grid.get(), nullptr));
  for (int64_t i = 0; i < 256; ++i) {
    ASSERT_EQ(again.Get(i), out_grid.CodeOf(static_cast<float>(in_grid.ValueOf(x.Get(i)))));
  }
  EXPECT_INVALID(octet_unary_table(OCTET_GELU_ERF, 0, 0, &kF32, in_grid.get(), &kU8, out_grid.get(), table.dl()),
                 "octet_unary_table: x_type is f32", "s8 or u8");
  Tensor short_table(kU8, {255});
  EXPECT_INVALID(octet_look_up(short_table.dl(), x.dl(), direct.dl(), nullptr), "table has shape [255]", "256");
}

TEST(UnaryErrors, NameTheArgument) {
  Tensor x(kF32, {3});
  x.Fill(std::vector<float>{1, 2, 3});
  Tensor out(kF32, {2, 3});
  Tensor codes(kS8, {3});
  EXPECT_OK(octet_unary(OCTET_EXP, 0, 0, x.dl(), nullptr, out.dl(), nullptr, nullptr));
  EXPECT_INVALID(octet_unary(static_cast<octet_unary_function>(24), 0, 0, x.dl(), nullptr, out.dl(), nullptr, nullptr),
                 "octet_unary: function is 24", "OCTET_MISH (23)");
  EXPECT_INVALID(octet_unary(OCTET_POW, NAN, 0, x.dl(), nullptr, out.dl(), nullptr, nullptr), "first is NaN");
  EXPECT_INVALID(octet_unary(OCTET_EXP, 0, 0, out.dl(), nullptr, x.dl(), nullptr, nullptr), "x has shape [2, 3]",
                 "out, [3]");
  EXPECT_INVALID(octet_unary(OCTET_EXP, 0, 0, codes.dl(), nullptr, x.dl(), nullptr, nullptr), "x_grid is null");
  EXPECT_INVALID(octet_requantize(x.dl(), nullptr, codes.dl(), nullptr, nullptr), "out_grid is null");
}

}  // namespace
}  // namespace test
}  // namespace octet
