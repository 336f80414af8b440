// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "support/grids.h"
#include "support/masks.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Case {
  DLDataType in = kF32;
  DLDataType out = kF32;
  int64_t batch = 2;
  int64_t heads = 3;
  int64_t rows = 4;
  int64_t length = 20;
  float scale = 0.125f;
  /** 0: none, 1: [rows, length], 2: [batch, 1, 1, length]. */
  int bias = 0;
  bool mask = false;
  bool lengths = false;
  std::optional<int64_t> causal;
};

/** Compares with the formula in double. */
void Check(const Case& c) {
  const std::vector<int64_t> shape = {c.batch, c.heads, c.rows, c.length};
  const TensorGrid in_grid(c.in, 0.3f, c.in.code == kDLUInt ? 128.0f : 4.0f);
  const TensorGrid out_grid(c.out, c.out.code == kDLUInt ? 1.0f / 255.0f : 1.0f / 127.0f, 0.0f);
  Tensor x(c.in, shape);
  const std::vector<float> values = RandomValues(x.count(), 10.0f, 1);
  for (int64_t i = 0; i < x.count(); ++i) {
    x.Set(i, in_grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  }
  Tensor bias(kF32,
              c.bias == 1 ? std::vector<int64_t>{c.rows, c.length} : std::vector<int64_t>{c.batch, 1, 1, c.length});
  bias.Fill(RandomValues(bias.count(), 2.0f, 2));
  BoolMask mask({c.batch, 1, c.rows, c.length}, 3);
  Tensor lengths(kS32, {c.batch});
  for (int64_t b = 0; b < c.batch; ++b) lengths.Set(b, static_cast<double>(b == 0 ? c.length + 5 : c.length / 2));
  octet_softmax_terms terms = {};
  terms.scale = c.scale;
  if (c.bias != 0) terms.bias = bias.dl();
  if (c.mask) terms.mask = mask.dl();
  if (c.lengths) terms.lengths = lengths.dl();
  terms.causal = c.causal ? 1 : 0;
  terms.causal_offset = c.causal.value_or(0);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(c.out, shape);
    EXPECT_OK(octet_softmax(x.dl(), in_grid.get(), &terms, out[0].dl(), out_grid.get(), nullptr));
    return out;
  });
  for (int64_t row = 0; row < x.count() / c.length; ++row) {
    const int64_t b = row / (c.heads * c.rows);
    const int64_t i = row % c.rows;
    std::vector<double> t;
    double greatest = -kInfinity;
    double largest = 0.0;
    for (int64_t j = 0; j < c.length; ++j) {
      double term = in_grid.ValueOf(x.Get(row * c.length + j)) * static_cast<double>(c.scale);
      if (c.bias == 1) term += bias.Get(i * c.length + j);
      if (c.bias == 2) term += bias.Get(b * c.length + j);
      bool part = true;
      if (c.mask) part = part && mask.At((b * c.rows + i) * c.length + j);
      if (c.lengths) part = part && j < static_cast<int64_t>(lengths.Get(b));
      if (c.causal) part = part && j <= i + *c.causal;
      t.push_back(part ? term : -kInfinity);
      if (part) largest = std::fmax(largest, std::abs(term));
      greatest = std::fmax(greatest, t.back());
    }
    double sum = 0.0;
    for (double term : t) sum += greatest == -kInfinity ? 1.0 : std::exp(term - greatest);
    for (int64_t j = 0; j < c.length; ++j) {
      const double term = t[static_cast<size_t>(j)];
      const double expected = term == -kInfinity ? 0.0 : std::exp(term - greatest) / sum;
      const double error = expected * (1e-6 + 1.2e-7 * largest);
      const double got = outputs[0].Get(row * c.length + j);
      if (c.out.bits == 8) {
        ASSERT_LE(out_grid.CodeOf(static_cast<float>(expected - error)), got) << row << ", " << j;
        ASSERT_GE(out_grid.CodeOf(static_cast<float>(expected + error)), got) << row << ", " << j;
      } else {
        const double rounding = c.out.bits == 32 ? 1e-37 : 0x1p-8 * expected + 1e-7;
        ASSERT_NEAR(got, expected, error + rounding) << row << ", " << j;
      }
    }
  }
}

TEST(Softmax, EqualsTheFormulaForLengths) {
  for (int64_t length : {1, 2, 15, 16, 17, 64, 127, 128, 1000, 1025, 4096, 4099, 9000}) {
    Case c;
    c.length = length;
    SCOPED_TRACE(length);
    Check(c);
  }
}

TEST(Softmax, EqualsTheFormulaForAllTypes) {
  for (DLDataType in : kValueTypes) {
    for (DLDataType out : kValueTypes) {
      for (int64_t length : {37, 5000}) {
        Case c;
        c.batch = 1;
        c.in = in;
        c.out = out;
        c.length = length;
        SCOPED_TRACE(TypeName(in) + " to " + TypeName(out));
        Check(c);
      }
    }
  }
}

TEST(Softmax, Masks) {
  for (int bias = 0; bias < 3; ++bias) {
    for (int masks = 0; masks < 8; ++masks) {
      for (DLDataType out : {kF32, kU8}) {
        Case c;
        c.out = out;
        c.bias = bias;
        c.mask = (masks & 1) != 0;
        c.lengths = (masks & 2) != 0;
        if ((masks & 4) != 0) c.causal = bias * 3 - 2;
        SCOPED_TRACE(std::to_string(bias) + ", " + std::to_string(masks));
        Check(c);
        c.length = 4500;
        c.rows = 2;
        c.heads = 1;
        Check(c);
      }
    }
  }
}

TEST(Softmax, ALengthIsWorthTheMaskThatSaysTheSame) {
  for (int64_t length : {30, 5000, 140000}) {
    Tensor x(kF32, {1, length});
    x.Fill(RandomValues(length, 3.0f, 1));
    Tensor lengths(kS32, {1});
    lengths.Set(0, static_cast<double>(length * 2 / 3));
    Tensor bias(kF32, {length});
    for (int64_t j = 0; j < length; ++j) bias.Set(j, j < length * 2 / 3 ? 0.0 : -kInfinity);
    octet_softmax_terms terms = {};
    terms.scale = 1.0f;
    terms.lengths = lengths.dl();
    Tensor by_length(kF32, {1, length});
    ASSERT_OK(octet_softmax(x.dl(), nullptr, &terms, by_length.dl(), nullptr, nullptr));
    terms.lengths = nullptr;
    terms.bias = bias.dl();
    Tensor by_bias(kF32, {1, length});
    ASSERT_OK(octet_softmax(x.dl(), nullptr, &terms, by_bias.dl(), nullptr, nullptr));
    EXPECT_TRUE(SameBits(by_length, by_bias));
  }
}

TEST(Softmax, RowsWithoutElementsAreZero) {
  Tensor x(kF32, {2, 3});
  x.Fill(std::vector<float>{1, 2, 3, -INFINITY, -INFINITY, -INFINITY});
  Tensor lengths(kS32, {2});
  lengths.Set(0, -7.0);
  lengths.Set(1, 3.0);
  octet_softmax_terms terms = {};
  terms.scale = 1.0f;
  terms.lengths = lengths.dl();
  const TensorGrid grid(kS8, 1.0f / 127.0f, -5.0f);
  Tensor out(kF32, {2, 3});
  Tensor codes(kS8, {2, 3});
  ASSERT_OK(octet_softmax(x.dl(), nullptr, &terms, out.dl(), nullptr, nullptr));
  ASSERT_OK(octet_softmax(x.dl(), nullptr, &terms, codes.dl(), grid.get(), nullptr));
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(out.Get(i), 0.0);
    EXPECT_EQ(codes.Get(i), -5.0);
  }
}

TEST(Softmax, SpecialValues) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Tensor x(kF32, {5, 3});
  x.Fill(std::vector<float>{1, nan, 2, nan, nan, nan, 1, INFINITY, 2, 3e38f, 3e38f, -3e38f, -1000, 0, 1000});
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, x.shape());
    EXPECT_OK(octet_softmax(x.dl(), nullptr, nullptr, out[0].dl(), nullptr, nullptr));
    return out;
  });
  for (int64_t i = 0; i < 9; ++i) EXPECT_TRUE(std::isnan(outputs[0].Get(i))) << i;
  EXPECT_EQ(outputs[0].Get(9), 0.5);
  EXPECT_EQ(outputs[0].Get(11), 0.0);
  EXPECT_EQ(outputs[0].Get(12), 0.0);
  EXPECT_EQ(outputs[0].Get(14), 1.0);
  // What is masked is not looked at.
  BoolMask mask({5, 3}, 1);
  for (int64_t i = 0; i < 15; ++i) static_cast<uint8_t*>(mask.dl()->data)[i] = std::isfinite(x.Get(i)) ? 1 : 0;
  octet_softmax_terms terms = {};
  terms.scale = 1.0f;
  terms.mask = mask.dl();
  ASSERT_OK(octet_softmax(x.dl(), nullptr, &terms, x.dl(), nullptr, nullptr));
  for (int64_t i = 0; i < 15; ++i) EXPECT_FALSE(std::isnan(x.Get(i))) << i;
  EXPECT_EQ(x.Get(1), 0.0);
  EXPECT_EQ(x.Get(4), 0.0);
}

TEST(Softmax, EmptyTensorsAndLongOnesInPieces) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 4}, std::vector<int64_t>{4, 0}}) {
    Tensor x(kF32, shape);
    Tensor out(kF32, shape);
    EXPECT_OK(octet_softmax(x.dl(), nullptr, nullptr, out.dl(), nullptr, nullptr));
  }
  Case c;
  c.heads = 40;
  c.rows = 50;
  c.causal = 0;
  Check(c);
}

TEST(SoftmaxErrors, NameTheArgument) {
  Tensor x(kF32, {3, 4});
  x.Fill(RandomValues(12, 1.0f, 1));
  Tensor out(kF32, {3, 4});
  Tensor codes(kU8, {3, 4});
  Tensor other(kF32, {4});
  Tensor wrong(kF32, {3, 1});
  Tensor lengths(kS32, {4});
  octet_softmax_terms terms = {};
  const auto call = [&] { return octet_softmax(x.dl(), nullptr, &terms, out.dl(), nullptr, nullptr); };
  terms.scale = 1.0f;
  EXPECT_OK(call());
  EXPECT_INVALID(octet_softmax(nullptr, nullptr, &terms, out.dl(), nullptr, nullptr), "octet_softmax: x is null");
  EXPECT_INVALID(octet_softmax(x.dl(), nullptr, &terms, codes.dl(), nullptr, nullptr), "out_grid is null");
  EXPECT_INVALID(octet_softmax(x.dl(), nullptr, &terms, other.dl(), nullptr, nullptr), "out has shape [4]");
  terms.scale = INFINITY;
  EXPECT_INVALID(call(), "terms.scale is inf");
  terms.scale = 1.0f;
  terms.causal = 2;
  EXPECT_INVALID(call(), "terms.causal is 2", "0 or 1");
  terms.causal = 0;
  terms.bias = other.dl();
  EXPECT_OK(call());
  terms.bias = wrong.dl();
  EXPECT_INVALID(call(), "terms.bias has shape [3, 1]", "[3, 4]");
  terms.bias = nullptr;
  terms.mask = x.dl();
  EXPECT_INVALID(call(), "terms.mask has dtype f32", "bool or u8");
  terms.mask = nullptr;
  terms.lengths = lengths.dl();
  EXPECT_INVALID(call(), "terms.lengths has shape [4]", "expected 3");
}

}  // namespace
}  // namespace test
}  // namespace octet
