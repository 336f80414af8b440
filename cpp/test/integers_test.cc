// SPDX-License-Identifier: Apache-2.0
#include "octet/integers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "support/says.h"
#include "support/tensor.h"

namespace octet {
namespace test {
namespace {

using Shape = std::vector<int64_t>;

constexpr DLDataType kTypes[] = {kS32, kS64};
constexpr int kFunctions = 7;

/** The whole number, which a double need not have. */
int64_t Whole(const Tensor& tensor, int64_t index) {
  const uint64_t bits = tensor.Bits(index);
  return tensor.type().bits == 64 ? static_cast<int64_t>(bits) : static_cast<int32_t>(bits);
}

/** Small numbers, the ends of the type, and any others. */
Tensor Numbers(DLDataType type, const Shape& shape, Layout layout, uint32_t seed) {
  Tensor tensor(type, shape, layout);
  std::mt19937_64 engine(seed);
  const int64_t least = type.bits == 64 ? INT64_MIN : INT32_MIN;
  const int64_t greatest = type.bits == 64 ? INT64_MAX : INT32_MAX;
  const int64_t edges[] = {least, least + 1, greatest, 0, -1, 1, (int64_t{1} << 24) + 1};
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const uint64_t random = engine();
    int64_t value = static_cast<int64_t>(random);
    if (random % 4 == 0) value = static_cast<int64_t>(random >> 8) % 7 - 3;
    if (random % 4 == 1) value = edges[(random >> 8) % 7];
    tensor.SetBits(i, static_cast<uint64_t>(value));
  }
  return tensor;
}

/** A result as the type stores it. */
int64_t Stored(__int128 value, DLDataType type) {
  const auto low = static_cast<uint64_t>(value);
  return type.bits == 64 ? static_cast<int64_t>(low) : static_cast<int32_t>(low);
}

__int128 Expected(int function, __int128 a, __int128 b) {
  __int128 quotient = b == 0 ? 0 : a / b;
  if (b != 0 && quotient * b != a && (a < 0) != (b < 0)) --quotient;
  const __int128 results[] = {a + b,          a - b,         a * b, quotient, b == 0 ? 0 : a - quotient * b,
                              std::min(a, b), std::max(a, b)};
  return results[function];
}

TEST(Integers, FunctionsOfTwoAreExact) {
  for (DLDataType type : kTypes) {
    for (int function = 0; function < kFunctions; ++function) {
      for (Layout layout : kInputLayouts) {
        SCOPED_TRACE(TypeName(type) + ", function " + std::to_string(function));
        const Tensor a = Numbers(type, {3, 5, 70}, layout, 1);
        Tensor b = Numbers(type, {5, 1}, Layout::kCompact, 2);
        Tensor left = Numbers(type, {3, 5, 70}, layout, 1);
        Tensor out(type, {3, 5, 70}, Layout::kGaps);
        ASSERT_OK(
            octet_integer_binary(static_cast<octet_integer_function>(function), left.dl(), b.dl(), out.dl(), nullptr));
        for (int64_t i = 0; i < out.count(); ++i) {
          const int64_t second = Whole(b, i / 70 % 5);
          ASSERT_EQ(Whole(out, i), Stored(Expected(function, Whole(a, i), second), type))
              << Whole(a, i) << " and " << second;
        }
      }
    }
  }
}

TEST(Integers, ReductionsAndPlacesAreExact) {
  for (DLDataType type : kTypes) {
    for (int32_t dim = 0; dim < 3; ++dim) {
      for (Layout layout : kInputLayouts) {
        SCOPED_TRACE(TypeName(type) + ", dimension " + std::to_string(dim));
        Tensor x = Numbers(type, {2, 3, 1100}, layout, 3);
        Shape shape = x.shape();
        shape.erase(shape.begin() + dim);
        const auto count = static_cast<size_t>(x.count() / x.shape()[static_cast<size_t>(dim)]);
        std::vector<__int128> sums(count), greatest(count), least(count);
        std::vector<int64_t> places(count, -1);
        for (int64_t i = 0; i < x.count(); ++i) {
          int64_t result = 0;
          for (int32_t d = 0; d < 3; ++d) {
            if (d != dim) result = result * x.shape()[static_cast<size_t>(d)] + x.IndexAlong(d, i);
          }
          const auto r = static_cast<size_t>(result);
          const int64_t value = Whole(x, i);
          sums[r] += value;
          least[r] = places[r] < 0 ? value : std::min<__int128>(least[r], value);
          if (places[r] < 0 || value > greatest[r]) {
            greatest[r] = value;
            places[r] = x.IndexAlong(dim, i);
          }
        }
        Tensor sum(type, shape), most(type, shape, Layout::kGaps), fewest(type, shape), place(kS32, shape);
        ASSERT_OK(octet_integer_reduce(OCTET_REDUCE_SUM, x.dl(), &dim, 1, sum.dl(), nullptr));
        ASSERT_OK(octet_integer_reduce(OCTET_REDUCE_MAX, x.dl(), &dim, 1, most.dl(), nullptr));
        ASSERT_OK(octet_integer_reduce(OCTET_REDUCE_MIN, x.dl(), &dim, 1, fewest.dl(), nullptr));
        ASSERT_OK(octet_integer_argmax(x.dl(), dim, place.dl(), nullptr));
        for (size_t r = 0; r < count; ++r) {
          const auto i = static_cast<int64_t>(r);
          ASSERT_EQ(Whole(sum, i), Stored(sums[r], type));
          ASSERT_EQ(Whole(most, i), Stored(greatest[r], type));
          ASSERT_EQ(Whole(fewest, i), Stored(least[r], type));
          ASSERT_EQ(Whole(place, i), places[r]);
        }
      }
    }
  }
}

TEST(Integers, CumulativeSumsGoAlongADimension) {
  for (DLDataType type : kTypes) {
    for (int32_t dim = 0; dim < 3; ++dim) {
      for (Layout layout : kOutputLayouts) {
        SCOPED_TRACE(TypeName(type) + ", dimension " + std::to_string(dim));
        Tensor x = Numbers(type, {2, 3, 1100}, layout, 4);
        Tensor out(type, x.shape(), layout);
        ASSERT_OK(octet_cumulative_sum(x.dl(), dim, out.dl(), nullptr));
        const int64_t step = dim == 2 ? 1 : dim == 1 ? 1100 : 3300;
        for (int64_t i = 0; i < x.count(); ++i) {
          const __int128 before = x.IndexAlong(dim, i) == 0 ? 0 : Whole(out, i - step);
          ASSERT_EQ(Whole(out, i), Stored(before + Whole(x, i), type)) << i;
        }
        // In place.
        ASSERT_OK(octet_cumulative_sum(x.dl(), dim, x.dl(), nullptr));
        for (int64_t i = 0; i < x.count(); ++i) ASSERT_EQ(Whole(x, i), Whole(out, i));
      }
    }
  }
}

TEST(Integers, EmptyTensors) {
  Tensor empty(kS64, {0, 2}), same(kS64, {0, 2}), two(kS64, {2}), none(kS64, {0});
  const int32_t first = 0;
  EXPECT_OK(octet_integer_binary(OCTET_INTEGER_ADD, empty.dl(), two.dl(), same.dl(), nullptr));
  EXPECT_OK(octet_cumulative_sum(empty.dl(), 0, same.dl(), nullptr));
  two.Set(0, 7.0);
  EXPECT_OK(octet_integer_reduce(OCTET_REDUCE_SUM, empty.dl(), &first, 1, two.dl(), nullptr));
  EXPECT_EQ(two.Get(0), 0.0);
  const int32_t last = 1;
  EXPECT_OK(octet_integer_reduce(OCTET_REDUCE_MAX, empty.dl(), &last, 1, none.dl(), nullptr));
  EXPECT_INVALID(octet_integer_reduce(OCTET_REDUCE_MAX, empty.dl(), &first, 1, two.dl(), nullptr),
                 "octet_integer_reduce: x has shape [0, 2]", "no elements");
  EXPECT_INVALID(octet_integer_argmax(empty.dl(), 0, two.dl(), nullptr), "octet_integer_argmax: x has shape [0, 2]");
}

TEST(Integers, WrongArguments) {
  Tensor a(kS64, {2, 3}), narrow(kS32, {2, 3}), real(kF32, {2, 3}), out(kS64, {2, 3}), row(kS64, {2});
  const auto add = [](Tensor* x, Tensor* y, Tensor* to) {
    return octet_integer_binary(OCTET_INTEGER_ADD, x->dl(), y->dl(), to->dl(), nullptr);
  };
  EXPECT_OK(add(&a, &a, &out));
  EXPECT_INVALID(add(&a, &narrow, &out), "octet_integer_binary", "b has dtype s32", "s64");
  EXPECT_INVALID(add(&real, &a, &out), "a has dtype f32", "s32 or s64");
  EXPECT_INVALID(add(&a, &row, &out), "b has shape [2]", "[2, 3]");
  const int beyond = 7;
  octet_integer_function unknown;
  std::memcpy(&unknown, &beyond, sizeof(unknown));
  EXPECT_INVALID(octet_integer_binary(unknown, a.dl(), a.dl(), out.dl(), nullptr), "function is 7");
  const int32_t dim = 1;
  EXPECT_INVALID(octet_integer_reduce(OCTET_REDUCE_MEAN, a.dl(), &dim, 1, row.dl(), nullptr), "reduction is 1",
                 "no whole number");
  EXPECT_INVALID(octet_cumulative_sum(a.dl(), 2, out.dl(), nullptr), "dim is 2", "[2, 3]");
  EXPECT_INVALID(octet_cumulative_sum(a.dl(), 0, narrow.dl(), nullptr), "dtype");
  EXPECT_INVALID(octet_cumulative_sum(a.dl(), 0, row.dl(), nullptr), "out has shape [2]");
}

}  // namespace
}  // namespace test
}  // namespace octet
