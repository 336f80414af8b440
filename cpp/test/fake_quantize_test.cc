// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/naive.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0371f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/** NaN equals NaN, +0 equals -0. */
bool SameValue(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/** `value` rounded to a type. */
double RoundedTo(DLDataType type, float value) {
  Tensor one(type, {1});
  one.Set(0, static_cast<double>(value));
  return one.Get(0);
}

void ExpectNaive(const Tensor& x, const Tensor& out, const NaiveGrid& grid) {
  for (int64_t i = 0; i < x.count(); ++i) {
    const float expected = grid.FakeQuantize(static_cast<float>(x.Get(i)));
    ASSERT_TRUE(SameValue(out.Get(i), RoundedTo(out.type(), expected)))
        << "x " << x.Get(i) << " gave " << out.Get(i) << ", expected " << expected;
  }
}

TEST(FakeQuantize, EqualsTheFormulaForEveryTypeAndSize) {
  for (DLDataType type : kFloatTypes) {
    for (int64_t count : {0, 1, 2, 7, 15, 16, 17, 31, 33, 63, 64, 100, 1023, 1025, 5000}) {
      SCOPED_TRACE(TypeName(type) + " of " + std::to_string(count));
      Tensor x(type, {count});
      x.Fill(MixedValues(count, kScale, static_cast<uint32_t>(count)));
      Tensor delta = Tensor::Scalar(kScale);
      Tensor zero = Tensor::Scalar(3.5f);
      const octet_grid grid = {delta.dl(), zero.dl(), 0.0f, 15.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(type, x.shape());
        EXPECT_OK(octet_fake_quantize(&grid, x.dl(), out[0].dl(), nullptr));
        return out;
      });
      ExpectNaive(x, outputs[0], {kScale, 4.0f, 0.0f, 15.0f});
    }
  }
}

TEST(FakeQuantize, TakesEveryLayoutAndAxis) {
  const std::vector<std::vector<int64_t>> shapes = {{6}, {4, 6}, {6, 1, 35}, {2, 6, 3, 5}, {3, 4, 6}, {70, 6}};
  uint32_t seed = 0;
  for (DLDataType type : kFloatTypes) {
    for (const auto& shape : shapes) {
      for (Layout in : kInputLayouts) {
        for (Layout to : kOutputLayouts) {
          const int axis = static_cast<int>(++seed % (shape.size() + 1)) - 1;
          const int64_t size = axis < 0 ? 1 : shape[static_cast<size_t>(axis)];
          const int64_t groups = size == 6 && seed % 2 == 0 ? 3 : size;
          SCOPED_TRACE("case " + std::to_string(seed));
          Tensor x(type, shape, in);
          x.Fill(MixedValues(x.count(), kScale, seed));
          Tensor delta(kF32, {groups});
          Tensor zero(kF32, {groups});
          for (int64_t g = 0; g < groups; ++g) {
            delta.Set(g, static_cast<double>(kScale * static_cast<float>(g + 1)));
            zero.Set(g, static_cast<double>(g % 5));
          }
          const octet_grid grid = {delta.dl(), zero.dl(), -3.0f, 12.0f, OCTET_SCALE_LINEAR, 1e-8f, axis};
          const auto outputs = SameOnAllPaths([&] {
            std::vector<Tensor> out;
            out.emplace_back(type, shape, to);
            EXPECT_OK(octet_fake_quantize(&grid, x.dl(), out[0].dl(), nullptr));
            return out;
          });
          for (int64_t i = 0; i < x.count(); ++i) {
            const int64_t g = axis < 0 ? 0 : x.IndexAlong(axis, i) / (size / groups);
            const NaiveGrid naive = {static_cast<float>(delta.Get(g)), static_cast<float>(zero.Get(g)), -3.0f, 12.0f};
            const double expected = RoundedTo(type, naive.FakeQuantize(static_cast<float>(x.Get(i))));
            ASSERT_TRUE(SameValue(outputs[0].Get(i), expected)) << "element " << i;
          }
        }
      }
    }
  }
}

TEST(FakeQuantize, IsTheSameForLargeTensorsOnSeveralThreads) {
  // Large enough for stores around the caches and for many pieces of work, with ends that are not aligned.
  for (int64_t channels : {1, 3, 300}) {
    const int64_t count = 3 * 900000;
    Tensor x(kF32, {count / channels, channels}, Layout::kMisaligned);
    const std::vector<float> values = RandomValues(count, 1.0f, 7);
    x.Fill(values);
    Tensor delta(kF32, {channels});
    for (int64_t c = 0; c < channels; ++c) delta.Set(c, 0.01 + 0.001 * static_cast<double>(c));
    const octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, channels == 1 ? -1 : 1};
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(kF32, x.shape());
      EXPECT_OK(octet_fake_quantize(&grid, x.dl(), out[0].dl(), nullptr));
      return out;
    });
    Tensor expected(kF32, x.shape());
    for (int64_t i = 0; i < count; ++i) {
      const NaiveGrid naive = {static_cast<float>(delta.Get(i % channels)), 0.0f, -128.0f, 127.0f};
      expected.Set(i, static_cast<double>(naive.FakeQuantize(values[static_cast<size_t>(i)])));
    }
    EXPECT_TRUE(SameBits(outputs[0], expected));
  }
}

TEST(FakeQuantize, WorksInPlace) {
  Tensor x(kF32, {5, 40}, Layout::kTransposed);
  x.Fill(MixedValues(x.count(), kScale, 1));
  Tensor expected(kF32, {5, 40});
  Tensor delta = Tensor::Scalar(kScale);
  const octet_grid grid = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), expected.dl(), nullptr));
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), x.dl(), nullptr));
  EXPECT_TRUE(SameBits(x, expected));
}

TEST(FakeQuantize, FollowsTheFormulaOnDegenerateGrids) {
  struct Degenerate {
    float delta;
    float zero;
    float int_min;
    float int_max;
  };
  const Degenerate grids[] = {{kInfinity, 0.0f, -1.0f, 0.0f},
                              {kNan, 0.0f, -8.0f, 7.0f},
                              {0.1f, kNan, 0.0f, 15.0f},
                              {-2.0f, 0.0f, -0.5f, -0.5f},
                              {1e-45f, 0.0f, -8.0f, 7.0f},
                              {3e38f, 1e30f, 0.0f, 15.0f},
                              {0.1f, -0.0f, -16777216.0f, 16777216.0f}};
  for (const Degenerate& g : grids) {
    Tensor x = Tensor::Of(EdgeValues(0.1f));
    Tensor delta = Tensor::Scalar(g.delta);
    Tensor zero = Tensor::Scalar(g.zero);
    const octet_grid grid = {delta.dl(), zero.dl(), g.int_min, g.int_max, OCTET_SCALE_LINEAR, 1e-45f, -1};
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(kF32, x.shape());
      EXPECT_OK(octet_fake_quantize(&grid, x.dl(), out[0].dl(), nullptr));
      return out;
    });
    const float scale = std::isnan(g.delta) ? g.delta : std::fmax(g.delta, 1e-45f);
    const float rounded = std::nearbyint(g.zero);
    const float zero_point = std::isnan(rounded) ? rounded : std::fmin(std::fmax(rounded, g.int_min), g.int_max);
    ExpectNaive(x, outputs[0], {scale, zero_point, g.int_min, g.int_max});
  }
}

TEST(FakeQuantize, KeepsNanAndSaturatesInfinity) {
  Tensor x = Tensor::Of({kNan, kInfinity, -kInfinity});
  Tensor out(kF32, {3});
  Tensor delta = Tensor::Scalar(0.5f);
  const octet_grid grid = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), out.dl(), nullptr));
  EXPECT_TRUE(std::isnan(out.Get(0)));
  EXPECT_EQ(out.Get(1), 3.5);
  EXPECT_EQ(out.Get(2), -4.0);
}

TEST(FakeQuantize, TakesTheLogarithmOfTheStep) {
  Tensor x = Tensor::Of(RandomValues(100, 1.0f, 3));
  Tensor delta = Tensor::Scalar(std::log(0.25f));
  Tensor scale = Tensor::Scalar(0.0f);
  Tensor out(kF32, {100});
  const octet_grid grid = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LOG, 1e-8f, -1};
  ASSERT_OK(octet_grid_resolve(&grid, scale.dl(), nullptr));
  EXPECT_NEAR(scale.Get(0), 0.25, 1e-7);
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), out.dl(), nullptr));
  ExpectNaive(x, out, {static_cast<float>(scale.Get(0)), 0.0f, -8.0f, 7.0f});
}

TEST(FakeQuantize, TakesManyDimensions) {
  Tensor x(kF32, std::vector<int64_t>(16, 2), Layout::kTransposed);
  x.Fill(RandomValues(x.count(), 1.0f, 4));
  Tensor delta = Tensor::Of({0.1f, 0.2f});
  const octet_grid grid = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, 9};
  Tensor out(kF32, x.shape());
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), out.dl(), nullptr));
  for (int64_t i = 0; i < x.count(); ++i) {
    const NaiveGrid naive = {static_cast<float>(delta.Get(x.IndexAlong(9, i))), 0.0f, -8.0f, 7.0f};
    ASSERT_EQ(out.Get(i), static_cast<double>(naive.FakeQuantize(static_cast<float>(x.Get(i)))));
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
