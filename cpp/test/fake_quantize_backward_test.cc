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

/** x and grad_out of a case, and a grid per channel along an axis. */
struct Case {
  Tensor x;
  Tensor grad_out;
  Tensor delta;
  Tensor zero;
  octet_grid grid;
  int64_t per_channel;

  Case(DLDataType type, std::vector<int64_t> shape, Layout x_layout, Layout grad_layout, int axis, int64_t channels,
       bool edges)
      : x(type, shape, x_layout),
        grad_out(type, shape, grad_layout),
        delta(kF32, {channels}),
        zero(kF32, {channels}),
        per_channel(axis < 0 ? 1 : shape[static_cast<size_t>(axis)] / channels) {
    x.Fill(edges ? MixedValues(x.count(), kScale, 5) : RandomValues(x.count(), 8 * kScale, 5));
    grad_out.Fill(RandomValues(x.count(), 1.0f, 6));
    for (int64_t c = 0; c < channels; ++c) {
      delta.Set(c, static_cast<double>(kScale) * static_cast<double>(c + 1));
      zero.Set(c, static_cast<double>(c % 7) + 0.3);
    }
    grid = {delta.dl(), zero.dl(), 0.0f, 15.0f, OCTET_SCALE_LINEAR, 1e-8f, axis};
  }

  int64_t Channel(int64_t element) const { return grid.axis < 0 ? 0 : x.IndexAlong(grid.axis, element) / per_channel; }
  NaiveGrid Naive(int64_t element) const {
    const int64_t c = Channel(element);
    return {static_cast<float>(delta.Get(c)), static_cast<float>(std::nearbyint(zero.Get(c))), 0.0f, 15.0f};
  }

  /** grad_x, grad_delta, grad_zero_float. */
  std::vector<Tensor> Backward(Layout layout = Layout::kCompact) {
    std::vector<Tensor> out;
    out.emplace_back(x.type(), x.shape(), layout);
    out.emplace_back(kF32, delta.shape());
    out.emplace_back(kF32, delta.shape());
    EXPECT_OK(
        octet_fake_quantize_backward(&grid, x.dl(), grad_out.dl(), out[0].dl(), out[1].dl(), out[2].dl(), nullptr));
    return out;
  }

  /** out, d_x, d_delta, d_zero. */
  std::vector<Tensor> Partials(Layout layout = Layout::kCompact) {
    std::vector<Tensor> out;
    for (int i = 0; i < 4; ++i) out.emplace_back(x.type(), x.shape(), layout);
    EXPECT_OK(octet_fake_quantize_partials(&grid, x.dl(), out[0].dl(), out[1].dl(), out[2].dl(), out[3].dl(), nullptr));
    return out;
  }
};

void ExpectSumsOfNaive(const Case& c, const std::vector<Tensor>& gradients) {
  std::vector<double> scale_sums(static_cast<size_t>(c.delta.count()));
  std::vector<double> zero_sums(scale_sums.size());
  std::vector<double> magnitudes(scale_sums.size());
  for (int64_t i = 0; i < c.x.count(); ++i) {
    const auto channel = static_cast<size_t>(c.Channel(i));
    const auto x = static_cast<float>(c.x.Get(i));
    const double scale_term = c.grad_out.Get(i) * static_cast<double>(c.Naive(i).ScaleSlope(x));
    const double zero_term = c.grad_out.Get(i) * static_cast<double>(c.Naive(i).ZeroSlope(x));
    scale_sums[channel] += scale_term;
    zero_sums[channel] += zero_term;
    magnitudes[channel] += std::abs(scale_term) + std::abs(zero_term);
  }
  for (size_t channel = 0; channel < scale_sums.size(); ++channel) {
    const double tolerance = 1e-6 * magnitudes[channel] + 1e-12;
    EXPECT_NEAR(gradients[1].Get(static_cast<int64_t>(channel)), scale_sums[channel], tolerance);
    EXPECT_NEAR(gradients[2].Get(static_cast<int64_t>(channel)), zero_sums[channel], tolerance);
  }
}

TEST(FakeQuantizeBackward, EqualsTheFormulaForEveryTypeAndAxis) {
  for (DLDataType type : kFloatTypes) {
    for (int axis = -1; axis < 3; ++axis) {
      SCOPED_TRACE(TypeName(type) + " axis " + std::to_string(axis));
      const std::vector<int64_t> shape = {6, 35, 9};
      const int64_t channels = axis < 0 ? 1 : axis == 0 ? 3 : shape[static_cast<size_t>(axis)];
      Case c(type, shape, Layout::kCompact, Layout::kTransposed, axis, channels, false);
      const auto gradients = SameOnAllPaths([&] { return c.Backward(Layout::kReversed); });
      for (int64_t i = 0; i < c.x.count(); ++i) {
        const bool inside = c.Naive(i).Inside(static_cast<float>(c.x.Get(i)));
        ASSERT_EQ(gradients[0].Get(i), inside ? c.grad_out.Get(i) : 0.0);
      }
      ExpectSumsOfNaive(c, gradients);
    }
  }
}

TEST(FakeQuantizeBackward, IsTheSameOnAllPathsForEdgeValues) {
  for (int64_t count : {1, 17, 63, 64, 65, 1000, 1024, 1025, 70000}) {
    Case c(kF32, {count}, Layout::kMisaligned, Layout::kCompact, -1, 1, true);
    SameOnAllPaths([&] { return c.Backward(); });
    SameOnAllPaths([&] { return c.Partials(); });
  }
}

TEST(FakeQuantizeBackward, SumsDoNotDependOnStrides) {
  std::vector<Tensor> reference;
  for (Layout layout : kOutputLayouts) {
    Case c(kF32, {50, 6, 300}, layout, layout, 1, 3, false);
    auto gradients = c.Backward(layout);
    if (!reference.empty()) {
      EXPECT_TRUE(SameBits(gradients[1], reference[1]));
      EXPECT_TRUE(SameBits(gradients[2], reference[2]));
    }
    reference = std::move(gradients);
    ExpectSumsOfNaive(c, reference);
  }
}

TEST(FakeQuantizeBackward, PassesAtTheEndsOfTheGridAndKeepsNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor x = Tensor::Of({-4.0f, -4.25f, -4.3f, 3.5f, 3.74f, 3.76f, nan});
  Tensor grad_out = Tensor::Of({1, 2, 3, 4, 5, 6, 7});
  Tensor grad_x(kF32, {7});
  Tensor delta = Tensor::Scalar(0.5f);
  const octet_grid grid = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  ASSERT_OK(octet_fake_quantize_backward(&grid, x.dl(), grad_out.dl(), grad_x.dl(), nullptr, nullptr, nullptr));
  const float expected[] = {1, 2, 0, 4, 5, 0};
  for (int64_t i = 0; i < 6; ++i) EXPECT_EQ(grad_x.Get(i), static_cast<double>(expected[i])) << i;
  EXPECT_TRUE(std::isnan(grad_x.Get(6)));
}

TEST(FakeQuantizeBackward, StopsAtStepsBelowEpsAndZeroPointsOutside) {
  Tensor x = Tensor::Of({1.0f, 200.0f, -3.0f});
  Tensor grad_out = Tensor::Of({1.0f, 1.0f, 1.0f});
  const float infinity = std::numeric_limits<float>::infinity();
  struct Row {
    float delta;
    float zero;
    bool delta_moves;
    bool zero_moves;
  };
  for (const Row& row :
       {Row{0.1f, 3.0f, true, true}, Row{0.05f, 3.0f, false, true}, Row{-1.0f, 15.4f, false, true},
        Row{0.1f, 15.6f, true, false}, Row{0.1f, -0.6f, true, false}, Row{0.1f, infinity, true, false}}) {
    Tensor delta = Tensor::Scalar(row.delta);
    Tensor zero = Tensor::Scalar(row.zero);
    const octet_grid grid = {delta.dl(), zero.dl(), 0.0f, 15.0f, OCTET_SCALE_LINEAR, 0.1f, -1};
    Tensor grad_delta(kF32, {1});
    Tensor grad_zero(kF32, {1});
    ASSERT_OK(
        octet_fake_quantize_backward(&grid, x.dl(), grad_out.dl(), nullptr, grad_delta.dl(), grad_zero.dl(), nullptr));
    EXPECT_EQ(grad_delta.Get(0) != 0.0, row.delta_moves) << row.delta;
    EXPECT_EQ(grad_zero.Get(0) != 0.0, row.zero_moves) << row.zero;
  }
}

TEST(FakeQuantizeBackward, MultipliesByTheScaleInTheLogDomain) {
  Case c(kF32, {500}, Layout::kCompact, Layout::kCompact, -1, 1, false);
  const auto linear = c.Backward();
  c.delta.Set(0, std::log(static_cast<double>(kScale)));
  c.grid.scale_domain = OCTET_SCALE_LOG;
  const auto log = c.Backward();
  EXPECT_NEAR(log[1].Get(0), linear[1].Get(0) * static_cast<double>(kScale), std::abs(linear[1].Get(0)) * 1e-4);
}

TEST(FakeQuantizeBackward, GivesZeroSumsForEmptyTensors) {
  for (int axis : {-1, 0}) {
    Case c(kF32, {4, 0}, Layout::kCompact, Layout::kCompact, axis, axis < 0 ? 1 : 4, false);
    const auto gradients = c.Backward();
    for (int64_t i = 0; i < c.delta.count(); ++i) {
      EXPECT_EQ(gradients[1].Get(i), 0.0);
      EXPECT_EQ(gradients[2].Get(i), 0.0);
    }
  }
}

TEST(FakeQuantizeBackward, MayWriteOverXAndStillSumsRight) {
  Case c(kF32, {300}, Layout::kCompact, Layout::kCompact, -1, 1, false);
  const auto expected = c.Backward();
  Tensor grad_delta(kF32, {1});
  ASSERT_OK(octet_fake_quantize_backward(&c.grid, c.x.dl(), c.grad_out.dl(), c.grad_out.dl(), grad_delta.dl(), nullptr,
                                         nullptr));
  EXPECT_TRUE(SameBits(c.grad_out, expected[0]));
  EXPECT_TRUE(SameBits(grad_delta, expected[1]));
}

TEST(FakeQuantizePartials, AgreesWithForwardAndBackward) {
  for (DLDataType type : kFloatTypes) {
    for (Layout layout : kOutputLayouts) {
      Case c(type, {6, 7, 20}, Layout::kGaps, Layout::kCompact, 1, 7, true);
      const auto partials = SameOnAllPaths([&] { return c.Partials(layout); });
      Tensor out(type, c.x.shape());
      ASSERT_OK(octet_fake_quantize(&c.grid, c.x.dl(), out.dl(), nullptr));
      EXPECT_TRUE(SameBits(out, partials[0]));
      for (int64_t i = 0; i < c.x.count(); ++i) {
        const auto x = static_cast<float>(c.x.Get(i));
        const NaiveGrid naive = c.Naive(i);
        Tensor rounded(type, {2});
        rounded.Set(0, static_cast<double>(naive.ScaleSlope(x)));
        rounded.Set(1, static_cast<double>(naive.ZeroSlope(x)));
        if (std::isnan(x)) {
          EXPECT_TRUE(std::isnan(partials[1].Get(i)) && std::isnan(partials[2].Get(i)));
        } else {
          ASSERT_EQ(partials[1].Get(i), naive.Inside(x) ? 1.0 : 0.0);
          ASSERT_EQ(partials[2].Get(i), rounded.Get(0));
        }
        ASSERT_EQ(partials[3].Get(i), rounded.Get(1));
      }
    }
  }
}

TEST(FakeQuantizePartials, LeavesOutWhatIsNotWanted) {
  Case c(kF32, {3, 50}, Layout::kCompact, Layout::kCompact, 0, 3, false);
  const auto all = c.Partials();
  Tensor d_delta(kF32, {3, 50}, Layout::kGaps);
  ASSERT_OK(octet_fake_quantize_partials(&c.grid, c.x.dl(), nullptr, nullptr, d_delta.dl(), nullptr, nullptr));
  EXPECT_TRUE(SameBits(d_delta, all[2]));
  ASSERT_OK(octet_fake_quantize_partials(&c.grid, c.x.dl(), nullptr, nullptr, nullptr, nullptr, nullptr));
}

}  // namespace
}  // namespace test
}  // namespace octet
