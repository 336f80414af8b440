// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/tensor.h"

namespace octet {
namespace test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(GridLimits, FollowTheBits) {
  float int_min = 0.0f;
  float int_max = 0.0f;
  ASSERT_OK(octet_grid_limits(8, 1, &int_min, &int_max));
  EXPECT_EQ(int_min, -128.0f);
  EXPECT_EQ(int_max, 127.0f);
  ASSERT_OK(octet_grid_limits(24, 0, &int_min, &int_max));
  EXPECT_EQ(int_min, 0.0f);
  EXPECT_EQ(int_max, 16777215.0f);
  ASSERT_OK(octet_grid_limits(0, 1, &int_min, &int_max));
  EXPECT_EQ(int_min, -0.5f);
  EXPECT_EQ(int_max, -0.5f);
  ASSERT_OK(octet_grid_limits(0, 0, &int_min, &int_max));
  EXPECT_EQ(int_max, 0.0f);
}

TEST(GridFromRange, MakesSymmetricGrids) {
  Tensor mins = Tensor::Of({0.5f, -1.0f, -3.0f, 0.0f});
  Tensor maxs = Tensor::Of({1.0f, 0.5f, 2.0f, 0.0f});
  Tensor delta(kF32, {4});
  int32_t is_signed = -1;
  ASSERT_OK(octet_grid_from_range(mins.dl(), maxs.dl(), OCTET_SYMMETRIC, 4, OCTET_SCALE_LINEAR, 1e-8f, delta.dl(),
                                  nullptr, &is_signed));
  EXPECT_EQ(is_signed, 1);
  EXPECT_EQ(delta.Get(0), static_cast<double>(1.0f / 7.0f));
  EXPECT_EQ(delta.Get(1), static_cast<double>(1.0f / 7.0f));
  EXPECT_EQ(delta.Get(2), static_cast<double>(3.0f / 7.0f));
  EXPECT_EQ(delta.Get(3), static_cast<double>(1e-8f / 7.0f));
}

TEST(GridFromRange, IsUnsignedWithoutNegativeMinimumAndWithNan) {
  int32_t is_signed = -1;
  Tensor delta(kF32, {2});
  Tensor maxs = Tensor::Of({1.0f, 1.0f});
  for (float first : {0.0f, kNan}) {
    Tensor mins = Tensor::Of({first, std::isnan(first) ? -1.0f : 0.5f});
    ASSERT_OK(octet_grid_from_range(mins.dl(), maxs.dl(), OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f, delta.dl(),
                                    nullptr, &is_signed));
    EXPECT_EQ(is_signed, 0);
    EXPECT_EQ(std::isnan(delta.Get(0)), std::isnan(first));
    EXPECT_EQ(delta.Get(1), static_cast<double>(1.0f / 255.0f));
  }
}

TEST(GridFromRange, MakesAsymmetricGridsInBothDomains) {
  Tensor mins(kF32, {2}, Layout::kReversed);
  mins.Set(0, -0.5);
  mins.Set(1, 0.25);
  Tensor maxs = Tensor::Of({1.0f, 2.0f});
  Tensor delta(kF32, {2});
  Tensor zero(kF32, {2});
  int32_t is_signed = -1;
  for (octet_scale_domain domain : {OCTET_SCALE_LINEAR, OCTET_SCALE_LOG}) {
    ASSERT_OK(octet_grid_from_range(mins.dl(), maxs.dl(), OCTET_ASYMMETRIC, 4, domain, 1e-8f, delta.dl(), zero.dl(),
                                    &is_signed));
    EXPECT_EQ(is_signed, 0);
    const float step = 1.5f / 15.0f;
    EXPECT_EQ(zero.Get(0), static_cast<double>(0.5f / step));
    EXPECT_EQ(zero.Get(1), 0.0);
    EXPECT_FLOAT_EQ(static_cast<float>(delta.Get(0)), domain == OCTET_SCALE_LOG ? std::log(step) : step);
  }
}

TEST(GridFromRange, KeepsDegenerateGrids) {
  Tensor mins = Tensor::Of({-1.0f});
  Tensor maxs = Tensor::Of({1.0f});
  Tensor delta(kF32, {1});
  Tensor zero(kF32, {1});
  int32_t is_signed = 0;
  ASSERT_OK(octet_grid_from_range(mins.dl(), maxs.dl(), OCTET_SYMMETRIC, 1, OCTET_SCALE_LINEAR, 1e-8f, delta.dl(),
                                  nullptr, &is_signed));
  EXPECT_EQ(delta.Get(0), static_cast<double>(kInfinity));
  ASSERT_OK(octet_grid_from_range(mins.dl(), maxs.dl(), OCTET_SYMMETRIC, 0, OCTET_SCALE_LINEAR, 1e-8f, delta.dl(),
                                  nullptr, &is_signed));
  EXPECT_EQ(delta.Get(0), -2.0);
  mins.Set(0, static_cast<double>(-kInfinity));
  ASSERT_OK(octet_grid_from_range(mins.dl(), maxs.dl(), OCTET_ASYMMETRIC, 4, OCTET_SCALE_LINEAR, 1e-8f, delta.dl(),
                                  zero.dl(), &is_signed));
  EXPECT_EQ(delta.Get(0), static_cast<double>(kInfinity));
  EXPECT_TRUE(std::isnan(zero.Get(0)));
}

TEST(GridResolve, GivesWhatTheKernelsUse) {
  Tensor delta = Tensor::Of({0.5f, 1e-9f, -1.0f, kNan});
  Tensor zero = Tensor::Of({2.5f, 3.5f, 99.0f, -1.0f});
  Tensor scale(kF32, {4});
  Tensor zero_point(kF32, {4});
  const octet_grid grid = {delta.dl(), zero.dl(), 0.0f, 15.0f, OCTET_SCALE_LINEAR, 1e-8f, 77};
  ASSERT_OK(octet_grid_resolve(&grid, scale.dl(), zero_point.dl()));
  EXPECT_EQ(scale.Get(0), 0.5);
  EXPECT_EQ(scale.Get(1), static_cast<double>(1e-8f));
  EXPECT_EQ(scale.Get(2), static_cast<double>(1e-8f));
  EXPECT_TRUE(std::isnan(scale.Get(3)));
  EXPECT_EQ(zero_point.Get(0), 2.0);
  EXPECT_EQ(zero_point.Get(1), 4.0);
  EXPECT_EQ(zero_point.Get(2), 15.0);
  EXPECT_EQ(zero_point.Get(3), 0.0);
}

}  // namespace
}  // namespace test
}  // namespace octet
