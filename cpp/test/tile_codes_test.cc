// SPDX-License-Identifier: Apache-2.0
// Epilogues from sums to codes, with an activation, a residual of codes, both or none, which instruction sets may run
// in one pass.
#include <gtest/gtest.h>

#include <cmath>

#include "support/conv2d.h"
#include "support/gemm.h"
#include "support/naive.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr WeightKind kKind = {kS8, OCTET_WEIGHTS_8_BIT, -128, 127, false, true};

/** A grid for a whole tensor. Zero points beyond it are clamped to it. */
struct CodeGrid {
  CodeGrid(float scale, float zero_point, float int_min, float int_max)
      : delta(Tensor::Scalar(scale)),
        zero(Tensor::Scalar(zero_point)),
        naive{scale, std::fmin(std::fmax(zero_point, int_min), int_max), int_min, int_max},
        grid{delta.dl(), zero.dl(), int_min, int_max, OCTET_SCALE_LINEAR, 1e-45f, -1} {}

  Tensor delta;
  Tensor zero;
  NaiveGrid naive;
  octet_grid grid;
};

/** Numbers around the ties of a grid of step `scale`. */
std::vector<float> ValuesAroundTies(float scale) {
  std::vector<float> values;
  for (int k = -133; k <= 258; ++k) {
    float value = (static_cast<float>(k) + 0.5f) * scale;
    for (int step = 0; step < 3; ++step) value = std::nextafter(value, -INFINITY);
    for (int step = 0; step < 7; ++step) {
      values.push_back(value);
      value = std::nextafter(value, INFINITY);
    }
  }
  return values;
}

TEST(TileCodes, AreThoseOfTrueDivisionsAroundTies) {
  std::vector<float> scales = {1e-38f, 0x1p-61f, 0x1p-60f, 0x1p60f, 1e30f, 1.0f, 0.5f, 0.1f, 3.0f, 1.0f / 255.0f};
  for (float scale : RandomValues(100, 1.0f, 9)) scales.push_back(std::abs(scale) + 1e-6f);
  // Sums are 0, so that biases are the values.
  const auto n = static_cast<int64_t>(ValuesAroundTies(1.0f).size());
  Weights weights(n, 1, kKind, 5);
  weights.Pack();
  const CodeGrid a_grid(0.01f, 0.0f, -128.0f, 127.0f);
  Tensor a(kS8, {3, 1});
  a.Fill(std::vector<int>(3, 0));
  const KeepSettings keep;
  for (float scale : scales) {
    const std::vector<float> values = ValuesAroundTies(scale);
    Tensor bias = Tensor::Of(values);
    const CodeGrid out_grid(scale, 3.0f, -128.0f, 127.0f);
    octet_epilogue epilogue = {};
    epilogue.bias = bias.dl();
    epilogue.out_grid = &out_grid.grid;
    for (octet_isa isa : AvailableIsas()) {
      ASSERT_OK(octet_set_isa(isa));
      Tensor out(kS8, {3, n});
      ASSERT_OK(RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, out.dl()));
      for (int64_t i = 0; i < out.count(); ++i) {
        const float value = values[static_cast<size_t>(i % n)];
        ASSERT_EQ(out.Get(i), static_cast<double>(out_grid.naive.Code(value)))
            << value << " / " << scale << ", " << octet_isa_name(isa);
      }
    }
  }
}

/** A residual's type (bits 0: none) and the output's, and the output's grid. */
struct Codes {
  DLDataType residual;
  DLDataType out;
  float scale;
  float zero_point;
  float int_min;
  float int_max;
};

constexpr DLDataType kNone = {kDLFloat, 0, 0};

constexpr Codes kCodes[] = {
    {kNone, kU8, 0.037f, 0.0f, 0.0f, 255.0f},      {kNone, kS8, 0.037f, -128.0f, -128.0f, 127.0f},
    {kNone, kU8, 0.25f, 77.0f, 3.0f, 200.0f},      {kNone, kS8, 0.25f, 11.0f, -8.0f, 7.0f},
    {kU8, kU8, 0.041f, 13.0f, 0.0f, 255.0f},       {kS8, kS8, 0.041f, -5.0f, -128.0f, 127.0f},
    {kS8, kU8, 0.09f, 0.0f, 0.0f, 127.0f},         {kU8, kS8, 0.09f, 0.0f, 0.0f, 127.0f},
    {kNone, kU8, 0.001f, 4000.0f, 0.0f, 255.0f},   {kU8, kU8, 0.05f, -4000.0f, 0.0f, 255.0f},
    {kNone, kS8, 0.05f, 9000.0f, -128.0f, 127.0f}, {kNone, kU8, 3.0f, 0.0f, 9.0f, 9.0f},
    {kNone, kU8, 0.037f, -0.0f, 0.0f, 255.0f},     {kU8, kU8, 0.041f, -0.0f, 0.0f, 255.0f},
};

/** Calls run(epilogue, out) for f32 and for codes, which must be those of the f32 values. factor: null is none. */
template <typename Run>
void CheckAgainstF32(const Codes& codes, const std::vector<int64_t>& shape, octet_activation activation, Tensor* bias,
                     Tensor* factor, const Run& run) {
  const CodeGrid residual_grid(0.05f, codes.residual.code == kDLUInt ? 130.0f : 9.0f,
                               codes.residual.code == kDLUInt ? 0.0f : -128.0f,
                               codes.residual.code == kDLUInt ? 255.0f : 127.0f);
  octet_epilogue epilogue = {};
  epilogue.bias = bias->dl();
  if (factor != nullptr) epilogue.factor = factor->dl();
  epilogue.activation = activation;
  epilogue.residual_place = OCTET_RESIDUAL_BEFORE_ACTIVATION;
  Tensor residual(codes.residual.bits == 0 ? kS8 : codes.residual, shape, Layout::kMisaligned);
  if (codes.residual.bits != 0) {
    const int least = codes.residual.code == kDLUInt ? 0 : -128;
    residual.Fill(RandomCodes(residual.count(), least, least + 255, 6));
    epilogue.residual = residual.dl();
    epilogue.residual_grid = &residual_grid.grid;
  }
  Tensor f32(kF32, shape);
  EXPECT_OK(run(epilogue, f32.dl()));
  const CodeGrid grid(codes.scale, codes.zero_point, codes.int_min, codes.int_max);
  epilogue.out_grid = &grid.grid;
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(codes.out, shape, Layout::kMisaligned);
    EXPECT_OK(run(epilogue, out[0].dl()));
    return out;
  });
  for (int64_t i = 0; i < f32.count(); ++i) {
    const float code = grid.naive.Code(static_cast<float>(f32.Get(i)));
    const float expected = std::isnan(code) ? grid.naive.zero_point : code;
    ASSERT_EQ(outputs[0].Get(i), static_cast<double>(expected)) << i << ": " << f32.Get(i);
  }
}

TEST(TileCodes, OfMatrixProductsAreThoseOfTheF32Values) {
  struct {
    int64_t m, n, k;
  } const shapes[] = {{300, 33, 9}, {287, 16, 5}, {64, 95, 70}, {1, 4100, 12}, {150, 48, 64}, {33, 130, 2100}};
  for (const auto& shape : shapes) {
    for (const Codes& codes : kCodes) {
      SCOPED_TRACE(std::to_string(shape.m) + " x " + std::to_string(shape.n) + " x " + std::to_string(shape.k) +
                   ", zero point " + std::to_string(codes.zero_point));
      const CodeGrid a_grid(0.0078125f, 7.0f, 0.0f, 255.0f);
      Tensor a(kU8, {shape.m, shape.k});
      a.Fill(RandomCodes(a.count(), 0, 255, 17));
      Weights weights(shape.n, shape.k, kKind, 5);
      weights.Pack();
      Tensor bias = Tensor::Of(RandomValues(shape.n, 1.0f, 3));
      const octet_activation activation = shape.m % 2 == 0 ? OCTET_ACTIVATION_NONE : OCTET_ACTIVATION_RELU;
      CheckAgainstF32(codes, {shape.m, shape.n}, activation, &bias, nullptr,
                      [&](const octet_epilogue& epilogue, DLTensor* out) {
                        return RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, out);
                      });
    }
  }
}

TEST(TileCodes, OfActivationsAreThoseOfTheF32Values) {
  const CodeGrid a_grid(0.0078125f, 7.0f, 0.0f, 255.0f);
  for (int64_t n : {64, 45, 130, 24, 16, 7}) {
    const int64_t m = 4096 / n + 2;
    Tensor a(kU8, {m, 40});
    a.Fill(RandomCodes(a.count(), 0, 255, 17));
    Weights weights(n, 40, kKind, 5);
    weights.Pack();
    std::vector<float> biases = RandomValues(n, 3.0f, 3);
    if (n == 130) {
      biases[1] = 1e9f;
      biases[40] = -3e38f;
    }
    Tensor bias = Tensor::Of(biases);
    std::vector<float> factors = RandomValues(n, 2.0f, 4);
    if (n == 130) factors[70] = INFINITY;
    Tensor factor = Tensor::Of(factors);
    for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
      // The last scale is one of which 1, which activations may give, is too many steps.
      for (float scale : {0.037f, 1e-3f, 1e-11f}) {
        for (Codes codes : {kCodes[0], kCodes[3], kCodes[5]}) {
          SCOPED_TRACE(std::to_string(activation) + ", scale " + std::to_string(scale));
          codes.scale = scale;
          for (Tensor* by : {static_cast<Tensor*>(nullptr), &factor}) {
            CheckAgainstF32(codes, {m, n}, static_cast<octet_activation>(activation), &bias, by,
                            [&](const octet_epilogue& epilogue, DLTensor* out) {
                              return RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, out);
                            });
          }
        }
      }
    }
  }
}

TEST(TileCodes, TakeBiasesBeyondAllBounds) {
  const CodeGrid a_grid(0.01f, 0.0f, -128.0f, 127.0f);
  Tensor a(kS8, {70, 3});
  a.Fill(RandomCodes(a.count(), -128, 127, 17));
  for (float far : {1e9f, -1e9f, 1e30f, -3e38f, INFINITY, -INFINITY}) {
    std::vector<float> biases = RandomValues(100, 1.0f, 3);
    biases[5] = far;
    biases[70] = -far;
    Tensor bias = Tensor::Of(biases);
    Weights weights(100, 3, kKind, 5);
    weights.Pack();
    for (const Codes& codes : {kCodes[0], kCodes[1], kCodes[5]}) {
      for (octet_activation activation : {OCTET_ACTIVATION_NONE, OCTET_ACTIVATION_GELU_ERF, OCTET_ACTIVATION_TANH}) {
        CheckAgainstF32(codes, {70, 100}, activation, &bias, nullptr,
                        [&](const octet_epilogue& epilogue, DLTensor* out) {
                          return RunGemm(a.dl(), &a_grid.grid, weights, &epilogue, out);
                        });
      }
    }
  }
}

TEST(TileCodes, OfConvolutionsAreThoseOfTheF32Values) {
  const ConvShape shapes[] = {
      {2, 5, 57, 9, 33, 3, 3, Params(1, 1)},
      {1, 20, 29, 8, 16, 1, 1, Params()},
      {1, 30, 29, 12, 40, 1, 1, Params(2)},
      {1, 13, 17, 8, 64, 3, 3, Params(1, 1, 1, 2)},
      {1, 20, 20, 30, 30, 3, 3, Params(1, 1, 1, 30)},
      {1, 21, 20, 3, 49, 5, 5, Params(2, 2)},
      {1, 15, 13, 8, 24, 1, 1, Params()},
      {1, 26, 24, 8, 7, 1, 1, Params()},
  };
  for (const ConvShape& shape : shapes) {
    for (const Codes& codes : kCodes) {
      SCOPED_TRACE(shape.Words() + ", zero point " + std::to_string(codes.zero_point));
      const CodeGrid x_grid(0.0078125f, 7.0f, 0.0f, 255.0f);
      Tensor x(kU8, {shape.n, shape.h, shape.w, shape.c});
      x.Fill(RandomCodes(x.count(), 0, 255, 17));
      ConvWeights weights(shape, kKind, 5);
      weights.Pack();
      Tensor bias = Tensor::Of(RandomValues(shape.out_c, 1.0f, 3));
      CheckAgainstF32(codes, {shape.n, shape.out_h(), shape.out_w(), shape.out_c}, OCTET_ACTIVATION_NONE, &bias,
                      nullptr, [&](const octet_epilogue& epilogue, DLTensor* out) {
                        return RunConv2d(x.dl(), &x_grid.grid, weights, &epilogue, out);
                      });
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
