// SPDX-License-Identifier: Apache-2.0
#include "octet/conv2d_float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "support/conv2d.h"
#include "support/grids.h"
#include "support/product.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

std::vector<int64_t> InShape(const ConvShape& s) { return {s.n, s.h, s.w, s.c}; }
std::vector<int64_t> OutShape(const ConvShape& s) { return {s.n, s.out_h(), s.out_w(), s.out_c}; }
std::vector<int64_t> WeightShape(const ConvShape& s) {
  return {s.out_c, s.c / s.params.groups, s.kernel_h, s.kernel_w};
}

std::unique_ptr<Aligned> Pack(const DLTensor* weights, const octet_grid* grid, const octet_conv2d_params& params) {
  size_t bytes = 0;
  EXPECT_OK(octet_conv2d_float_pack_size(weights, &params, &bytes));
  auto packed = std::make_unique<Aligned>(bytes);
  EXPECT_OK(octet_conv2d_float_pack(weights, grid, &params, packed->data(), packed->size()));
  return packed;
}

octet_status RunFloat(const DLTensor* x, const octet_grid* x_grid, const Aligned& packed,
                      const octet_epilogue* epilogue, DLTensor* out) {
  size_t bytes = 0;
  const octet_status status = octet_conv2d_float_workspace_size(x, packed.data(), packed.size(), &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  return octet_conv2d_float(x, x_grid, packed.data(), packed.size(), epilogue, out, workspace.data(), workspace.size(),
                            nullptr);
}

/** A sum in runs, written down a second time. value(number of the image's element), outside: 0. */
template <typename Value>
float Convolve(const ConvShape& s, const Tensor& weights, const Value& value, int64_t n, int64_t y, int64_t column,
               int64_t o) {
  const octet_conv2d_params& p = s.params;
  const int64_t channels = s.c / p.groups;
  const int64_t first_channel = o / (s.out_c / p.groups) * channels;
  const bool depthwise = p.groups > 1 && p.groups == s.c;
  const bool rows = p.dilation_w == 1 || s.kernel_w == 1;
  const int64_t taps = s.kernel_h * s.kernel_w;
  const int64_t run_taps = depthwise ? taps : rows ? s.kernel_w : 1;
  float total = 0.0f;
  for (int64_t first_tap = 0; first_tap < taps; first_tap += run_taps) {
    const auto place = [&](int64_t i, int64_t* r, int64_t* q, int64_t* c) {
      const int64_t tap = first_tap + i / channels;
      *r = tap / s.kernel_w;
      *q = tap % s.kernel_w;
      *c = i % channels;
    };
    const auto pixel = [&](int64_t i) {
      int64_t r, q, c;
      place(i, &r, &q, &c);
      const int64_t line = y * p.stride_h - p.pad_top + r * p.dilation_h;
      const int64_t at = column * p.stride_w - p.pad_left + q * p.dilation_w;
      if (line < 0 || line >= s.h || at < 0 || at >= s.w) return 0.0f;
      return value(((n * s.h + line) * s.w + at) * s.c + first_channel + c);
    };
    const auto weight = [&](int64_t i) {
      int64_t r, q, c;
      place(i, &r, &q, &c);
      return static_cast<float>(weights.Get(((o * channels + c) * s.kernel_h + r) * s.kernel_w + q));
    };
    // Blocks of a run are added to the total one after the other, too.
    const int64_t length = run_taps * channels;
    for (int64_t i = 0; i < length; i += 256) {
      const float block = NaiveProduct(
          std::min<int64_t>(256, length - i), [&](int64_t j) { return pixel(i + j); },
          [&](int64_t j) { return weight(i + j); });
      total = first_tap == 0 && i == 0 ? block : total + block;
    }
  }
  return total;
}

void CheckPacked(const ConvShape& shape, DLDataType type, const Aligned& packed, const Tensor& weights, Layout in,
                 Layout out_layout) {
  const TensorGrid grid(type, 0.02f, 5.0f);
  Tensor x(type, InShape(shape), in);
  const std::vector<float> values = RandomValues(x.count(), 1.0f, 3);
  for (int64_t i = 0; i < x.count(); ++i) {
    const float value = values[static_cast<size_t>(i)];
    x.Set(i, type.bits == 8 ? grid.CodeOf(value) : static_cast<double>(value));
  }
  Tensor bias = Tensor::Of(RandomValues(shape.out_c, 1.0f, 5));
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, OutShape(shape), out_layout);
    EXPECT_OK(RunFloat(x.dl(), grid.get(), packed, &epilogue, out[0].dl()));
    return out;
  });
  const auto value = [&](int64_t i) { return static_cast<float>(grid.ValueOf(x.Get(i))); };
  for (int64_t i = 0; i < outputs[0].count(); ++i) {
    const int64_t o = i % shape.out_c;
    const int64_t pixel = i / shape.out_c;
    const int64_t line = pixel / shape.out_w();
    const float sum =
        Convolve(shape, weights, value, line / shape.out_h(), line % shape.out_h(), pixel % shape.out_w(), o);
    ASSERT_EQ(outputs[0].Get(i), static_cast<double>(sum + static_cast<float>(bias.Get(o)))) << i;
  }
}

void CheckFloats(const ConvShape& shape, DLDataType type = kF32, DLDataType weight_type = kF32,
                 Layout in = Layout::kCompact, Layout out = Layout::kCompact) {
  SCOPED_TRACE(shape.Words() + ", " + TypeName(type) + " * " + TypeName(weight_type));
  Tensor weights(weight_type, WeightShape(shape));
  weights.Fill(RandomValues(weights.count(), 1.0f, 4));
  const auto packed = Pack(weights.dl(), nullptr, shape.params);
  CheckPacked(shape, type, *packed, weights, in, out);
}

const ConvShape kShapes[] = {
    {1, 1, 1, 1, 1, 1, 1, Params()},
    {2, 5, 6, 3, 17, 3, 3, Params(1, 1)},
    {1, 9, 31, 16, 40, 3, 3, Params(2, 1)},
    {1, 6, 7, 12, 20, 2, 3, Params(1, 1, 2, 2)},
    {2, 5, 19, 35, 35, 3, 3, Params(1, 1, 1, 35)},
    {1, 6, 5, 4, 12, 3, 2, Params(2, 1, 2, 4)},
};

TEST(Conv2dFloat, EqualsTheFormulaForEveryKindOfOperands) {
  for (const ConvShape& shape : kShapes) {
    for (DLDataType type : kValueTypes) CheckFloats(shape, type);
    for (DLDataType type : kFloatTypes) CheckFloats(shape, kF32, type);
  }
}

TEST(Conv2dFloat, TakesWeightsOfCodes) {
  for (const WeightKind& kind : kWeightKinds) {
    for (const ConvShape& shape : kShapes) {
      SCOPED_TRACE(shape.Words());
      ConvWeights weights(shape, kind, 6);
      Tensor values(kF32, WeightShape(shape));
      for (int64_t i = 0; i < values.count(); ++i) {
        const int64_t o = i / (values.count() / shape.out_c);
        const float centred = static_cast<float>(weights.codes.Get(i) - static_cast<double>(weights.zero_point(o)));
        values.Set(i, static_cast<double>(weights.scale(o) * centred));
      }
      const auto packed = Pack(weights.codes.dl(), &weights.grid(), shape.params);
      CheckPacked(shape, kF32, *packed, values, Layout::kCompact, Layout::kCompact);
    }
  }
}

TEST(Conv2dFloat, KernelsOfOneTapAreMatrixProducts) {
  CheckFloats({2, 5, 6, 300, 20, 1, 1, Params()});
  CheckFloats({2, 6, 9, 21, 33, 1, 1, Params(2)});
  CheckFloats({1, 6, 9, 8, 6, 1, 1, Params(3, 1)});
  CheckFloats({1, 4, 5, 12, 6, 1, 1, Params(1, 0, 1, 3)});
  CheckFloats({1, 2, 20, 512, 20, 1, 1, Params(2)});
}

TEST(Conv2dFloat, TakesImagesOfAnyLayout) {
  for (Layout in : kInputLayouts) {
    for (Layout out : kOutputLayouts) {
      CheckFloats({2, 5, 9, 6, 20, 3, 3, Params(1, 1)}, kF32, kF32, in, out);
      CheckFloats({2, 5, 9, 6, 4, 1, 1, Params()}, kF16, kF32, in, out);
    }
    CheckFloats({2, 5, 9, 6, 6, 3, 3, Params(1, 1, 1, 6)}, kS8, kF32, in);
    CheckFloats({2, 5, 9, 6, 8, 2, 2, Params(2, 1, 1, 2)}, kBF16, kF32, in);
  }
}

TEST(Conv2dFloat, TakesUnusualWindows) {
  // Padding on one side, more of it than there is image, no image, no channels, one dimension, long kernels.
  CheckFloats({1, 4, 5, 3, 7, 3, 2, {2, 1, 0, 2, 3, 0, 1, 2, 1}});
  CheckFloats({1, 1, 1, 2, 3, 3, 3, Params(1, 5)});
  CheckFloats({0, 4, 5, 3, 7, 3, 2, Params()});
  CheckFloats({2, 4, 5, 0, 7, 3, 2, Params()});
  CheckFloats({2, 4, 5, 3, 0, 3, 2, Params()});
  CheckFloats({2, 1, 50, 9, 18, 1, 5, {1, 2, 0, 3, 0, 1, 1, 2, 1}});
  CheckFloats({1, 1, 40, 20, 3, 1, 15, Params()});
  CheckFloats({1, 20, 20, 2, 2, 17, 17, Params(1, 0, 1, 2)});
}

TEST(Conv2dFloat, LargeConvolutionsUseAllThreads) {
  CheckFloats({2, 20, 30, 24, 40, 3, 3, Params(1, 1)});
  CheckFloats({1, 24, 24, 64, 64, 3, 3, Params(1, 1, 1, 64)});
}

TEST(Conv2dFloat, CutsLargeImagesIntoParts) { CheckFloats({2, 40, 300, 70, 1, 3, 3, Params(3, 1)}); }

TEST(Conv2dFloat, RunsTheEpilogue) {
  const ConvShape shape = {2, 5, 6, 3, 17, 3, 3, Params(1, 1)};
  Tensor weights(kF32, WeightShape(shape));
  weights.Fill(RandomValues(weights.count(), 0.3f, 4));
  const auto packed = Pack(weights.dl(), nullptr, shape.params);
  Tensor x(kF32, InShape(shape));
  x.Fill(RandomValues(x.count(), 1.0f, 5));
  for (Layout layout : {Layout::kCompact, Layout::kTransposed}) {
    Tensor residual(kF16, OutShape(shape), layout);
    residual.Fill(RandomValues(residual.count(), 1.0f, 6));
    const TensorGrid out_grid(kU8, 0.05f, 9.0f);
    octet_epilogue epilogue = {};
    epilogue.activation = OCTET_ACTIVATION_RELU;
    epilogue.residual = residual.dl();
    epilogue.residual_place = OCTET_RESIDUAL_BEFORE_ACTIVATION;
    epilogue.out_grid = out_grid.get();
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(kU8, OutShape(shape), layout);
      EXPECT_OK(RunFloat(x.dl(), nullptr, *packed, &epilogue, out[0].dl()));
      return out;
    });
    Tensor sums(kF32, OutShape(shape));
    ASSERT_OK(RunFloat(x.dl(), nullptr, *packed, nullptr, sums.dl()));
    for (int64_t i = 0; i < sums.count(); ++i) {
      const float value = std::fmax(static_cast<float>(sums.Get(i)) + static_cast<float>(residual.Get(i)), 0.0f);
      ASSERT_EQ(outputs[0].Get(i), out_grid.CodeOf(value)) << i;
    }
  }
}

TEST(Conv2dFloat, ErrorsNameTheArgument) {
  const ConvShape shape = {1, 5, 6, 4, 8, 3, 3, Params(1, 1, 1, 2)};
  Tensor weights(kF32, WeightShape(shape));
  const auto packed = Pack(weights.dl(), nullptr, shape.params);
  Tensor x(kF32, InShape(shape)), out(kF32, OutShape(shape));
  EXPECT_OK(RunFloat(x.dl(), nullptr, *packed, nullptr, out.dl()));
  size_t bytes = 0;
  octet_conv2d_params params = Params();
  EXPECT_INVALID(octet_conv2d_float_pack_size(weights.dl(), nullptr, &bytes), "params is null");
  params.groups = 3;
  EXPECT_INVALID(octet_conv2d_float_pack_size(weights.dl(), &params, &bytes), "params.groups is 3", "a divisor");
  params = Params(0);
  EXPECT_INVALID(octet_conv2d_float_pack_size(weights.dl(), &params, &bytes), "params.stride_h is 0", "at least 1");
  Tensor flat(kF32, {8, 2});
  EXPECT_INVALID(octet_conv2d_float_pack_size(flat.dl(), &shape.params, &bytes), "weights has shape [8, 2]");
  const TensorGrid grid(kS8, 0.1f, 0.0f);
  EXPECT_INVALID(octet_conv2d_float_pack(weights.dl(), grid.get(), &shape.params, packed->data(), packed->size()),
                 "grid is given", "f32");
  Tensor codes(kS8, WeightShape(shape));
  EXPECT_INVALID(octet_conv2d_float_pack(codes.dl(), nullptr, &shape.params, packed->data(), packed->size()),
                 "grid is null");
  EXPECT_INVALID(octet_conv2d_float_pack(weights.dl(), nullptr, &shape.params, packed->data(), 100),
                 "packed_bytes is 100", "octet_conv2d_float_pack_size");
  Tensor three(kF32, {1, 5, 6, 3});
  EXPECT_INVALID(RunFloat(three.dl(), nullptr, *packed, nullptr, out.dl()), "x has shape [1, 5, 6, 3]", "[N, H, W, 4]");
  EXPECT_INVALID(RunFloat(x.dl(), nullptr, *packed, nullptr, three.dl()), "out has shape", "expected [1, 5, 6, 8]");
  EXPECT_INVALID(RunFloat(x.dl(), grid.get(), *packed, nullptr, out.dl()), "x_grid is given");
  Tensor pixel(kF32, {1, 1, 1, 4}), pixel_of_out(kF32, {1, 1, 1, 8});
  octet_epilogue epilogue = {};
  epilogue.factor = pixel_of_out.dl();
  EXPECT_INVALID(RunFloat(pixel.dl(), nullptr, *packed, &epilogue, pixel_of_out.dl()),
                 "out shares memory with epilogue.factor");
  const Aligned altered(packed->size());
  for (size_t at : {size_t{0}, size_t{8}, size_t{17}, size_t{24}, size_t{40}, size_t{48}}) {
    std::memcpy(altered.data(), packed->data(), packed->size());
    altered.data()[at] = static_cast<char>(altered.data()[at] ^ 0x7f);
    EXPECT_INVALID(RunFloat(x.dl(), nullptr, altered, nullptr, out.dl()), "octet_conv2d_float_pack");
  }
  EXPECT_INVALID(octet_conv2d_float_workspace_size(x.dl(), packed->data(), packed->size() - 1, &bytes), "cut short");
}

}  // namespace
}  // namespace test
}  // namespace octet
