// SPDX-License-Identifier: Apache-2.0
// Activation functions: errors against long double, special values, and the vector forms against the scalar one.
#include "numerics/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "cpu/epilogue_kernels.h"
#include "support/tensor.h"

namespace octet {
namespace test {
namespace {

using numerics::BitsOf;
using numerics::FloatOf;
using numerics::OneLane;

/** Floats of both signs over the whole range, ends included. */
template <typename Body>
void ForManyFloats(uint32_t step, const Body& body) {
  for (uint64_t bits = 0; bits <= 0x7f800000u; bits += step) {
    body(FloatOf(static_cast<uint32_t>(bits)));
    body(FloatOf(static_cast<uint32_t>(bits) | 0x80000000u));
  }
  body(INFINITY);
  body(-INFINITY);
}

/** Greatest error in units in the last place where the exact result is finite and at least `least` in magnitude. */
template <typename Function, typename Exact>
double WorstUlps(const Function& function, const Exact& exact, double least) {
  double worst = 0.0;
  ForManyFloats(4999, [&](float x) {
    const long double expected = exact(static_cast<long double>(x));
    const auto nearest = static_cast<float>(expected);
    if (!std::isfinite(nearest) || static_cast<double>(std::abs(nearest)) < least) return;
    const double unit =
        static_cast<double>(std::nextafter(std::abs(nearest), INFINITY)) - std::abs(static_cast<double>(nearest));
    worst = std::max(worst, static_cast<double>(std::abs(static_cast<long double>(function(x)) - expected)) / unit);
  });
  return worst;
}

long double ExactSigmoid(long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

TEST(Activation, StaysWithinTheStatedErrors) {
  EXPECT_LT(WorstUlps(
                numerics::ExpLanes<OneLane>, [](long double x) { return std::exp(x); }, 3e-38),
            1.0);
  EXPECT_LT(WorstUlps(numerics::SigmoidLanes<OneLane>, ExactSigmoid, 3e-38), 2.3);
  EXPECT_LT(WorstUlps(
                numerics::TanhLanes<OneLane>, [](long double x) { return std::tanh(x); }, 0.0),
            1.4);
  EXPECT_LT(WorstUlps(
                numerics::SiluLanes<OneLane>, [](long double x) { return x * ExactSigmoid(x); }, 1e-30),
            3.1);
  // Of each range that the header gives an error for; a unit is at most 1.2e-7 of the result.
  const std::pair<float, double> ranges[] = {{-1.0f, 3.5}, {-2.0f, 16.7}, {-5.0f, 67.0}, {-8.0f, 252.0}};
  for (const auto& [from, units] : ranges) {
    const auto gelu = [from = from](long double x) {
      return x < from ? 0.0L : x * std::erfc(-x / std::sqrt(2.0L)) / 2;
    };
    EXPECT_LT(WorstUlps(numerics::GeluErfLanes<OneLane>, gelu, 1e-30), units) << "from " << from;
  }
  const auto gelu_tanh = [](long double x) {
    return x * ExactSigmoid(2 * std::sqrt(2 / static_cast<long double>(M_PI)) * (x + 0.044715L * x * x * x));
  };
  EXPECT_LT(WorstUlps(numerics::GeluTanhLanes<OneLane>, gelu_tanh, 1e-3), 13.0);
  const auto step = [](long double x) { return std::fmin(std::fmax(x + 3, 0.0L), 6.0L); };
  // Beyond 5e37, six times the value overflows before it is divided.
  const auto hardswish = [&](long double x) { return x < 5e37L ? x * step(x) / 6 : 0.0L; };
  EXPECT_LT(WorstUlps(numerics::HardswishLanes<OneLane>, hardswish, 4e-38), 1.9);
  EXPECT_LT(WorstUlps(
                numerics::HardsigmoidLanes<OneLane>, [&](long double x) { return step(x) / 6; }, 4e-38),
            1.1);
}

TEST(Activation, SixthsAreRoundedQuotients) {
  const float least = 4e-38f;
  ForManyFloats(997, [&](float x) {
    const float expected = x / 6.0f;
    const float sixth = numerics::SixthLanes<OneLane>(x);
    if (std::abs(expected) >= least) {
      ASSERT_EQ(BitsOf(sixth), BitsOf(expected)) << x;
    } else {
      ASSERT_NEAR(sixth, expected, 0x1p-148f) << x;
    }
  });
  // All significands.
  for (uint32_t bits = 0x40000000u; bits < 0x40800000u; ++bits) {
    ASSERT_EQ(BitsOf(numerics::SixthLanes<OneLane>(FloatOf(bits))), BitsOf(FloatOf(bits) / 6.0f)) << FloatOf(bits);
  }
}

TEST(Activation, TakesSpecialValues) {
  EXPECT_EQ(numerics::ExpLanes<OneLane>(0.0f), 1.0f);
  EXPECT_EQ(numerics::ExpLanes<OneLane>(INFINITY), INFINITY);
  EXPECT_EQ(numerics::ExpLanes<OneLane>(-INFINITY), 0.0f);
  EXPECT_EQ(numerics::ExpLanes<OneLane>(-86.5f), 0.0f);
  EXPECT_GT(numerics::ExpLanes<OneLane>(-86.49f), 2.7e-38f);
  EXPECT_LT(numerics::ExpLanes<OneLane>(88.72f), INFINITY);
  EXPECT_EQ(numerics::ExpLanes<OneLane>(88.73f), INFINITY);
  EXPECT_EQ(numerics::SigmoidLanes<OneLane>(INFINITY), 1.0f);
  EXPECT_EQ(numerics::SigmoidLanes<OneLane>(-INFINITY), 0.0f);
  EXPECT_EQ(numerics::SigmoidLanes<OneLane>(0.0f), 0.5f);
  EXPECT_EQ(numerics::TanhLanes<OneLane>(INFINITY), 1.0f);
  EXPECT_EQ(numerics::TanhLanes<OneLane>(-INFINITY), -1.0f);
  EXPECT_EQ(BitsOf(numerics::TanhLanes<OneLane>(-0.0f)), 0x80000000u);
  EXPECT_EQ(numerics::GeluErfLanes<OneLane>(INFINITY), INFINITY);
  EXPECT_EQ(numerics::GeluErfLanes<OneLane>(20.0f), 20.0f);
  EXPECT_LT(numerics::GeluErfLanes<OneLane>(-8.0f), -4.9e-15f);
  EXPECT_EQ(numerics::GeluErfLanes<OneLane>(-8.00001f), 0.0f);
  EXPECT_EQ(numerics::GeluErfLanes<OneLane>(-INFINITY), 0.0f);
  EXPECT_EQ(numerics::GeluTanhLanes<OneLane>(-1e20f), 0.0f);
  EXPECT_EQ(numerics::SiluLanes<OneLane>(1e20f), 1e20f);
  EXPECT_EQ(BitsOf(numerics::ReluLanes<OneLane>(-0.0f)), 0u);
  EXPECT_EQ(numerics::Relu6Lanes<OneLane>(INFINITY), 6.0f);
  EXPECT_EQ(numerics::HardsigmoidLanes<OneLane>(INFINITY), 1.0f);
  EXPECT_EQ(numerics::HardsigmoidLanes<OneLane>(3.0f), 1.0f);
  EXPECT_EQ(numerics::HardsigmoidLanes<OneLane>(0.0f), 0.5f);
  EXPECT_EQ(BitsOf(numerics::HardsigmoidLanes<OneLane>(-3.0f)), 0u);
  EXPECT_EQ(numerics::HardsigmoidLanes<OneLane>(-INFINITY), 0.0f);
  EXPECT_EQ(numerics::HardswishLanes<OneLane>(INFINITY), INFINITY);
  EXPECT_EQ(numerics::HardswishLanes<OneLane>(4.5f), 4.5f);
  EXPECT_EQ(BitsOf(numerics::HardswishLanes<OneLane>(-0.0f)), 0x80000000u);
  EXPECT_EQ(numerics::HardswishLanes<OneLane>(-3.5f), 0.0f);
  // As in PyTorch: minus infinity times 0.
  EXPECT_TRUE(std::isnan(numerics::HardswishLanes<OneLane>(-INFINITY)));
  for (auto* function : {numerics::ExpLanes<OneLane>, numerics::SigmoidLanes<OneLane>, numerics::TanhLanes<OneLane>,
                         numerics::SiluLanes<OneLane>, numerics::GeluErfLanes<OneLane>,
                         numerics::GeluTanhLanes<OneLane>, numerics::ReluLanes<OneLane>, numerics::Relu6Lanes<OneLane>,
                         numerics::HardswishLanes<OneLane>, numerics::HardsigmoidLanes<OneLane>}) {
    EXPECT_TRUE(std::isnan(function(NAN)));
  }
}

TEST(Activation, IsTheSameInEveryInstructionSet) {
  const KeepSettings keep;
  const cpu::EpilogueKernels& scalar = cpu::ScalarEpilogueKernels();
  for (octet_isa isa : AvailableIsas()) {
    ASSERT_OK(octet_set_isa(isa));
    const cpu::EpilogueKernels& kernels = cpu::CurrentEpilogueKernels();
    for (int activation = 0; activation < numerics::kActivations; ++activation) {
      float values[cpu::kTileColumns];
      float expected[cpu::kTileColumns];
      int count = 0;
      int64_t wrong = 0;
      const auto check = [&] {
        kernels.activate[activation](values, 1, cpu::kTileColumns);
        scalar.activate[activation](expected, 1, cpu::kTileColumns);
        for (int i = 0; i < count; ++i) {
          const bool both_nan = std::isnan(values[i]) && std::isnan(expected[i]);
          if (!both_nan && BitsOf(values[i]) != BitsOf(expected[i])) ++wrong;
        }
        count = 0;
      };
      ForManyFloats(9973, [&](float x) {
        values[count] = expected[count] = x;
        if (++count == cpu::kTileColumns) check();
      });
      check();
      EXPECT_EQ(wrong, 0) << octet_isa_name(isa) << ", activation " << activation;
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
