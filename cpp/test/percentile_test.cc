// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

std::vector<Tensor> Percentile(Tensor* x, int axis, double low, double high) {
  const int64_t results = axis < 0 ? 1 : x->shape()[static_cast<size_t>(axis)];
  std::vector<Tensor> out;
  out.emplace_back(kF32, std::vector<int64_t>{results});
  out.emplace_back(kF32, std::vector<int64_t>{results});
  size_t bytes = 0;
  EXPECT_OK(octet_percentile_workspace_size(x->dl(), axis, &bytes));
  const std::unique_ptr<void, void (*)(void*)> workspace(std::aligned_alloc(64, (bytes + 63) / 64 * 64), std::free);
  EXPECT_OK(octet_percentile(x->dl(), axis, low, high, out[0].dl(), out[1].dl(), workspace.get(), bytes, nullptr));
  return out;
}

float Naive(std::vector<float> values, double percent) {
  std::sort(values.begin(), values.end());
  const double position = percent / 100.0 * static_cast<double>(values.size() - 1);
  const auto index = static_cast<size_t>(position);
  if (index + 1 >= values.size()) return values.back();
  const double t = position - std::floor(position);
  const float a = values[index];
  const float b = values[index + 1];
  const double d = static_cast<double>(b - a);
  return static_cast<float>(t >= 0.5 ? static_cast<double>(b) - d * (1.0 - t) : static_cast<double>(a) + d * t);
}

void ExpectNaive(const Tensor& x, int axis, double low, double high, const std::vector<Tensor>& out) {
  std::vector<std::vector<float>> slices(static_cast<size_t>(out[0].count()));
  for (int64_t i = 0; i < x.count(); ++i) {
    slices[static_cast<size_t>(axis < 0 ? 0 : x.IndexAlong(axis, i))].push_back(static_cast<float>(x.Get(i)));
  }
  for (size_t k = 0; k < slices.size(); ++k) {
    EXPECT_EQ(out[0].Get(static_cast<int64_t>(k)), static_cast<double>(Naive(slices[k], low))) << low;
    EXPECT_EQ(out[1].Get(static_cast<int64_t>(k)), static_cast<double>(Naive(slices[k], high))) << high;
  }
}

constexpr double kPairs[][2] = {{0, 100}, {0.1, 99.9}, {50, 50}, {100, 0}, {33.3, 66.7}, {1, 100}, {99.99, 0.003}};

TEST(Percentile, EqualsSortingForEveryTypeLayoutAndAxis) {
  uint32_t seed = 0;
  for (DLDataType type : kFloatTypes) {
    for (Layout layout : kInputLayouts) {
      for (int axis = -1; axis < 2; ++axis) {
        const auto& pair = kPairs[seed % 7];
        Tensor x(type, {7, 230}, layout);
        x.Fill(RandomValues(x.count(), 1.0f, ++seed));
        ExpectNaive(x, axis, pair[0], pair[1], SameOnAllPaths([&] { return Percentile(&x, axis, pair[0], pair[1]); }));
      }
    }
  }
}

TEST(Percentile, EqualsSortingForLongSlices) {
  for (int64_t count : {4096, 4097, 65536, 65537, 300000}) {
    Tensor x(kF32, {count});
    x.Fill(RandomValues(count, 1.0f, 11));
    for (const auto& pair : kPairs) ExpectNaive(x, -1, pair[0], pair[1], Percentile(&x, -1, pair[0], pair[1]));
    SameOnAllPaths([&] { return Percentile(&x, -1, 0.1, 99.9); });
  }
  Tensor rows(kF32, {5, 20000});
  rows.Fill(RandomValues(rows.count(), 1.0f, 12));
  ExpectNaive(rows, 0, 0.5, 99.5, SameOnAllPaths([&] { return Percentile(&rows, 0, 0.5, 99.5); }));
}

TEST(Percentile, TakesEqualAndSingleValues) {
  for (int64_t count : {1, 2, 3, 100, 70000}) {
    Tensor x(kF32, {count});
    for (int64_t i = 0; i < count; ++i) x.Set(i, 2.5);
    for (const auto& pair : kPairs) ExpectNaive(x, -1, pair[0], pair[1], Percentile(&x, -1, pair[0], pair[1]));
  }
}

TEST(Percentile, GivesNanForSlicesWithNanOnly) {
  for (int64_t size : {40, 5000, 70000}) {
    Tensor x(kF32, {3, size});
    x.Fill(RandomValues(x.count(), 1.0f, 13));
    x.Set(size + size / 2, std::nan(""));
    const auto out = Percentile(&x, 0, 1.0, 99.0);
    for (int64_t k = 0; k < 3; ++k) {
      EXPECT_EQ(std::isnan(out[0].Get(k)), k == 1);
      EXPECT_EQ(std::isnan(out[1].Get(k)), k == 1);
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
