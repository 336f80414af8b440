// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "numerics/exp_log.h"
#include "numerics/half.h"
#include "numerics/order.h"
#include "numerics/quick_codes.h"
#include "numerics/rounding.h"
#include "numerics/summation.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Difference in units of the last place of the exact value. */
double Ulps(float value, double exact) {
  const auto nearest = static_cast<float>(exact);
  const double unit =
      static_cast<double>(std::nextafter(std::abs(nearest), INFINITY)) - std::abs(static_cast<double>(nearest));
  return std::abs(static_cast<double>(value) - exact) / unit;
}

TEST(Exp, IsWithinHalfAnUlp) {
  double worst = 0.0;
  for (float x = -103.9f; x < 88.7f; x += 0.00713f) {
    worst = std::max(worst, Ulps(numerics::Exp(x), std::exp(static_cast<double>(x))));
  }
  EXPECT_LT(worst, 0.501);
}

TEST(Exp, TakesSpecialValues) {
  EXPECT_EQ(numerics::Exp(INFINITY), INFINITY);
  EXPECT_EQ(numerics::Exp(-INFINITY), 0.0f);
  EXPECT_EQ(numerics::Exp(89.0f), INFINITY);
  EXPECT_EQ(numerics::Exp(0.0f), 1.0f);
  EXPECT_TRUE(std::isnan(numerics::Exp(NAN)));
}

TEST(Log, IsWithinHalfAnUlp) {
  double worst = 0.0;
  for (float x = 1e-45f; x < 3e38f; x = std::nextafter(x * 1.0037f, INFINITY)) {
    worst = std::max(worst, Ulps(numerics::Log(x), std::log(static_cast<double>(x))));
  }
  for (float x = 0.9f; x < 1.1f; x += 1.3e-5f) {
    worst = std::max(worst, Ulps(numerics::Log(x), std::log(static_cast<double>(x))));
  }
  EXPECT_LT(worst, 0.501);
}

TEST(Log, TakesSpecialValues) {
  EXPECT_EQ(numerics::Log(0.0f), -INFINITY);
  EXPECT_EQ(numerics::Log(INFINITY), INFINITY);
  EXPECT_EQ(numerics::Log(1.0f), 0.0f);
  EXPECT_TRUE(std::isnan(numerics::Log(-1.0f)));
  EXPECT_TRUE(std::isnan(numerics::Log(NAN)));
}

TEST(Half, WidensEveryValueExactly) {
  Tensor f16(kF16, {1});
  Tensor bf16(kBF16, {1});
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    std::memcpy(static_cast<char*>(f16.dl()->data) + f16.dl()->byte_offset, &half, 2);
    std::memcpy(static_cast<char*>(bf16.dl()->data) + bf16.dl()->byte_offset, &half, 2);
    const float wide = numerics::Widen(Float16{half});
    const float brain = numerics::Widen(BFloat16{half});
    ASSERT_TRUE(static_cast<double>(wide) == f16.Get(0) || (std::isnan(wide) && std::isnan(f16.Get(0)))) << bits;
    ASSERT_TRUE(static_cast<double>(brain) == bf16.Get(0) || (std::isnan(brain) && std::isnan(bf16.Get(0)))) << bits;
  }
}

TEST(Half, NarrowsToNearestEven) {
  Tensor f16(kF16, {1});
  Tensor bf16(kBF16, {1});
  const auto check = [&](float value) {
    Float16 half;
    BFloat16 brain;
    numerics::Narrow(value, &half);
    numerics::Narrow(value, &brain);
    f16.Set(0, static_cast<double>(value));
    bf16.Set(0, static_cast<double>(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(numerics::Widen(half)) && std::isnan(numerics::Widen(brain)));
    } else {
      ASSERT_EQ(half.bits, f16.Bits(0)) << value;
      ASSERT_EQ(brain.bits, bf16.Bits(0)) << value;
    }
  };
  // Every half, its neighbours, and the middle of two halves with neighbours.
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = numerics::Widen(Float16{static_cast<uint16_t>(bits)});
    const float next = numerics::Widen(Float16{static_cast<uint16_t>(bits + 1)});
    const float middle = value + (next - value) * 0.5f;
    for (float x : {value, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, INFINITY)}) check(x);
  }
  for (uint32_t bits = 0; bits < 0xffff0000u; bits += 0x7ffd) check(numerics::FloatOf(bits));
  for (float value : EdgeValues(0.1f)) check(value);
}

TEST(RoundHalfEven, EqualsTheStandardLibrary) {
  for (float value : EdgeValues(1.0f)) {
    const float rounded = numerics::RoundHalfEven(value);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(rounded));
    } else {
      EXPECT_EQ(numerics::BitsOf(rounded), numerics::BitsOf(std::nearbyint(value))) << value;
    }
  }
}

TEST(QuickCodes, AreThoseOfDivisionsForEveryKindOfSignificand) {
  // Significands from everywhere, and all those near to a multiple of 2^16, where the codes of other ways differ first.
  std::vector<uint32_t> significands;
  for (uint32_t bits = 0; bits < 1u << 23; bits += 4099) significands.push_back(bits);
  for (uint32_t upper = 0; upper < 1u << 23; upper += 1u << 16) {
    for (uint32_t lower = 0; lower < 16; ++lower)
      significands.insert(significands.end(), {upper + lower, upper + 0xffffu - lower});
  }
  int64_t fitting = 0;
  for (uint32_t significand : significands) {
    const numerics::Step step = {numerics::FloatOf(0x3f800000u | significand), 128.0f};
    const numerics::Limits limits = {0.0f, 255.0f};
    if (!numerics::FitsQuickGrid(step, limits)) continue;
    ++fitting;
    const numerics::QuickGrid grid = numerics::QuickGridOf(step, limits);
    for (int k = -130; k <= 130; ++k) {
      const float tie = (static_cast<float>(k) + 0.5f) * step.scale;
      for (float x : {std::nextafter(tie, -INFINITY), tie, std::nextafter(tie, INFINITY)}) {
        const float quick = numerics::RoundedQuotient(numerics::Clamp(x, grid.low, grid.high), grid);
        ASSERT_EQ(quick - numerics::kRounding + step.zero_point, numerics::Code(x, step, limits))
            << x << " / " << step.scale;
      }
    }
  }
  EXPECT_GT(fitting, 4000);
  EXPECT_FALSE(numerics::FitsQuickGrid({0x1.000002p0f, 0.0f}, {0.0f, 255.0f})) << "a step is too near";
  EXPECT_FALSE(numerics::FitsQuickGrid({1.0f, 0.0f}, {0.0f, 256.0f})) << "too many steps";
  EXPECT_FALSE(numerics::FitsQuickGrid({1.0f, 0.5f}, {0.0f, 255.0f}));
  EXPECT_FALSE(numerics::FitsQuickGrid({NAN, 0.0f}, {0.0f, 255.0f}));
  EXPECT_FALSE(numerics::FitsQuickGrid({1.0f, NAN}, {0.0f, 255.0f}));
}

TEST(OrderKey, KeepsTheOrder) {
  const float values[] = {-INFINITY, -3.0f, -1e-45f, 0.0f, 1e-45f, 1.0f, INFINITY};
  for (size_t i = 0; i + 1 < 7; ++i) EXPECT_LT(numerics::OrderKey(values[i]), numerics::OrderKey(values[i + 1]));
  for (float value : values) EXPECT_EQ(numerics::FloatOfOrderKey(numerics::OrderKey(value)), value);
}

TEST(Summation, CutsEverySumIntoFewChunks) {
  for (int64_t terms : {0L, 1L, 1024L, 65536L, 65537L, 1L << 22, (1L << 22) + 1, 1L << 40, 1L << 60}) {
    const int64_t chunks = numerics::ChunkCount(terms);
    EXPECT_LE(chunks, numerics::kMaxChunks);
    const int64_t chunk = numerics::BlocksPerChunk(terms) * numerics::kBlock;
    EXPECT_GE(chunks * chunk, terms);
    EXPECT_TRUE(chunks == 0 || (chunks - 1) * chunk < terms);
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
