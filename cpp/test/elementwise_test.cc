// SPDX-License-Identifier: Apache-2.0
// Functions of two values, comparisons, choices, copies, conversions and concatenation.
#include "octet/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "support/grids.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** The number of the element of a broadcast input that meets element i of the output. */
int64_t Meets(const std::vector<int64_t>& out, const std::vector<int64_t>& in, int64_t i) {
  int64_t index = 0;
  int64_t step = 1;
  for (size_t d = out.size(); d-- > 0;) {
    const int64_t place = i % out[d];
    i /= out[d];
    const size_t missing = out.size() - in.size();
    if (d < missing) continue;
    if (in[d - missing] != 1) index += place * step;
    step *= in[d - missing];
  }
  return index;
}

void FillMixed(Tensor* tensor, const TensorGrid& grid, uint32_t seed) {
  const std::vector<float> values =
      tensor->type().bits == 8 ? RandomValues(tensor->count(), 2.0f, seed) : MixedValues(tensor->count(), 0.5f, seed);
  for (int64_t i = 0; i < tensor->count(); ++i) {
    tensor->Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  }
}

float Exact(octet_binary_function function, float a, float b) {
  switch (function) {
    case OCTET_ADD:
      return a + b;
    case OCTET_SUB:
      return a - b;
    case OCTET_MUL:
      return a * b;
    case OCTET_DIV:
      return a / b;
    case OCTET_MIN:
      return std::isnan(a) || a < b ? a : b;
    case OCTET_MAX:
      return std::isnan(a) || a > b ? a : b;
  }
  return 0.0f;
}

struct BinaryCase {
  octet_binary_function function = OCTET_ADD;
  DLDataType a = kF32;
  DLDataType b = kF32;
  DLDataType out = kF32;
  std::vector<int64_t> shape;
  std::vector<int64_t> a_shape;
  std::vector<int64_t> b_shape;
  Layout layout = Layout::kCompact;
  octet_activation activation = OCTET_ACTIVATION_NONE;
};

void CheckBinary(const BinaryCase& c) {
  const TensorGrid a_grid(c.a, 0.04f, 7.0f);
  const TensorGrid b_grid(c.b, 0.03f, 11.0f);
  const TensorGrid out_grid(c.out, 0.05f, 9.0f);
  Tensor a(c.a, c.a_shape, c.layout);
  Tensor b(c.b, c.b_shape);
  FillMixed(&a, a_grid, 1);
  FillMixed(&b, b_grid, 2);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(c.out, c.shape, c.layout == Layout::kExpanded ? Layout::kCompact : c.layout);
    EXPECT_OK(octet_binary(c.function, a.dl(), a_grid.get(), b.dl(), b_grid.get(), c.activation, out[0].dl(),
                           out_grid.get(), nullptr));
    return out;
  });
  Tensor expected(c.out, {1});
  for (int64_t i = 0; i < outputs[0].count(); ++i) {
    const auto left = static_cast<float>(a_grid.ValueOf(a.Get(Meets(c.shape, c.a_shape, i))));
    const auto right = static_cast<float>(b_grid.ValueOf(b.Get(Meets(c.shape, c.b_shape, i))));
    float value = Exact(c.function, left, right);
    if (c.activation == OCTET_ACTIVATION_RELU && !(value > 0.0f) && !std::isnan(value)) value = 0.0f;
    expected.Set(0, out_grid.StoredOf(static_cast<double>(value)));
    ASSERT_EQ(outputs[0].Bits(i), expected.Bits(0))
        << i << ": " << left << " and " << right << " give " << outputs[0].Get(i) << ", not " << expected.Get(0);
  }
}

TEST(Binary, FunctionsAndTypes) {
  for (int function = 0; function < 6; ++function) {
    for (DLDataType a : kValueTypes) {
      for (DLDataType out : kValueTypes) {
        BinaryCase c;
        c.function = static_cast<octet_binary_function>(function);
        c.a = a;
        c.b = function % 2 == 0 ? kF32 : kU8;
        c.out = out;
        c.shape = c.a_shape = c.b_shape = std::vector<int64_t>{3, 37};
        SCOPED_TRACE(TypeName(a) + " to " + TypeName(out) + ", function " + std::to_string(function));
        CheckBinary(c);
        c.activation = OCTET_ACTIVATION_RELU;
        CheckBinary(c);
      }
    }
  }
}

TEST(Binary, BroadcastsAndTakesAnyStrides) {
  using Shape = std::vector<int64_t>;
  const Shape shape = {3, 5, 40};
  for (const Shape& a_shape : {Shape{3, 5, 40}, Shape{5, 40}, Shape{3, 1, 40}, Shape{3, 5, 1}, Shape{1, 1, 1}}) {
    for (const Shape& b_shape : {Shape{3, 5, 40}, Shape{40}, Shape{}, Shape{1, 5, 1}, Shape{3, 1, 1}}) {
      for (Layout layout : kInputLayouts) {
        BinaryCase c;
        c.layout = layout;
        c.shape = shape;
        c.a_shape = a_shape;
        c.b_shape = b_shape;
        if (layout == Layout::kExpanded) c.a_shape = shape;
        CheckBinary(c);
      }
    }
  }
  BinaryCase eight;
  eight.shape = Shape{2, 3, 2, 1, 2, 3, 2, 5};
  eight.a_shape = Shape{2, 1, 2, 1, 2, 1, 2, 1};
  eight.b_shape = Shape{1, 3, 1, 1, 1, 3, 1, 5};
  CheckBinary(eight);
  BinaryCase large;
  large.shape = large.a_shape = Shape{300, 384};
  large.b_shape = Shape{384};
  CheckBinary(large);
  large.b_shape = Shape{300, 1};
  CheckBinary(large);
}

TEST(Binary, MultipliesImagesOfCodesByFactorsOfChannels) {
  for (int64_t channels : {1, 3, 24, 40, 600, 1100}) {
    for (DLDataType out : {kS8, kU8}) {
      for (DLDataType factors : kValueTypes) {
        BinaryCase c;
        c.function = OCTET_MUL;
        c.a = out.code == kDLInt ? kU8 : kS8;
        c.b = factors;
        c.out = out;
        c.shape = c.a_shape = std::vector<int64_t>{2, 3, 2, channels};
        SCOPED_TRACE(TypeName(factors) + " to " + TypeName(out) + ", channels " + std::to_string(channels));
        for (const auto& of : {std::vector<int64_t>{2, 1, 1, channels}, std::vector<int64_t>{channels}}) {
          c.b_shape = of;
          CheckBinary(c);
        }
        std::swap(c.a, c.b);
        std::swap(c.a_shape, c.b_shape);
        CheckBinary(c);
      }
    }
  }
  BinaryCase large;
  large.function = OCTET_MUL;
  large.a = large.b = large.out = kU8;
  large.shape = large.a_shape = std::vector<int64_t>{2, 30, 31, 48};
  large.b_shape = std::vector<int64_t>{2, 1, 1, 48};
  CheckBinary(large);
  large.layout = Layout::kGaps;
  CheckBinary(large);
}

TEST(Binary, InPlaceAndEmpty) {
  Tensor a = Tensor::Of(RandomValues(5000, 1.0f, 1));
  Tensor b = Tensor::Of(RandomValues(5000, 1.0f, 2));
  Tensor expected(kF32, {5000});
  ASSERT_OK(octet_binary(OCTET_MUL, a.dl(), nullptr, b.dl(), nullptr, OCTET_ACTIVATION_NONE, expected.dl(), nullptr,
                         nullptr));
  ASSERT_OK(octet_binary(OCTET_MUL, a.dl(), nullptr, b.dl(), nullptr, OCTET_ACTIVATION_NONE, b.dl(), nullptr, nullptr));
  EXPECT_TRUE(SameBits(b, expected));
  Tensor none(kF32, {0, 3});
  Tensor row(kF32, {3});
  EXPECT_OK(octet_binary(OCTET_ADD, none.dl(), nullptr, row.dl(), nullptr, OCTET_ACTIVATION_NONE, none.dl(), nullptr,
                         nullptr));
}

TEST(Binary, WrongArguments) {
  Tensor a(kF32, {2, 3});
  Tensor b(kF32, {2});
  Tensor out(kF32, {2, 3});
  EXPECT_INVALID(
      octet_binary(OCTET_ADD, a.dl(), nullptr, b.dl(), nullptr, OCTET_ACTIVATION_NONE, out.dl(), nullptr, nullptr),
      "octet_binary: b has shape [2]", "out, [2, 3]");
  EXPECT_INVALID(octet_binary(static_cast<octet_binary_function>(-1), a.dl(), nullptr, a.dl(), nullptr,
                              OCTET_ACTIVATION_NONE, out.dl(), nullptr, nullptr),
                 "function is -1");
  EXPECT_INVALID(octet_binary(OCTET_ADD, a.dl(), nullptr, a.dl(), nullptr, static_cast<octet_activation>(10), out.dl(),
                              nullptr, nullptr),
                 "activation is 10");
  DLTensor transposed = *a.dl();
  const int64_t shape[2] = {3, 2};
  transposed.shape = const_cast<int64_t*>(shape);
  transposed.strides = nullptr;
  EXPECT_INVALID(
      octet_binary(OCTET_ADD, a.dl(), nullptr, a.dl(), nullptr, OCTET_ACTIVATION_NONE, &transposed, nullptr, nullptr),
      "out shares memory with a");
}

TEST(Compare, AllComparisonsAndTypes) {
  const auto holds = [](int comparison, double a, double b) {
    const bool results[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
    return results[comparison];
  };
  for (int comparison = 0; comparison < 6; ++comparison) {
    for (DLDataType type : {kF32, kBF16, kS8, kS32, kS64}) {
      const bool integer = type.bits >= 32 && type.code == kDLInt;
      const TensorGrid grid(type, 0.5f, 1.0f);
      Tensor a(type, {3, 40});
      Tensor b(integer ? kS32 : kF32, {40});
      const TensorGrid b_grid(kF32, 1.0f, 0.0f);
      for (int64_t i = 0; i < a.count(); ++i) a.Set(i, static_cast<double>(i % 7 - 3));
      for (int64_t i = 0; i < b.count(); ++i) b.Set(i, static_cast<double>(i % 5 - 2));
      if (type.code != kDLInt) a.Set(5, std::nan(""));
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(kBool, std::vector<int64_t>{3, 40}, Layout::kGaps);
        EXPECT_OK(octet_compare(static_cast<octet_comparison>(comparison), a.dl(), integer ? nullptr : grid.get(),
                                b.dl(), nullptr, out[0].dl(), nullptr));
        return out;
      });
      for (int64_t i = 0; i < a.count(); ++i) {
        ASSERT_EQ(outputs[0].Get(i) != 0.0, holds(comparison, grid.ValueOf(a.Get(i)), b.Get(i % 40)))
            << comparison << ": " << a.Get(i) << " and " << b.Get(i % 40);
      }
    }
  }
  Tensor x(kF32, {2});
  Tensor n(kS32, {2});
  Tensor out(kU8, {2});
  EXPECT_INVALID(octet_compare(OCTET_LESS, x.dl(), nullptr, n.dl(), nullptr, out.dl(), nullptr), "a has dtype f32",
                 "b s32", "cast");
}

TEST(Where, ChoosesAndFills) {
  for (DLDataType type : {kF32, kF16, kU8, kS64}) {
    Tensor mask(kBool, {3, 1});
    mask.Fill(std::vector<float>{1, 0, 1});
    Tensor a(type, {3, 50}, Layout::kTransposed);
    for (int64_t i = 0; i < a.count(); ++i) a.Set(i, static_cast<double>(i));
    Tensor b(type, {});
    b.Set(0, 99.0);
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(type, std::vector<int64_t>{3, 50});
      EXPECT_OK(octet_where(mask.dl(), a.dl(), b.dl(), out[0].dl(), nullptr));
      return out;
    });
    for (int64_t i = 0; i < a.count(); ++i) ASSERT_EQ(outputs[0].Get(i), i / 50 == 1 ? 99.0 : a.Get(i));
  }
  Tensor mask(kBool, {2});
  Tensor a(kF32, {2});
  Tensor b(kF16, {2});
  EXPECT_INVALID(octet_where(mask.dl(), a.dl(), b.dl(), a.dl(), nullptr), "b has dtype f16", "out, f32");
}

TEST(Copy, AnyStridesAndSizes) {
  for (DLDataType type : {kU8, kBF16, kF32, kF64}) {
    for (const std::vector<int64_t>& shape :
         {std::vector<int64_t>{3, 20, 33}, std::vector<int64_t>{1, 90, 40}, std::vector<int64_t>{5},
          std::vector<int64_t>{}, std::vector<int64_t>{2, 0}}) {
      for (Layout from : kInputLayouts) {
        for (Layout to : kOutputLayouts) {
          Tensor x(type, shape, from);
          for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>(i % 251));
          const auto outputs = SameOnAllPaths([&] {
            std::vector<Tensor> out;
            out.emplace_back(type, shape, to);
            EXPECT_OK(octet_copy(x.dl(), out[0].dl(), nullptr));
            return out;
          });
          for (int64_t i = 0; i < x.count(); ++i) ASSERT_EQ(outputs[0].Get(i), x.Get(i));
        }
      }
    }
  }
  Tensor x(kF32, {2});
  Tensor out(kF16, {2});
  EXPECT_INVALID(octet_copy(x.dl(), out.dl(), nullptr), "x has dtype f32", "out, f16");
  EXPECT_INVALID(octet_copy(x.dl(), x.dl(), nullptr), "out shares memory with x");
}

TEST(Cast, BetweenAllTypes) {
  const double inf = std::numeric_limits<double>::infinity();
  const DLDataType types[] = {kF32, kF16, kBF16, kS32, kS64, kBool};
  for (DLDataType from : types) {
    for (DLDataType to : types) {
      Tensor x(from, {2, 30});
      for (int64_t i = 0; i < x.count(); ++i) {
        x.Set(i, from.code == kDLBool ? static_cast<double>(i % 2) : static_cast<double>(i - 29) * 1.7);
      }
      const bool from_float = from.code == kDLFloat || from.code == kDLBfloat;
      if (from_float) {
        const double special[] = {inf, -inf, std::nan(""), 3e9, -3e9, 1e30, -0.0, 0.3};
        for (int64_t i = 0; i < 8; ++i) x.Set(i, special[i]);
      }
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(to, x.shape(), Layout::kTransposed);
        EXPECT_OK(octet_cast(x.dl(), out[0].dl(), nullptr));
        return out;
      });
      Tensor expected(to, {1});
      for (int64_t i = 0; i < x.count(); ++i) {
        const double value = x.Get(i);
        const double got = outputs[0].Get(i);
        if (to.code == kDLBool) {
          ASSERT_EQ(got, value != 0.0 ? 1.0 : 0.0) << value;
        } else if (to.code == kDLInt) {
          const double past = to.bits == 32 ? 2147483648.0 : 9223372036854775808.0;
          const double limited = std::fmin(std::fmax(value, -past), to.bits == 32 ? past - 1.0 : past);
          const double whole = std::isnan(value) ? 0.0 : std::trunc(limited);
          ASSERT_EQ(got, whole) << value;
        } else {
          expected.Set(0, static_cast<double>(static_cast<float>(value)));
          ASSERT_EQ(outputs[0].Bits(i), expected.Bits(0)) << value;
        }
      }
    }
  }
}

TEST(Concat, RequantizesWhereGridsDiffer) {
  const TensorGrid same(kU8, 0.05f, 10.0f);
  const TensorGrid other(kS8, 0.02f, -3.0f);
  Tensor a(kU8, {2, 3, 20});
  Tensor b(kS8, {2, 5, 20}, Layout::kTransposed);
  Tensor c(kF32, {2, 1, 20});
  Tensor d(kU8, {2, 0, 20});
  for (int64_t i = 0; i < a.count(); ++i) a.Set(i, static_cast<double>(i % 256));
  for (int64_t i = 0; i < b.count(); ++i) b.Set(i, static_cast<double>(i % 256 - 128));
  c.Fill(MixedValues(c.count(), 0.05f, 1));
  const DLTensor* inputs[] = {a.dl(), b.dl(), c.dl(), d.dl()};
  const octet_grid* grids[] = {same.get(), other.get(), nullptr, same.get()};
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kU8, std::vector<int64_t>{2, 9, 20});
    EXPECT_OK(octet_concat(inputs, grids, 4, 1, out[0].dl(), same.get(), nullptr));
    return out;
  });
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t j = 0; j < 9 * 20; ++j) {
      const double got = outputs[0].Get(n * 180 + j);
      if (j < 60) {
        ASSERT_EQ(got, a.Get(n * 60 + j));
      } else if (j < 160) {
        ASSERT_EQ(got, same.CodeOf(static_cast<float>(other.ValueOf(b.Get(n * 100 + j - 60)))));
      } else {
        ASSERT_EQ(got, same.CodeOf(static_cast<float>(c.Get(n * 20 + j - 160))));
      }
    }
  }
  Tensor out(kU8, {2, 9, 20});
  Tensor wrong(kU8, {2, 8, 20});
  EXPECT_INVALID(octet_concat(inputs, grids, 4, 3, out.dl(), same.get(), nullptr), "axis is 3", "[2, 9, 20]");
  EXPECT_INVALID(octet_concat(inputs, grids, 4, 1, wrong.dl(), same.get(), nullptr), "out has shape [2, 8, 20]",
                 "expected 9");
  EXPECT_INVALID(octet_concat(inputs, grids, 4, 2, out.dl(), same.get(), nullptr), "inputs[0] has shape [2, 3, 20]");
  EXPECT_INVALID(octet_concat(inputs, nullptr, 4, 1, out.dl(), same.get(), nullptr), "grids[0] is null");
  const DLTensor* nothing[] = {nullptr};
  EXPECT_INVALID(octet_concat(nothing, nullptr, 1, 1, out.dl(), nullptr, nullptr), "inputs[0] is null");
}

TEST(Concat, CopiesOtherTypes) {
  for (DLDataType type : {kS64, kF64, kF16, kS8}) {
    Tensor a(type, {4});
    Tensor b(type, {6}, Layout::kReversed);
    for (int64_t i = 0; i < 4; ++i) a.Set(i, static_cast<double>(i));
    for (int64_t i = 0; i < 6; ++i) b.Set(i, static_cast<double>(4 + i));
    const DLTensor* inputs[] = {a.dl(), b.dl()};
    Tensor out(type, {10});
    ASSERT_OK(octet_concat(inputs, nullptr, 2, 0, out.dl(), nullptr, nullptr));
    for (int64_t i = 0; i < 10; ++i) ASSERT_EQ(out.Get(i), static_cast<double>(i));
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
