// SPDX-License-Identifier: Apache-2.0
#include "octet/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "octet/reduce.h"
#include "support/channels_first.h"
#include "support/grids.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

using Shape = std::vector<int64_t>;

octet_pool2d_params Params(int32_t kernel, int32_t stride, int32_t pad, int32_t dilation = 1, int32_t ceil_mode = 0) {
  return {kernel, kernel, stride, stride, pad, pad, pad, pad, dilation, dilation, ceil_mode};
}

/** Windows of all sorts; H and W are treated differently in the last ones. */
const octet_pool2d_params kWindows[] = {
    Params(1, 1, 0),
    Params(2, 2, 0),
    Params(3, 2, 1),
    Params(3, 2, 1, 1, 1),
    Params(2, 3, 1, 1, 1),
    Params(3, 1, 1),
    {3, 2, 1, 3, 1, 0, 2, 1, 1, 1, 0},
    {5, 1, 4, 1, 3, 0, 0, 0, 1, 1, 1},
    {7, 11, 1, 1, 0, 5, 0, 4, 1, 1, 0},
};
const octet_pool2d_params kDilated[] = {
    Params(2, 1, 1, 3), Params(3, 2, 2, 2), Params(3, 2, 3, 2, 1), {2, 3, 1, 2, 0, 4, 5, 1, 6, 2, 0}};

/** The taps of a window along a dimension, by the documentation. */
struct Taps {
  std::vector<int64_t> inside;
  /** Places within image and padding. */
  int64_t padded = 0;
};

Taps TapsOf(int64_t size, int64_t kernel, int64_t stride, int64_t before, int64_t after, int64_t dilation, int64_t i) {
  Taps taps;
  for (int64_t k = 0; k < kernel; ++k) {
    const int64_t place = i * stride - before + k * dilation;
    if (place >= 0 && place < size) taps.inside.push_back(place);
    if (place < size + after) ++taps.padded;
  }
  return taps;
}

/** Pixel of an image and channel as the number of an element. */
int64_t Element(const Shape& shape, int64_t n, int64_t h, int64_t w, int64_t c) {
  return ((n * shape[1] + h) * shape[2] + w) * shape[3] + c;
}

/** Calls body(element of the output, taps along H, taps along W, image, channel). */
template <typename Body>
void ForEachWindow(const octet_pool2d_params& p, const Shape& x, const Shape& out, const Body& body) {
  for (int64_t i = 0; i < out[0] * out[1] * out[2] * out[3]; ++i) {
    const int64_t c = i % out[3];
    const int64_t w = i / out[3] % out[2];
    const int64_t h = i / out[3] / out[2] % out[1];
    body(i, TapsOf(x[1], p.kernel_h, p.stride_h, p.pad_top, p.pad_bottom, p.dilation_h, h),
         TapsOf(x[2], p.kernel_w, p.stride_w, p.pad_left, p.pad_right, p.dilation_w, w), i / out[3] / out[2] / out[1],
         c);
  }
}

Shape OutShape(const octet_pool2d_params& params, const Shape& x) {
  int64_t h = 0;
  int64_t w = 0;
  EXPECT_OK(octet_pool2d_out_size(&params, x[1], x[2], &h, &w));
  return {x[0], h, w, x[3]};
}

void FillStored(Tensor* x, const TensorGrid& grid, const std::vector<float>& values) {
  for (int64_t i = 0; i < x->count(); ++i) {
    x->Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  }
}

std::string Words(const octet_pool2d_params& p, DLDataType type, int64_t channels) {
  std::string words = TypeName(type) + ", " + std::to_string(channels) + " channels, window";
  for (int32_t number : {p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.pad_top, p.pad_left, p.pad_bottom,
                         p.pad_right, p.dilation_h, p.dilation_w, p.ceil_mode}) {
    words += " " + std::to_string(number);
  }
  return words;
}

void CheckMax(const octet_pool2d_params& params, DLDataType type, const Shape& shape, Layout layout,
              Layout out_layout) {
  SCOPED_TRACE(Words(params, type, shape[3]));
  const TensorGrid grid(type, 0.05f, 3.0f);
  Tensor x(type, shape, layout);
  FillStored(&x, grid, RandomValues(x.count(), 2.0f, 1));
  const Shape out_shape = OutShape(params, shape);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(type, out_shape, out_layout);
    EXPECT_OK(octet_max_pool2d(x.dl(), &params, out[0].dl(), nullptr));
    return out;
  });
  const double least = type.bits != 8 ? -INFINITY : type.code == kDLInt ? -128.0 : 0.0;
  ForEachWindow(params, shape, out_shape, [&](int64_t i, const Taps& h, const Taps& w, int64_t n, int64_t c) {
    double greatest = least;
    for (int64_t y : h.inside) {
      for (int64_t place : w.inside) greatest = std::fmax(greatest, x.Get(Element(shape, n, y, place, c)));
    }
    ASSERT_EQ(outputs[0].Get(i), greatest) << i;
  });
}

TEST(MaxPool, EqualsTheFormulaForAnyTypesWindowsAndStrides) {
  for (DLDataType type : kValueTypes) {
    for (int64_t channels : {1, 3, 16, 70}) {
      for (const auto& params : kWindows) CheckMax(params, type, {2, 9, 8, channels}, Layout::kCompact, Layout::kGaps);
      for (const auto& params : kDilated) {
        CheckMax(params, type, {2, 9, 8, channels}, Layout::kCompact, Layout::kCompact);
      }
    }
    for (Layout layout : kInputLayouts) CheckMax(kWindows[2], type, {2, 7, 6, 19}, layout, Layout::kCompact);
    for (Layout layout : kOutputLayouts) CheckMax(kWindows[2], type, {2, 7, 6, 19}, Layout::kTransposed, layout);
  }
}

TEST(MaxPool, OfPlanesIsThatOfChannelsSideBySide) {
  for (DLDataType type : kValueTypes) {
    for (int64_t width : {1, 2, 7, 40, 4095, 9000}) {
      const Shape shape = {2, 5, width, 3};
      Tensor x(type, shape);
      Tensor nchw(type, {2, 3, 5, width});
      const TensorGrid grid(type, 0.05f, 3.0f);
      FillStored(&x, grid, RandomValues(x.count(), 2.0f, 1));
      for (int64_t i = 0; i < x.count(); ++i) nchw.Set(InChannelsFirst(i, 5, width, 3), x.Get(i));
      for (const octet_pool2d_params& params :
           {octet_pool2d_params{3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 0}, octet_pool2d_params{2, 2, 1, 3, 1, 1, 0, 1, 2, 2, 1},
            octet_pool2d_params{1, 1, 2, 2, 0, 0, 0, 0, 1, 1, 0}}) {
        SCOPED_TRACE(Words(params, type, width));
        if (width + params.pad_left + params.pad_right <= params.dilation_w * (params.kernel_w - 1)) continue;
        Tensor expected(type, OutShape(params, shape));
        ASSERT_OK(octet_max_pool2d(x.dl(), &params, expected.dl(), nullptr));
        SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(type, OutShape(params, shape));
          ChannelsFirst view(&nchw);
          EXPECT_OK(octet_max_pool2d(view.dl(), &params, out[0].dl(), nullptr));
          EXPECT_TRUE(SameBits(out[0], expected));
          return out;
        });
      }
    }
  }
}

TEST(MaxPool, KeepsNanAndTheFirstOfEqualZeros) {
  constexpr int64_t kChannels = 37;
  for (DLDataType type : kFloatTypes) {
    for (Layout layout : {Layout::kCompact, Layout::kTransposed}) {
      Tensor x(type, {1, 2, 2, kChannels}, layout);
      for (int64_t c = 0; c < kChannels; ++c) {
        for (int64_t p = 0; p < 4; ++p) x.Set(p * kChannels + c, p == c % 4 ? NAN : INFINITY);
      }
      const octet_pool2d_params params = Params(2, 1, 0);
      const auto call = [&] {
        return SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(type, Shape{1, 1, 1, kChannels}, layout);
          EXPECT_OK(octet_max_pool2d(x.dl(), &params, out[0].dl(), nullptr));
          return out;
        });
      };
      const auto nans = call();
      for (int64_t c = 0; c < kChannels; ++c) EXPECT_TRUE(std::isnan(nans[0].Get(c))) << c;
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, (i / kChannels == 0) == (i % 2 == 0) ? -0.0 : 0.0);
      const auto zeros = call();
      for (int64_t c = 0; c < kChannels; ++c) EXPECT_EQ(std::signbit(zeros[0].Get(c)), c % 2 == 0) << c;
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, -INFINITY);
      EXPECT_EQ(call()[0].Get(5), -INFINITY);
    }
  }
}

/** What a mean is: the exact sum of codes, or the bounds of a sum of floats. */
struct Mean {
  double sum = 0.0;
  double magnitudes = 0.0;
  double elements = 0.0;
};

Mean MeanOf(const Tensor& x, const Shape& shape, const std::vector<int64_t>& h, const std::vector<int64_t>& w,
            int64_t n, int64_t c) {
  Mean mean;
  for (int64_t y : h) {
    for (int64_t place : w) {
      const double value = x.Get(Element(shape, n, y, place, c));
      mean.sum += value;
      mean.magnitudes += std::abs(value);
      mean.elements += 1.0;
    }
  }
  return mean;
}

struct AvgCase {
  DLDataType type;
  DLDataType out_type;
  Layout layout = Layout::kCompact;
  Layout out_layout = Layout::kCompact;
  bool count_include_pad = false;
  int64_t divisor = 0;
};

constexpr float kScale = 0.05f;
constexpr float kZeroPoint = 3.0f;

void ExpectMean(const AvgCase& test, const TensorGrid& out_grid, const Mean& mean, double divisor, double got) {
  if (test.type.bits == 8) {
    const auto centred = static_cast<float>(mean.sum - mean.elements * static_cast<double>(kZeroPoint));
    const float value = kScale * centred / static_cast<float>(divisor);
    Tensor expected(test.out_type, {1});
    expected.Set(0, out_grid.StoredOf(static_cast<double>(value)));
    ASSERT_EQ(got, expected.Get(0));
    return;
  }
  const double value = mean.sum / divisor;
  const double error = 1e-6 * mean.magnitudes / divisor;
  if (test.out_type.bits == 8) {
    ASSERT_LE(out_grid.CodeOf(static_cast<float>(value - error)), got);
    ASSERT_GE(out_grid.CodeOf(static_cast<float>(value + error)), got);
  } else {
    ASSERT_NEAR(got, value, error + (test.out_type.bits == 32 ? 0.0 : 0x1p-8 * std::abs(value)));
  }
}

void CheckAvg(const octet_pool2d_params& params, const AvgCase& test, const Shape& shape) {
  SCOPED_TRACE(Words(params, test.type, shape[3]));
  const TensorGrid grid(test.type, kScale, kZeroPoint);
  const TensorGrid out_grid(test.out_type, 0.02f, 100.0f);
  Tensor x(test.type, shape, test.layout);
  FillStored(&x, grid, RandomValues(x.count(), 2.0f, 1));
  const Shape out_shape = OutShape(params, shape);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(test.out_type, out_shape, test.out_layout);
    EXPECT_OK(octet_avg_pool2d(x.dl(), grid.get(), &params, test.count_include_pad ? 1 : 0, test.divisor, out[0].dl(),
                               out_grid.get(), nullptr));
    return out;
  });
  ForEachWindow(params, shape, out_shape, [&](int64_t i, const Taps& h, const Taps& w, int64_t n, int64_t c) {
    const Mean mean = MeanOf(x, shape, h.inside, w.inside, n, c);
    const double divisor = test.divisor != 0        ? static_cast<double>(test.divisor)
                           : test.count_include_pad ? static_cast<double>(h.padded * w.padded)
                                                    : mean.elements;
    ExpectMean(test, out_grid, mean, divisor, outputs[0].Get(i));
  });
}

TEST(AvgPool, EqualsTheFormulaForAnyTypesWindowsAndStrides) {
  for (DLDataType type : kValueTypes) {
    for (int64_t channels : {1, 3, 16, 270}) {
      for (const auto& params : kWindows) {
        AvgCase test{type, kF32};
        test.count_include_pad = channels != 16;
        test.divisor = channels == 3 ? 7 : 0;
        CheckAvg(params, test, {2, 9, 8, channels});
      }
    }
    for (Layout layout : kInputLayouts) CheckAvg(kWindows[2], {type, kF32, layout, Layout::kGaps}, {2, 7, 6, 19});
    for (Layout layout : kOutputLayouts) CheckAvg(kWindows[3], {type, kU8, layout, layout}, {2, 7, 6, 19});
    for (DLDataType out_type : kValueTypes) CheckAvg(kWindows[3], {type, out_type}, {2, 7, 6, 300});
  }
}

TEST(AvgPool, SumsOfManyCodesAreExact) {
  // 90,000 codes of up to 255: more than f32 adds exactly.
  for (int64_t channels : {1, 2}) {
    for (Shape shape : {Shape{1, 300, 300, channels}, Shape{1, 1, 90000, channels}}) {
      Tensor x(kU8, shape);
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>(i % 7 == 0 ? 254 : 255));
      double sum = 0.0;
      for (int64_t i = 0; i < x.count(); i += channels) sum += x.Get(i) - static_cast<double>(kZeroPoint);
      const TensorGrid grid(kU8, kScale, kZeroPoint);
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(kF32, Shape{1, 1, 1, channels});
        EXPECT_OK(octet_adaptive_avg_pool2d(x.dl(), grid.get(), out[0].dl(), nullptr, nullptr));
        return out;
      });
      EXPECT_EQ(outputs[0].Get(0), static_cast<double>(kScale * static_cast<float>(sum) / 90000.0f));
    }
  }
}

TEST(AvgPool, NanStaysInItsWindows) {
  Tensor x(kF32, {1, 1, 4, 20});
  for (int64_t i = 0; i < x.count(); ++i) x.Set(i, i < 20 ? NAN : 1.0);
  const octet_pool2d_params params = {1, 2, 1, 2, 0, 0, 0, 0, 1, 1, 0};
  for (DLDataType out_type : {kF32, kU8}) {
    const TensorGrid out_grid(out_type, 0.5f, 9.0f);
    Tensor out(out_type, {1, 1, 2, 20});
    ASSERT_OK(octet_avg_pool2d(x.dl(), nullptr, &params, 0, 0, out.dl(), out_grid.get(), nullptr));
    for (int64_t c = 0; c < 20; ++c) {
      // NaN has the zero point for a code.
      EXPECT_TRUE(out_type.bits == 8 ? out.Get(c) == 9.0 : std::isnan(out.Get(c)));
      EXPECT_EQ(out.Get(20 + c), out_type.bits == 8 ? 11.0 : 1.0);
    }
  }
}

TEST(AdaptiveAvgPool, WindowsShareOutTheImage) {
  for (DLDataType type : kValueTypes) {
    for (const Shape& sizes : {Shape{1, 1}, Shape{7, 6}, Shape{3, 4}, Shape{10, 17}}) {
      const Shape shape = {2, 7, 6, 21};
      const Shape out_shape = {2, sizes[0], sizes[1], 21};
      const TensorGrid grid(type, kScale, kZeroPoint);
      const TensorGrid none(kF32, 1.0f, 0.0f);
      Tensor x(type, shape, sizes[0] == 3 ? Layout::kTransposed : Layout::kCompact);
      FillStored(&x, grid, RandomValues(x.count(), 2.0f, 1));
      const auto outputs = SameOnAllPaths([&] {
        std::vector<Tensor> out;
        out.emplace_back(kF32, out_shape);
        EXPECT_OK(octet_adaptive_avg_pool2d(x.dl(), grid.get(), out[0].dl(), nullptr, nullptr));
        return out;
      });
      const auto places = [](int64_t size, int64_t out_size, int64_t i) {
        std::vector<int64_t> result;
        const int64_t end = ((i + 1) * size + out_size - 1) / out_size;
        for (int64_t place = i * size / out_size; place < end; ++place) result.push_back(place);
        return result;
      };
      for (int64_t i = 0; i < outputs[0].count(); ++i) {
        const int64_t pixel = i / 21;
        const Mean mean = MeanOf(x, shape, places(7, sizes[0], pixel / sizes[1] % sizes[0]),
                                 places(6, sizes[1], pixel % sizes[1]), pixel / sizes[1] / sizes[0], i % 21);
        ExpectMean({type, kF32}, none, mean, mean.elements, outputs[0].Get(i));
      }
    }
  }
}

TEST(AdaptiveAvgPool, OfOneWindowIsAMeanOfCodes) {
  const TensorGrid grid(kU8, kScale, kZeroPoint);
  Tensor x(kU8, {3, 7, 7, 40});
  FillStored(&x, grid, RandomValues(x.count(), 2.0f, 1));
  Tensor pooled(kF32, {3, 1, 1, 40});
  Tensor reduced(kF32, {3, 1, 1, 40});
  const int32_t dims[] = {1, 2};
  ASSERT_OK(octet_adaptive_avg_pool2d(x.dl(), grid.get(), pooled.dl(), nullptr, nullptr));
  ASSERT_OK(octet_reduce(OCTET_REDUCE_MEAN, x.dl(), grid.get(), dims, 2, reduced.dl(), nullptr, nullptr));
  EXPECT_TRUE(SameBits(pooled, reduced));
}

TEST(Pool, EmptyBatchesAndChannels) {
  const octet_pool2d_params params = Params(2, 2, 0);
  for (const Shape& shape : {Shape{0, 4, 4, 3}, Shape{2, 4, 4, 0}}) {
    Tensor x(kF32, shape);
    Tensor out(kF32, {shape[0], 2, 2, shape[3]});
    EXPECT_OK(octet_max_pool2d(x.dl(), &params, out.dl(), nullptr));
    EXPECT_OK(octet_avg_pool2d(x.dl(), nullptr, &params, 0, 0, out.dl(), nullptr, nullptr));
    EXPECT_OK(octet_adaptive_avg_pool2d(x.dl(), nullptr, out.dl(), nullptr, nullptr));
  }
}

TEST(Pool, SizesOfTheOutput) {
  const auto size = [](octet_pool2d_params params, int64_t in) {
    int64_t h = 0;
    int64_t w = 0;
    EXPECT_OK(octet_pool2d_out_size(&params, in, in, &h, &w));
    EXPECT_EQ(h, w);
    return h;
  };
  EXPECT_EQ(size(Params(3, 2, 1), 112), 56);
  EXPECT_EQ(size(Params(2, 2, 0), 7), 3);
  EXPECT_EQ(size(Params(2, 2, 0, 1, 1), 7), 4);
  // The last window would begin behind the image.
  EXPECT_EQ(size(Params(2, 3, 1, 1, 1), 5), 2);
  EXPECT_EQ(size(Params(1, 3, 0, 1, 1), 5), 2);
  EXPECT_EQ(size(Params(3, 1, 0, 2), 5), 1);
}

class PoolErrors : public testing::Test {
 protected:
  octet_status Max() { return octet_max_pool2d(x.dl(), &params, out.dl(), nullptr); }
  octet_status Avg(int64_t divisor = 0) {
    return octet_avg_pool2d(x.dl(), nullptr, &params, 0, divisor, out.dl(), nullptr, nullptr);
  }

  octet_pool2d_params params = Params(3, 2, 1);
  Tensor x{kF32, {2, 6, 8, 5}};
  Tensor out{kF32, {2, 3, 4, 5}};
};

TEST_F(PoolErrors, Parameters) {
  EXPECT_OK(Max());
  EXPECT_OK(Avg());
  params.kernel_w = 0;
  EXPECT_INVALID(Max(), "octet_max_pool2d: params.kernel_w is 0", "at least 1");
  params = Params(3, 2, 1);
  params.stride_h = -1;
  EXPECT_INVALID(Avg(), "octet_avg_pool2d: params.stride_h is -1", "at least 1");
  params = Params(3, 2, 1);
  params.pad_bottom = 3;
  EXPECT_INVALID(Max(), "params.pad_bottom is 3", "less than the window of 3");
  params = Params(3, 2, -1);
  EXPECT_INVALID(Max(), "params.pad_top is -1", "at least 0");
  params = Params(3, 2, 1, 2);
  EXPECT_INVALID(Avg(), "params.dilation_h is 2", "averages have no dilation");
  params = Params(9, 2, 1);
  EXPECT_INVALID(Max(), "x is 6 x 8 pixels, 8 x 10 with padding", "at least 9 x 9");
  params = Params(3, 2, 1);
  EXPECT_INVALID(Avg(-1), "divisor is -1");
  int64_t h = 0;
  EXPECT_INVALID(octet_pool2d_out_size(&params, 0, 4, &h, &h), "in_h x in_w", "0 x 4");
  EXPECT_INVALID(octet_pool2d_out_size(&params, 4, 4, &h, nullptr), "out_w is null");
  EXPECT_INVALID(octet_pool2d_out_size(nullptr, 4, 4, &h, &h), "params is null");
}

TEST_F(PoolErrors, Tensors) {
  Tensor image(kF32, {6, 8, 5});
  Tensor wide(kF32, {2, 3, 5, 5});
  Tensor half(kF16, {2, 3, 4, 5});
  Tensor none(kF32, {2, 0, 8, 5});
  Tensor codes(kU8, {2, 6, 8, 5});
  EXPECT_INVALID(octet_max_pool2d(nullptr, &params, out.dl(), nullptr), "x is null");
  EXPECT_INVALID(octet_max_pool2d(image.dl(), &params, out.dl(), nullptr), "x has shape [6, 8, 5]", "[N, H, W, C]");
  EXPECT_INVALID(octet_max_pool2d(none.dl(), &params, out.dl(), nullptr), "x is 0 x 8 pixels");
  EXPECT_INVALID(octet_max_pool2d(x.dl(), &params, wide.dl(), nullptr), "out has shape [2, 3, 5, 5]", "[2, 3, 4, 5]");
  EXPECT_INVALID(octet_max_pool2d(x.dl(), &params, half.dl(), nullptr), "out has dtype f16", "f32");
  EXPECT_INVALID(octet_max_pool2d(x.dl(), &params, out.dl(), &params), "stream is");
  EXPECT_INVALID(octet_avg_pool2d(codes.dl(), nullptr, &params, 0, 0, out.dl(), nullptr, nullptr), "x_grid is null");
  EXPECT_INVALID(octet_adaptive_avg_pool2d(x.dl(), nullptr, none.dl(), nullptr, nullptr), "out is 0 x 8 pixels");
  EXPECT_INVALID(octet_adaptive_avg_pool2d(x.dl(), nullptr, image.dl(), nullptr, nullptr), "out has shape [6, 8, 5]");
  const octet_pool2d_params one = Params(1, 1, 0);
  EXPECT_INVALID(octet_max_pool2d(x.dl(), &one, x.dl(), nullptr), "out shares memory with x");
}

}  // namespace
}  // namespace test
}  // namespace octet
