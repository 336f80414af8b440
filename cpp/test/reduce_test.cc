// SPDX-License-Identifier: Apache-2.0
#include "octet/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/grids.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

using Shape = std::vector<int64_t>;

/** The number of the result that element i of x belongs to, dims without those of the mask. */
int64_t ResultOf(const Shape& shape, unsigned reduced, int64_t i) {
  int64_t index = 0;
  int64_t step = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    const int64_t place = i % shape[d];
    i /= shape[d];
    if ((reduced >> d & 1u) != 0) continue;
    index += place * step;
    step *= shape[d];
  }
  return index;
}

void CheckReduce(octet_reduction reduction, DLDataType type, DLDataType out_type, const Shape& shape, unsigned reduced,
                 Layout layout, bool keep) {
  const TensorGrid grid(type, 0.05f, type.code == kDLUInt ? 100.0f : 2.0f);
  const TensorGrid out_grid(out_type, 0.2f, 3.0f);
  Tensor x(type, shape, layout);
  const std::vector<float> values = RandomValues(x.count(), 2.0f, 1);
  for (int64_t i = 0; i < x.count(); ++i) {
    x.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  }
  std::vector<int32_t> dims;
  Shape out_shape;
  for (size_t d = 0; d < shape.size(); ++d) {
    if ((reduced >> d & 1u) != 0) {
      dims.insert(dims.begin(), static_cast<int32_t>(d));
      if (keep) out_shape.push_back(1);
    } else {
      out_shape.push_back(shape[d]);
    }
  }
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(out_type, out_shape, Layout::kGaps);
    EXPECT_OK(octet_reduce(reduction, x.dl(), grid.get(), dims.data(), static_cast<int32_t>(dims.size()), out[0].dl(),
                           out_grid.get(), nullptr));
    return out;
  });
  const auto count = static_cast<size_t>(outputs[0].count());
  std::vector<double> sums(count);
  std::vector<double> magnitudes(count);
  std::vector<double> least(count, INFINITY);
  std::vector<double> greatest(count, -INFINITY);
  for (int64_t i = 0; i < x.count(); ++i) {
    const auto r = static_cast<size_t>(ResultOf(shape, reduced, i));
    const double value = grid.ValueOf(x.Get(i));
    sums[r] += value;
    magnitudes[r] += std::abs(value);
    least[r] = std::fmin(least[r], value);
    greatest[r] = std::fmax(greatest[r], value);
  }
  const double n = static_cast<double>(x.count()) / static_cast<double>(count);
  for (size_t r = 0; r < count; ++r) {
    const double got = outputs[0].Get(static_cast<int64_t>(r));
    double expected = sums[r];
    double error = 1e-6 * magnitudes[r];
    if (reduction == OCTET_REDUCE_MEAN) {
      expected /= n;
      error /= n;
    }
    if (reduction == OCTET_REDUCE_MAX || reduction == OCTET_REDUCE_MIN) {
      expected = reduction == OCTET_REDUCE_MAX ? greatest[r] : least[r];
      error = 0.0;
    }
    if (out_type.bits == 8) {
      ASSERT_LE(out_grid.CodeOf(static_cast<float>(expected - error)), got);
      ASSERT_GE(out_grid.CodeOf(static_cast<float>(expected + error)), got);
    } else {
      const double rounding = out_type.bits == 32 ? 0.0 : 0x1p-8 * std::abs(expected);
      ASSERT_NEAR(got, expected, error + rounding) << r;
    }
  }
}

TEST(Reduce, AnyDimensionsTypesAndStrides) {
  for (int reduction = 0; reduction < 4; ++reduction) {
    for (DLDataType type : kValueTypes) {
      for (unsigned reduced = 0; reduced < 8; ++reduced) {
        for (Layout layout : kInputLayouts) {
          SCOPED_TRACE(TypeName(type) + ", " + std::to_string(reduced));
          CheckReduce(static_cast<octet_reduction>(reduction), type, kF32, {3, 5, 18}, reduced, layout,
                      reduced % 2 == 0);
        }
      }
    }
    for (DLDataType out_type : kValueTypes) {
      CheckReduce(static_cast<octet_reduction>(reduction), kS8, out_type, {4, 33}, 2, Layout::kCompact, true);
    }
  }
}

TEST(Reduce, LongSumsInTheOrderOfTheShape) {
  for (DLDataType type : {kF32, kU8}) {
    CheckReduce(OCTET_REDUCE_SUM, type, kF32, {2, 70000}, 2, Layout::kCompact, false);
    CheckReduce(OCTET_REDUCE_MEAN, type, kF32, {900, 3, 11}, 1, Layout::kCompact, false);
    CheckReduce(OCTET_REDUCE_MAX, type, kF32, {40, 3000}, 2, Layout::kTransposed, false);
  }
  // The same elements in another order of memory give the same bits.
  Tensor x(kF32, {30, 100}, Layout::kCompact);
  Tensor y(kF32, {30, 100}, Layout::kTransposed);
  const std::vector<float> values = RandomValues(3000, 1.0f, 3);
  x.Fill(values);
  y.Fill(values);
  const int32_t dims[] = {0, 1};
  Tensor a(kF32, {});
  Tensor b(kF32, {});
  ASSERT_OK(octet_reduce(OCTET_REDUCE_SUM, x.dl(), nullptr, dims, 2, a.dl(), nullptr, nullptr));
  ASSERT_OK(octet_reduce(OCTET_REDUCE_SUM, y.dl(), nullptr, dims, 2, b.dl(), nullptr, nullptr));
  EXPECT_TRUE(SameBits(a, b));
  Tensor rows(kF32, {2500, 70}, Layout::kCompact);
  Tensor columns(kF32, {2500, 70}, Layout::kTransposed);
  const std::vector<float> many = RandomValues(2500 * 70, 1.0f, 4);
  rows.Fill(many);
  columns.Fill(many);
  Tensor side_by_side(kF32, {70});
  Tensor one_by_one(kF32, {70});
  ASSERT_OK(octet_reduce(OCTET_REDUCE_MEAN, rows.dl(), nullptr, dims, 1, side_by_side.dl(), nullptr, nullptr));
  ASSERT_OK(octet_reduce(OCTET_REDUCE_MEAN, columns.dl(), nullptr, dims, 1, one_by_one.dl(), nullptr, nullptr));
  EXPECT_TRUE(SameBits(side_by_side, one_by_one));
}

TEST(Reduce, SpecialValuesAndEmptyTensors) {
  Tensor x = Tensor::Of({1.0f, std::nanf(""), 3.0f});
  Tensor out(kF32, {});
  const int32_t dim = 0;
  for (int reduction = 0; reduction < 4; ++reduction) {
    ASSERT_OK(
        octet_reduce(static_cast<octet_reduction>(reduction), x.dl(), nullptr, &dim, 1, out.dl(), nullptr, nullptr));
    EXPECT_TRUE(std::isnan(out.Get(0)));
  }
  Tensor empty(kF32, {0, 2});
  Tensor two(kF32, {2});
  ASSERT_OK(octet_reduce(OCTET_REDUCE_SUM, empty.dl(), nullptr, &dim, 1, two.dl(), nullptr, nullptr));
  EXPECT_EQ(two.Get(1), 0.0);
  ASSERT_OK(octet_reduce(OCTET_REDUCE_MEAN, empty.dl(), nullptr, &dim, 1, two.dl(), nullptr, nullptr));
  EXPECT_TRUE(std::isnan(two.Get(0)));
  EXPECT_INVALID(octet_reduce(OCTET_REDUCE_MAX, empty.dl(), nullptr, &dim, 1, two.dl(), nullptr, nullptr),
                 "x has shape [0, 2]", "no elements");
}

TEST(Argmax, FirstOfTheGreatest) {
  for (DLDataType type : kValueTypes) {
    for (int32_t dim = 0; dim < 3; ++dim) {
      const Shape shape = {4, 6, 1500};
      Tensor x(type, shape, dim == 1 ? Layout::kTransposed : Layout::kCompact);
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>((i * 7919) % 113));
      Shape out_shape = shape;
      out_shape.erase(out_shape.begin() + dim);
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(dim == 0 ? kS64 : kS32, out_shape);
        EXPECT_OK(octet_argmax(x.dl(), dim, out[0].dl(), nullptr));
        return out;
      });
      std::vector<double> greatest(static_cast<size_t>(outputs[0].count()), -1.0);
      std::vector<double> places(greatest.size());
      for (int64_t i = 0; i < x.count(); ++i) {
        const auto r = static_cast<size_t>(ResultOf(shape, 1u << dim, i));
        if (x.Get(i) <= greatest[r]) continue;
        greatest[r] = x.Get(i);
        places[r] = static_cast<double>(x.IndexAlong(dim, i));
      }
      for (size_t r = 0; r < places.size(); ++r) ASSERT_EQ(outputs[0].Get(static_cast<int64_t>(r)), places[r]);
    }
  }
  Tensor x = Tensor::Of({1.0f, std::nanf(""), 3.0f, std::nanf("")});
  Tensor out(kS32, {1});
  ASSERT_OK(octet_argmax(x.dl(), 0, out.dl(), nullptr));
  EXPECT_EQ(out.Get(0), 1.0);
  Tensor infinite = Tensor::Of({-INFINITY, -INFINITY});
  ASSERT_OK(octet_argmax(infinite.dl(), 0, out.dl(), nullptr));
  EXPECT_EQ(out.Get(0), 0.0);
  EXPECT_INVALID(octet_argmax(x.dl(), 1, out.dl(), nullptr), "dim is 1", "[4]");
}

TEST(MaskedMean, EqualsTheFormula) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType mask_type : {kF32, kBool, kU8, kS32, kS64}) {
      for (int64_t places : {1, 7, 200}) {
        const Shape shape = {3, places, 1100};
        const TensorGrid grid(type, 0.05f, 2.0f);
        Tensor x(type, shape);
        const std::vector<float> values = RandomValues(x.count(), 1.0f, 1);
        for (int64_t i = 0; i < x.count(); ++i) {
          x.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
        }
        // The last batch has nothing.
        Tensor mask(mask_type, {3, places}, Layout::kTransposed);
        for (int64_t i = 0; i < 3 * places; ++i) mask.Set(i, i < 2 * places && i % 3 != 1 ? 1.0 : 0.0);
        if (type.bits != 8) x.Set(2 * places * 1100, static_cast<double>(NAN));
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(kF32, Shape{3, 1100});
          EXPECT_OK(octet_masked_mean(x.dl(), grid.get(), mask.dl(), 1e-9f, out[0].dl(), nullptr, nullptr));
          return out;
        });
        for (int64_t i = 0; i < outputs[0].count(); i += 13) {
          double sum = 0.0;
          double weight = 0.0;
          for (int64_t t = 0; t < places; ++t) {
            if (mask.Get(i / 1100 * places + t) == 0.0) continue;
            sum += grid.ValueOf(x.Get((i / 1100 * places + t) * 1100 + i % 1100));
            weight += 1.0;
          }
          ASSERT_NEAR(outputs[0].Get(i), sum / std::fmax(weight, 1e-9), 2e-6) << i;
        }
      }
    }
  }
  Tensor x(kF32, {2, 3, 4});
  Tensor mask(kF32, {2, 4});
  Tensor out(kF32, {2, 4});
  EXPECT_INVALID(octet_masked_mean(x.dl(), nullptr, mask.dl(), 1e-9f, out.dl(), nullptr, nullptr),
                 "mask has shape [2, 4]", "[2, 3, 4]");
  EXPECT_INVALID(octet_masked_mean(x.dl(), nullptr, mask.dl(), 0.0f, out.dl(), nullptr, nullptr), "eps is 0");
}

TEST(L2Normalize, EqualsTheFormula) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType out_type : {kF32, kF16, kS8}) {
      for (int64_t length : {1, 30, 384, 5000}) {
        const TensorGrid grid(type, 0.05f, 2.0f);
        const TensorGrid out_grid(out_type, 1.0f / 127.0f, 0.0f);
        Tensor x(type, {3, length});
        const std::vector<float> values = RandomValues(x.count(), 1.0f, 1);
        for (int64_t i = 0; i < x.count(); ++i) {
          x.Set(i, grid.StoredOf(i < length ? 0.0 : static_cast<double>(values[static_cast<size_t>(i)])));
        }
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(out_type, x.shape());
          EXPECT_OK(octet_l2_normalize(x.dl(), grid.get(), 1e-12f, out[0].dl(), out_grid.get(), nullptr));
          return out;
        });
        for (int64_t row = 0; row < 3; ++row) {
          double squares = 0.0;
          for (int64_t i = 0; i < length; ++i) squares += std::pow(grid.ValueOf(x.Get(row * length + i)), 2);
          for (int64_t i = 0; i < length; ++i) {
            const double value = grid.ValueOf(x.Get(row * length + i)) / std::fmax(std::sqrt(squares), 1e-12);
            const double got = outputs[0].Get(row * length + i);
            if (out_type.bits == 8) {
              ASSERT_NEAR(got, value * 127.0, 0.5001);
            } else {
              ASSERT_NEAR(got, value, out_type.bits == 32 ? 2e-7 : 5e-4);
            }
          }
        }
      }
    }
  }
}

TEST(ReduceErrors, NameTheArgument) {
  Tensor x(kF32, {2, 3});
  Tensor out(kF32, {2});
  const int32_t good = 1;
  const int32_t bad[] = {1, 1};
  const int32_t outside = -1;
  const auto call = [&](const int32_t* dims, int32_t count) {
    return octet_reduce(OCTET_REDUCE_SUM, x.dl(), nullptr, dims, count, out.dl(), nullptr, nullptr);
  };
  EXPECT_OK(call(&good, 1));
  EXPECT_INVALID(call(bad, 2), "octet_reduce: dims[1] is 1", "[2, 3]");
  EXPECT_INVALID(call(&outside, 1), "dims[0] is -1");
  EXPECT_INVALID(call(bad, 3), "ndims is 3", "0 to 2");
  EXPECT_INVALID(call(nullptr, 1), "dims is null");
  EXPECT_INVALID(call(&good, 0), "out has shape [2]", "[2, 3]");
  EXPECT_INVALID(octet_reduce(static_cast<octet_reduction>(4), x.dl(), nullptr, &good, 1, out.dl(), nullptr, nullptr),
                 "reduction is 4");
}

}  // namespace
}  // namespace test
}  // namespace octet
