// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

NaiveGrid GridOf(float x_min, float x_max, const octet_range_mse_options& options) {
  const float low = std::fmin(x_min, 0.0f);
  const float high = std::fmax(x_max, options.eps);
  const bool is_signed = options.scheme == OCTET_SYMMETRIC && x_min < 0.0f;
  const float steps = std::ldexp(1.0f, options.n_bits);
  NaiveGrid grid = {0.0f, 0.0f, is_signed ? -steps / 2 : 0.0f, is_signed ? steps / 2 - 1 : steps - 1};
  if (options.scheme == OCTET_SYMMETRIC) {
    grid.scale = std::fmax(-low, high) / grid.int_max;
  } else {
    grid.scale = (high - low) / grid.int_max;
    grid.zero_point = std::fmin(std::fmax(std::nearbyint(-low / grid.scale), 0.0f), grid.int_max);
  }
  grid.scale =
      options.scale_domain == OCTET_SCALE_LOG ? std::exp(std::log(grid.scale)) : std::fmax(grid.scale, options.eps);
  return grid;
}

std::vector<Tensor> Losses(Tensor* x, int axis, const octet_range_mse_options& options, Tensor* mins, Tensor* maxs,
                           DLDataType type) {
  std::vector<Tensor> loss;
  const int64_t slices = axis < 0 ? 1 : x->shape()[static_cast<size_t>(axis)];
  loss.emplace_back(type, std::vector<int64_t>{slices, mins->shape().back()});
  EXPECT_OK(octet_range_mse(x->dl(), axis, &options, mins->dl(), maxs->dl(), loss[0].dl(), nullptr));
  return loss;
}

void ExpectNaive(const Tensor& x, int axis, const octet_range_mse_options& options, const Tensor& mins,
                 const Tensor& maxs, const Tensor& loss, double tolerance) {
  const int64_t slices = loss.shape()[0];
  const int64_t candidates = loss.shape()[1];
  const bool per_slice = mins.count() != candidates;
  for (int64_t slice = 0; slice < slices; ++slice) {
    for (int64_t c = 0; c < candidates; ++c) {
      const int64_t i = per_slice ? slice * candidates + c : c;
      const NaiveGrid grid = GridOf(static_cast<float>(mins.Get(i)), static_cast<float>(maxs.Get(i)), options);
      double sum = 0.0;
      for (int64_t e = 0; e < x.count(); ++e) {
        if (axis >= 0 && x.IndexAlong(axis, e) != slice) continue;
        const auto value = static_cast<float>(x.Get(e));
        const double error = static_cast<double>(value) -
                             static_cast<double>(grid.scale) * static_cast<double>(grid.Code(value) - grid.zero_point);
        sum += error * error;
      }
      ASSERT_NEAR(loss.Get(slice * candidates + c), sum, sum * tolerance) << "slice " << slice << " candidate " << c;
    }
  }
}

TEST(RangeMse, EqualsTheFormulaForSchemesDomainsAndAxes) {
  uint32_t seed = 0;
  for (DLDataType type : kFloatTypes) {
    for (octet_scheme scheme : {OCTET_SYMMETRIC, OCTET_ASYMMETRIC}) {
      for (octet_scale_domain domain : {OCTET_SCALE_LINEAR, OCTET_SCALE_LOG}) {
        for (int axis : {-1, 0, 1}) {
          const octet_range_mse_options options = {scheme, 2 + static_cast<int32_t>(++seed % 7), domain, 1e-8f};
          Tensor x(type, {4, 777}, kInputLayouts[seed % 5]);
          x.Fill(RandomValues(x.count(), 1.0f, seed));
          const int64_t slices = axis < 0 ? 1 : x.shape()[static_cast<size_t>(axis)];
          const bool per_slice = seed % 2 == 0;
          const std::vector<int64_t> shape = per_slice ? std::vector<int64_t>{slices, 20} : std::vector<int64_t>{20};
          Tensor mins(kF32, shape);
          Tensor maxs(kF32, shape);
          for (int64_t i = 0; i < mins.count(); ++i) {
            mins.Set(i, -0.05 * static_cast<double>(i % 19));
            maxs.Set(i, 0.2 * static_cast<double>(i % 17 + 1));
          }
          const auto loss = SameOnAllPaths([&] { return Losses(&x, axis, options, &mins, &maxs, kF64); });
          // A log step may differ in its last bit, which moves elements near ties: the loss is flat there.
          ExpectNaive(x, axis, options, mins, maxs, loss[0], domain == OCTET_SCALE_LOG ? 1e-4 : 2e-6);
        }
      }
    }
  }
}

TEST(RangeMse, IsAccurateAndTheSameForLongSlicesAndManyCandidates) {
  Tensor x(kF32, {150001});
  x.Fill(RandomValues(x.count(), 1.0f, 21));
  Tensor mins(kF32, {300});
  Tensor maxs(kF32, {300});
  for (int64_t i = 0; i < 300; ++i) {
    maxs.Set(i, 0.01 * static_cast<double>(i + 1));
    mins.Set(i, -0.01 * static_cast<double>(i + 1));
  }
  const octet_range_mse_options options = {OCTET_SYMMETRIC, 4, OCTET_SCALE_LINEAR, 1e-8f};
  const KeepSettings keep;
  ASSERT_OK(octet_set_num_threads(1));
  const auto reference = Losses(&x, -1, options, &mins, &maxs, kF64);
  ExpectNaive(x, -1, options, mins, maxs, reference[0], 1e-6);
  ASSERT_OK(octet_set_num_threads(3));
  for (octet_isa isa : AvailableIsas()) {
    ASSERT_OK(octet_set_isa(isa));
    EXPECT_TRUE(SameBits(Losses(&x, -1, options, &mins, &maxs, kF64)[0], reference[0])) << octet_isa_name(isa);
  }
}

TEST(RangeMse, IsTheSameForEdgeValuesAndSteps) {
  for (int64_t count : {1, 16, 63, 65, 500, 1025}) {
    Tensor x(kF32, {count});
    x.Fill(MixedValues(count, 0.1f, 3));
    Tensor mins = Tensor::Of({-1.0f, 0.0f, -1e-40f, -3e38f, -INFINITY, NAN, -1e-38f});
    Tensor maxs = Tensor::Of({1.0f, 1e-45f, 1e-40f, 3e38f, 1.0f, 1.0f, 0.0f});
    for (int32_t bits : {1, 8, 24}) {
      for (octet_scheme scheme : {OCTET_SYMMETRIC, OCTET_ASYMMETRIC}) {
        const octet_range_mse_options options = {scheme, bits, OCTET_SCALE_LINEAR, 1e-45f};
        SameOnAllPaths([&] { return Losses(&x, -1, options, &mins, &maxs, kF64); });
      }
    }
  }
}

TEST(RangeMse, GivesNanForNan) {
  Tensor x = Tensor::Of({1.0f, NAN, 2.0f});
  Tensor mins = Tensor::Of({-1.0f});
  Tensor maxs = Tensor::Of({1.0f});
  const octet_range_mse_options options = {OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f};
  EXPECT_TRUE(std::isnan(Losses(&x, -1, options, &mins, &maxs, kF32)[0].Get(0)));
}

TEST(RangeMse, TakesNoCandidatesAndNoSlices) {
  Tensor x(kF32, {0, 3});
  Tensor mins(kF32, {0});
  Tensor maxs(kF32, {0});
  Tensor loss(kF32, {0, 0});
  const octet_range_mse_options options = {OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f};
  EXPECT_OK(octet_range_mse(x.dl(), 0, &options, mins.dl(), maxs.dl(), loss.dl(), nullptr));
}

}  // namespace
}  // namespace test
}  // namespace octet
