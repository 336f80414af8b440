// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

std::vector<Tensor> MinMax(Tensor* x, int axis) {
  const int64_t results = axis < 0 ? 1 : x->shape()[static_cast<size_t>(axis)];
  std::vector<Tensor> out;
  out.emplace_back(kF32, std::vector<int64_t>{results});
  out.emplace_back(kF32, std::vector<int64_t>{results});
  EXPECT_OK(octet_min_max(x->dl(), axis, out[0].dl(), out[1].dl(), nullptr));
  return out;
}

void ExpectNaive(const Tensor& x, int axis, const std::vector<Tensor>& out) {
  const auto results = static_cast<size_t>(out[0].count());
  std::vector<double> least(results, std::numeric_limits<double>::infinity());
  std::vector<double> greatest(results, -std::numeric_limits<double>::infinity());
  std::vector<bool> nan(results);
  for (int64_t i = 0; i < x.count(); ++i) {
    const auto k = static_cast<size_t>(axis < 0 ? 0 : x.IndexAlong(axis, i));
    nan[k] = nan[k] || std::isnan(x.Get(i));
    least[k] = std::min(least[k], x.Get(i));
    greatest[k] = std::max(greatest[k], x.Get(i));
  }
  for (size_t k = 0; k < results; ++k) {
    const auto i = static_cast<int64_t>(k);
    if (nan[k]) {
      EXPECT_TRUE(std::isnan(out[0].Get(i)) && std::isnan(out[1].Get(i))) << "slice " << k;
    } else {
      EXPECT_EQ(out[0].Get(i), least[k]) << "slice " << k;
      EXPECT_EQ(out[1].Get(i), greatest[k]) << "slice " << k;
    }
  }
}

TEST(MinMax, EqualsTheFormulaForEveryTypeLayoutAndAxis) {
  uint32_t seed = 0;
  for (DLDataType type : kFloatTypes) {
    for (Layout layout : kInputLayouts) {
      for (int axis = -1; axis < 3; ++axis) {
        SCOPED_TRACE(TypeName(type) + " axis " + std::to_string(axis));
        Tensor x(type, {5, 37, 11}, layout);
        x.Fill(RandomValues(x.count(), 1.0f, ++seed));
        ExpectNaive(x, axis, SameOnAllPaths([&] { return MinMax(&x, axis); }));
        x.Set(x.count() - 1, std::numeric_limits<double>::quiet_NaN());
        ExpectNaive(x, axis, SameOnAllPaths([&] { return MinMax(&x, axis); }));
      }
    }
  }
}

TEST(MinMax, FindsExtremesAndNanAtEveryPlace) {
  for (int64_t count : {1, 15, 16, 17, 64, 65, 130}) {
    for (int64_t place = 0; place < count; ++place) {
      Tensor x(kF32, {count});
      for (int64_t i = 0; i < count; ++i) x.Set(i, 1.0);
      for (double value : {-3.0, 3.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
        x.Set(place, value);
        const KeepSettings keep;
        for (octet_isa isa : AvailableIsas()) {
          ASSERT_OK(octet_set_isa(isa));
          ExpectNaive(x, -1, MinMax(&x, -1));
        }
      }
    }
  }
}

TEST(MinMax, IsTheSameForLargeTensorsOnSeveralThreads) {
  Tensor x(kF32, {400001});
  x.Fill(RandomValues(x.count(), 1.0f, 9));
  ExpectNaive(x, -1, SameOnAllPaths([&] { return MinMax(&x, -1); }));
  x.Set(399999, std::nan(""));
  ExpectNaive(x, -1, SameOnAllPaths([&] { return MinMax(&x, -1); }));
}

TEST(MinMax, GivesOneSignOfZero) {
  Tensor x = Tensor::Of({0.0f, -0.0f, 0.0f, -0.0f});
  for (const Tensor& result : MinMax(&x, -1)) EXPECT_FALSE(std::signbit(result.Get(0)));
}

TEST(MinMax, TakesNoSlicesButNotEmptyOnes) {
  Tensor none(kF32, {0, 5});
  Tensor out(kF32, {0});
  Tensor more(kF32, {0});
  EXPECT_OK(octet_min_max(none.dl(), 0, out.dl(), more.dl(), nullptr));
  Tensor results(kF32, {5});
  Tensor other(kF32, {5});
  EXPECT_EQ(octet_min_max(none.dl(), 1, results.dl(), other.dl(), nullptr), OCTET_INVALID_ARGUMENT);
  Tensor one(kF32, {1});
  Tensor another(kF32, {1});
  EXPECT_EQ(octet_min_max(none.dl(), -1, one.dl(), another.dl(), nullptr), OCTET_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace test
}  // namespace octet
