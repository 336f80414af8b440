// SPDX-License-Identifier: Apache-2.0
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

using Function = octet_status (*)(const DLTensor*, const octet_grid*, const octet_norm*, DLTensor*, const octet_grid*,
                                  void*);

struct Case {
  DLDataType x = kF32;
  DLDataType residual = kF32;
  DLDataType sum = kF32;
  DLDataType out = kF32;
  bool with_residual = false;
  bool with_sum = false;
  bool with_weight = true;
  bool with_bias = true;
  bool mean = true;
  int32_t dims = 1;
  std::vector<int64_t> shape;
  Layout layout = Layout::kCompact;
};

/** Fills a tensor with what the values are on its grid. */
void FillStored(Tensor* tensor, const TensorGrid& grid, const std::vector<float>& values) {
  for (int64_t i = 0; i < tensor->count(); ++i) {
    tensor->Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i) % values.size()])));
  }
}

class NormCase {
 public:
  explicit NormCase(const Case& given)
      : c(given),
        x(c.x, c.shape, c.layout),
        residual(c.residual, c.shape),
        weight(kF32, Row()),
        bias(kF32, Row()),
        x_grid(c.x, 0.02f, c.x.code == kDLUInt ? 128.0f : 3.0f),
        residual_grid(c.residual, 0.03f, c.residual.code == kDLUInt ? 120.0f : -2.0f),
        sum_grid(c.sum, 0.05f, c.sum.code == kDLUInt ? 100.0f : 1.0f),
        out_grid(c.out, 0.03f, c.out.code == kDLUInt ? 127.0f : 0.0f) {
    FillStored(&x, x_grid, RandomValues(x.count(), 1.0f, 1));
    FillStored(&residual, residual_grid, RandomValues(x.count(), 1.0f, 2));
    weight.Fill(RandomValues(weight.count(), 1.0f, 3));
    bias.Fill(RandomValues(bias.count(), 1.0f, 4));
    norm.dims = c.dims;
    norm.eps = 1e-5f;
    if (c.with_weight) norm.weight = weight.dl();
    if (c.with_bias) norm.bias = bias.dl();
    if (c.with_residual) {
      norm.residual = residual.dl();
      norm.residual_grid = residual_grid.get();
    }
  }

  std::vector<int64_t> Row() const { return {c.shape.end() - c.dims, c.shape.end()}; }

  /** Outputs: out, then the sum. */
  std::vector<Tensor> Run() {
    return SameOnAllPaths([&] {
      std::vector<Tensor> outputs;
      outputs.emplace_back(c.out, c.shape);
      outputs.emplace_back(c.sum, c.shape);
      norm.sum = c.with_sum ? outputs[1].dl() : nullptr;
      norm.sum_grid = c.with_sum ? sum_grid.get() : nullptr;
      const Function function = c.mean ? octet_layer_norm : octet_rms_norm;
      EXPECT_OK(function(x.dl(), x_grid.get(), &norm, outputs[0].dl(), out_grid.get(), nullptr));
      return outputs;
    });
  }

  /** The values that are normalised. */
  std::vector<double> Values(const std::vector<Tensor>& outputs) const {
    std::vector<double> values;
    for (int64_t i = 0; i < x.count(); ++i) {
      float value = static_cast<float>(x_grid.ValueOf(x.Get(i)));
      if (c.with_residual) value += static_cast<float>(residual_grid.ValueOf(residual.Get(i)));
      if (c.with_sum) {
        Tensor stored(c.sum, {1});
        stored.Set(0, sum_grid.StoredOf(static_cast<double>(value)));
        EXPECT_EQ(outputs[1].Get(i), stored.Get(0)) << "sum " << i;
        value = static_cast<float>(sum_grid.ValueOf(stored.Get(0)));
      }
      values.push_back(static_cast<double>(value));
    }
    return values;
  }

  /** Compares with the formula in double. */
  void Check() {
    const std::vector<Tensor> outputs = Run();
    const std::vector<double> values = Values(outputs);
    const int64_t length = weight.count();
    for (int64_t first = 0; first < x.count(); first += length) {
      double mean = 0.0;
      for (int64_t i = 0; i < length && c.mean; ++i) mean += values[static_cast<size_t>(first + i)];
      mean /= static_cast<double>(length);
      double variance = 0.0;
      for (int64_t i = 0; i < length; ++i) variance += std::pow(values[static_cast<size_t>(first + i)] - mean, 2);
      variance /= static_cast<double>(length);
      const double deviation = std::sqrt(variance + static_cast<double>(norm.eps));
      for (int64_t i = 0; i < length; ++i) {
        const double y = (values[static_cast<size_t>(first + i)] - mean) / deviation;
        double error = 4e-7 * (1.0 + std::abs(mean) / deviation) * (1.0 + std::abs(y));
        double expected = y;
        if (c.with_weight) {
          expected *= weight.Get(i);
          error *= std::abs(weight.Get(i));
        }
        if (c.with_bias) expected += bias.Get(i);
        // The rounding of the last operation, and of the type.
        error += 1e-7 * std::abs(expected);
        const double got = outputs[0].Get(first + i);
        if (c.out.bits == 8) {
          // One code away where the value is next to a tie.
          const double low = out_grid.CodeOf(static_cast<float>(expected - error));
          const double high = out_grid.CodeOf(static_cast<float>(expected + error));
          ASSERT_TRUE(low <= got && got <= high) << first + i << ": " << got << " against " << low << ".." << high;
        } else {
          const double rounding = c.out.bits == 32 ? 0.0 : c.out.code == kDLFloat ? 0x1p-11 : 0x1p-8;
          ASSERT_NEAR(got, expected, error + (rounding * std::abs(expected)) + (rounding > 0.0 ? 1e-7 : 0.0))
              << first + i;
        }
      }
    }
  }

  Case c;
  Tensor x;
  Tensor residual;
  Tensor weight;
  Tensor bias;
  TensorGrid x_grid;
  TensorGrid residual_grid;
  TensorGrid sum_grid;
  TensorGrid out_grid;
  octet_norm norm{};
};

TEST(Norm, EqualsTheFormulaForLengthsAndModes) {
  for (int64_t length : {1, 2, 15, 16, 17, 63, 64, 65, 384, 1000, 1024, 1025, 4096, 4097, 70001}) {
    for (bool mean : {true, false}) {
      Case c;
      c.mean = mean;
      c.shape = std::vector<int64_t>{3, length};
      SCOPED_TRACE(length);
      NormCase(c).Check();
    }
  }
}

TEST(Norm, EqualsTheFormulaForAllTypes) {
  for (DLDataType in : kValueTypes) {
    for (DLDataType out : kValueTypes) {
      for (int64_t length : {33, 5000}) {
        Case c;
        c.x = in;
        c.out = out;
        c.shape = std::vector<int64_t>{5, length};
        SCOPED_TRACE(TypeName(in) + " to " + TypeName(out));
        NormCase(c).Check();
      }
    }
  }
}

TEST(Norm, AddsResiduals) {
  for (DLDataType in : {kF32, kBF16, kS8}) {
    for (DLDataType residual : kValueTypes) {
      for (DLDataType sum : kValueTypes) {
        for (bool with_sum : {true, false}) {
          for (int64_t length : {50, 4500}) {
            Case c;
            c.x = in;
            c.residual = residual;
            c.sum = sum;
            c.with_residual = true;
            c.with_sum = with_sum;
            c.out = kS8;
            c.shape = std::vector<int64_t>{2, length};
            SCOPED_TRACE(TypeName(in) + " + " + TypeName(residual) + " = " + TypeName(sum));
            NormCase(c).Check();
          }
        }
      }
    }
  }
}

TEST(Norm, TakesAnyDimensionsAndParameters) {
  for (int32_t dims = 1; dims <= 3; ++dims) {
    for (int parameters = 0; parameters < 4; ++parameters) {
      Case c;
      c.dims = dims;
      c.with_weight = (parameters & 1) != 0;
      c.with_bias = (parameters & 2) != 0;
      c.shape = std::vector<int64_t>{4, 3, 7};
      NormCase(c).Check();
    }
  }
}

TEST(Norm, LongInputsInPieces) {
  Case c;
  c.shape = std::vector<int64_t>{1500, 96};
  NormCase(c).Check();
}

TEST(Norm, RowsMayHaveAnyStrides) {
  Tensor x(kF32, {2, 3, 20});
  x.Fill(RandomValues(x.count(), 1.0f, 5));
  octet_norm norm = {};
  norm.dims = 1;
  norm.eps = 1e-6f;
  Tensor expected(kF32, {2, 3, 20});
  ASSERT_OK(octet_layer_norm(x.dl(), nullptr, &norm, expected.dl(), nullptr, nullptr));
  // The same rows in the order of a transposition, with other elements between them, backwards and at an odd address.
  std::vector<uint8_t> memory(2 * 3 * 100 * 4 + 1);
  const int64_t strides[3] = {-50, 100, 1};
  DLTensor strided = *x.dl();
  strided.data = memory.data();
  strided.byte_offset = 50 * 4 + 1;
  strided.strides = const_cast<int64_t*>(strides);
  const auto at = [&](int64_t i) {
    return memory.data() + 50 * 4 + 1 + (i / 60 * strides[0] + i / 20 % 3 * strides[1] + i % 20) * 4;
  };
  for (int64_t i = 0; i < x.count(); ++i) {
    const float value = static_cast<float>(x.Get(i));
    std::memcpy(at(i), &value, 4);
  }
  Tensor out(kF32, {2, 3, 20});
  ASSERT_OK(octet_layer_norm(&strided, nullptr, &norm, out.dl(), nullptr, nullptr));
  EXPECT_TRUE(SameBits(out, expected));
  ASSERT_OK(octet_layer_norm(x.dl(), nullptr, &norm, &strided, nullptr, nullptr));
  for (int64_t i = 0; i < x.count(); ++i) {
    float value;
    std::memcpy(&value, at(i), 4);
    ASSERT_EQ(static_cast<double>(value), expected.Get(i));
  }
}

TEST(Norm, WorksInPlace) {
  for (int64_t length : {100, 5000}) {
    Tensor x(kF32, {3, length});
    Tensor residual(kF32, {3, length});
    x.Fill(RandomValues(x.count(), 1.0f, 6));
    residual.Fill(RandomValues(x.count(), 1.0f, 7));
    octet_norm norm = {};
    norm.dims = 1;
    norm.residual = residual.dl();
    Tensor expected(kF32, {3, length});
    Tensor expected_sum(kF32, {3, length});
    norm.sum = expected_sum.dl();
    ASSERT_OK(octet_rms_norm(x.dl(), nullptr, &norm, expected.dl(), nullptr, nullptr));
    norm.sum = residual.dl();
    ASSERT_OK(octet_rms_norm(x.dl(), nullptr, &norm, x.dl(), nullptr, nullptr));
    EXPECT_TRUE(SameBits(x, expected));
    EXPECT_TRUE(SameBits(residual, expected_sum));
  }
}

TEST(Norm, LargeMeansKeepTheVariance) {
  Tensor x(kF32, {1, 512});
  for (int64_t i = 0; i < 512; ++i) x.Set(i, 10000.0 + static_cast<double>(i % 2));
  Tensor out(kF32, {1, 512});
  octet_norm norm = {};
  norm.dims = 1;
  ASSERT_OK(octet_layer_norm(x.dl(), nullptr, &norm, out.dl(), nullptr, nullptr));
  for (int64_t i = 0; i < 512; ++i) ASSERT_NEAR(out.Get(i), i % 2 == 0 ? -1.0 : 1.0, 1e-6);
}

TEST(Norm, SpecialValues) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Tensor x(kF32, {5, 20});
  for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>(i % 7));
  x.Set(3, static_cast<double>(std::numeric_limits<float>::quiet_NaN()));
  x.Set(25, static_cast<double>(kInfinity));
  for (int64_t i = 40; i < 60; ++i) x.Set(i, 2.5);
  for (int64_t i = 60; i < 80; ++i) x.Set(i, i % 2 == 0 ? 1e30 : -1e30);
  octet_norm norm = {};
  norm.dims = 1;
  norm.eps = 1e-5f;
  const TensorGrid grid(kS8, 0.05f, 7.0f);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, x.shape());
    out.emplace_back(kS8, x.shape());
    EXPECT_OK(octet_layer_norm(x.dl(), nullptr, &norm, out[0].dl(), nullptr, nullptr));
    EXPECT_OK(octet_layer_norm(x.dl(), nullptr, &norm, out[1].dl(), grid.get(), nullptr));
    return out;
  });
  for (int64_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(std::isnan(outputs[0].Get(i))) << i;
    ASSERT_EQ(outputs[1].Get(i), 7.0);
  }
  for (int64_t i = 40; i < 60; ++i) ASSERT_EQ(outputs[0].Get(i), 0.0);
  // Squares that overflow make every value vanish beside the deviation.
  for (int64_t i = 60; i < 80; ++i) ASSERT_EQ(outputs[0].Get(i), 0.0);
  norm.eps = 0.0f;
  ASSERT_OK(octet_layer_norm(x.dl(), nullptr, &norm, x.dl(), nullptr, nullptr));
  EXPECT_TRUE(std::isnan(x.Get(45)));
}

TEST(Norm, EmptyTensors) {
  octet_norm norm = {};
  norm.dims = 1;
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 4}, std::vector<int64_t>{4, 0}}) {
    Tensor x(kF32, shape);
    Tensor out(kF32, shape);
    EXPECT_OK(octet_layer_norm(x.dl(), nullptr, &norm, out.dl(), nullptr, nullptr));
  }
}

class NormErrors : public testing::Test {
 protected:
  NormErrors() {
    norm.dims = 1;
    x.Fill(RandomValues(12, 1.0f, 1));
  }
  octet_status Call() { return octet_layer_norm(x.dl(), nullptr, &norm, out.dl(), nullptr, nullptr); }

  Tensor x{kF32, {3, 4}};
  Tensor out{kF32, {3, 4}};
  Tensor other{kF32, {4, 3}};
  Tensor codes{kS8, {3, 4}};
  TensorGrid grid{kS8, 0.1f, 0.0f};
  TensorGrid wide{kU8, 0.1f, 0.0f};
  octet_norm norm{};
};

TEST_F(NormErrors, NameTheArgument) {
  EXPECT_OK(Call());
  EXPECT_INVALID(octet_layer_norm(nullptr, nullptr, &norm, out.dl(), nullptr, nullptr), "octet_layer_norm: x is null");
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, nullptr, out.dl(), nullptr, nullptr), "octet_rms_norm: norm is null");
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, &norm, nullptr, nullptr, nullptr), "out is null");
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, &norm, other.dl(), nullptr, nullptr), "out has shape [4, 3]",
                 "[3, 4]");
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, &norm, codes.dl(), nullptr, nullptr), "out_grid is null", "s8");
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, &norm, codes.dl(), wide.get(), nullptr), "out_grid", "255", "s8");
  EXPECT_INVALID(octet_rms_norm(x.dl(), grid.get(), &norm, out.dl(), nullptr, nullptr), "x_grid is given", "f32");
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, &norm, out.dl(), nullptr, this), "stream");
  norm.dims = 0;
  EXPECT_INVALID(Call(), "norm.dims is 0", "1 to 2");
  norm.dims = 3;
  EXPECT_INVALID(Call(), "norm.dims is 3", "[3, 4]");
  norm.dims = 1;
  norm.eps = -1.0f;
  EXPECT_INVALID(Call(), "norm.eps is -1");
  norm.eps = std::numeric_limits<float>::quiet_NaN();
  EXPECT_INVALID(Call(), "norm.eps is nan");
  norm.eps = 0.0f;
  norm.weight = x.dl();
  EXPECT_INVALID(Call(), "norm.weight has shape [3, 4]", "expected 4");
  norm.weight = nullptr;
  norm.residual = other.dl();
  EXPECT_INVALID(Call(), "norm.residual has shape [4, 3]");
  norm.residual = nullptr;
  norm.sum_grid = grid.get();
  EXPECT_INVALID(Call(), "norm.sum_grid is given, but norm.sum is null");
  norm.sum_grid = nullptr;
  norm.sum = out.dl();
  EXPECT_INVALID(Call(), "norm.sum shares memory with out");
}

TEST_F(NormErrors, RowsWithGaps) {
  Tensor gaps(kF32, {3, 4}, Layout::kGaps);
  EXPECT_INVALID(octet_rms_norm(gaps.dl(), nullptr, &norm, out.dl(), nullptr, nullptr), "x has strides [12, 3]",
                 "without gaps");
  Tensor transposed(kF32, {3, 4}, Layout::kTransposed);
  norm.dims = 2;
  EXPECT_INVALID(octet_rms_norm(x.dl(), nullptr, &norm, transposed.dl(), nullptr, nullptr), "out has strides [1, 3]");
}

}  // namespace
}  // namespace test
}  // namespace octet
