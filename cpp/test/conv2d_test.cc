// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "support/channels_first.h"
#include "support/conv2d.h"
#include "support/naive.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0078125f;

/** A grid for a whole tensor. */
struct CodeGrid {
  CodeGrid(float scale, float zero_point, float int_min, float int_max)
      : delta(Tensor::Scalar(scale)), zero(Tensor::Scalar(zero_point)) {
    grid = {delta.dl(), zero.dl(), int_min, int_max, OCTET_SCALE_LINEAR, 1e-8f, -1};
  }
  static CodeGrid For(DLDataType type, float scale = kScale, float zero_point = 7.0f) {
    return type.code == kDLUInt ? CodeGrid(scale, zero_point, 0.0f, 255.0f)
                                : CodeGrid(scale, zero_point, -128.0f, 127.0f);
  }
  NaiveGrid naive() const {
    return {static_cast<float>(delta.Get(0)), static_cast<float>(zero.Get(0)), grid.int_min, grid.int_max};
  }

  Tensor delta;
  Tensor zero;
  octet_grid grid;
};

int Least(DLDataType type) { return type.code == kDLUInt ? 0 : -128; }

std::vector<int64_t> InShape(const ConvShape& s) { return {s.n, s.h, s.w, s.c}; }
std::vector<int64_t> OutShape(const ConvShape& s) { return {s.n, s.out_h(), s.out_w(), s.out_c}; }

/** Codes to f32 with bias, on all paths, against the formula. */
void CheckCodes(const ConvShape& shape, DLDataType type, const WeightKind& kind, int least, int greatest,
                Layout in = Layout::kCompact, Layout out_layout = Layout::kCompact) {
  SCOPED_TRACE(shape.Words() + ", " + TypeName(type) + " * " + TypeName(kind.type) +
               (kind.format == OCTET_WEIGHTS_4_BIT ? " of 4 bits" : ""));
  const CodeGrid x_grid = CodeGrid::For(type);
  const std::vector<int> codes = RandomCodes(shape.n * shape.h * shape.w * shape.c, least, greatest, 17);
  Tensor x(type, InShape(shape), in);
  x.Fill(codes);
  ConvWeights weights(shape, kind, 5);
  weights.Pack();
  Tensor bias = Tensor::Of(RandomValues(shape.out_c, 1.0f, 3));
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, OutShape(shape), out_layout);
    EXPECT_OK(RunConv2d(x.dl(), &x_grid.grid, weights, &epilogue, out[0].dl()));
    return out;
  });
  for (int64_t i = 0; i < outputs[0].count(); ++i) {
    const int64_t o = i % shape.out_c;
    const int64_t pixel = i / shape.out_c;
    const int64_t line = pixel / shape.out_w();
    const float sum = static_cast<float>(
        ExactConvolution(codes, 7, weights, line / shape.out_h(), line % shape.out_h(), pixel % shape.out_w(), o));
    const float expected = std::fma(sum, kScale * weights.scale(o), static_cast<float>(bias.Get(o)));
    ASSERT_EQ(outputs[0].Get(i), static_cast<double>(expected)) << i;
  }
}

void CheckCodes(const ConvShape& shape, DLDataType type, const WeightKind& kind) {
  CheckCodes(shape, type, kind, Least(type), Least(type) + 255);
}

TEST(Conv2d, EqualsTheFormulaForEveryKindOfOperands) {
  const ConvShape shapes[] = {
      {1, 1, 1, 1, 1, 1, 1, Params()},
      {2, 5, 6, 3, 17, 3, 3, Params(1, 1)},
      {1, 9, 31, 16, 40, 3, 3, Params(2, 1)},
      {1, 6, 7, 12, 20, 2, 3, Params(1, 1, 2, 2)},
      {2, 5, 19, 35, 35, 3, 3, Params(1, 1, 1, 35)},
  };
  for (DLDataType type : {kS8, kU8}) {
    for (const WeightKind& kind : kWeightKinds) {
      for (const ConvShape& shape : shapes) CheckCodes(shape, type, kind);
    }
  }
}

TEST(Conv2d, KernelsOfOneTapAreMatrixProducts) {
  for (const WeightKind& kind : kWeightKinds) {
    CheckCodes({2, 5, 6, 37, 20, 1, 1, Params()}, kS8, kind);
    CheckCodes({2, 6, 9, 21, 33, 1, 1, Params(2)}, kU8, kind);
    CheckCodes({1, 6, 9, 8, 6, 1, 1, Params(3, 1)}, kU8, kind);
    CheckCodes({1, 4, 5, 12, 6, 1, 1, Params(1, 0, 1, 3)}, kS8, kind);
  }
  // At strides that share places in a cache.
  CheckCodes({1, 2, 20, 1024, 20, 1, 1, Params(2)}, kS8, kWeightKinds[0]);
  CheckCodes({1, 2, 20, 1024, 20, 1, 1, Params(2)}, kU8, kWeightKinds[2]);
}

TEST(Conv2d, TakesKernelsOfOneRowOrColumn) {
  for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[5]}) {
    // One dimension.
    CheckCodes({2, 1, 50, 9, 18, 1, 5, {1, 2, 0, 3, 0, 1, 1, 2, 1}}, kS8, kind);
    CheckCodes({2, 50, 3, 9, 18, 5, 1, {3, 2, 2, 0, 1, 0, 2, 1, 1}}, kU8, kind);
    CheckCodes({1, 7, 8, 5, 3, 1, 4, {2, 1, 0, 1, 0, 0, 1, 1, 1}}, kU8, kind);
  }
}

TEST(Conv2d, TilesHaveTwoShortLines) {
  for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[4]}) {
    for (int64_t width = 1; width <= 8; ++width) {
      // Lines of an odd and an even number, one, and lines that have gaps between them.
      const int64_t lines = 1 + width % 4;
      CheckCodes({3, lines, width, 8, 20, 3, 3, Params(1, 1)}, kU8, kind);
      CheckCodes({2, 2 * lines, 2 * width, 12, 34, 3, 2, Params(2, 1)}, kS8, kind);
      CheckCodes({1, 7, width, 16, 33, 3, 3, Params(1, 2, 2, 1)}, kU8, kind, 0, 255, Layout::kCompact, Layout::kGaps);
      CheckCodes({2, 5, width + 2, 16, 64, 3, 3, Params(1, 0, 1, 2)}, kU8, kind, 0, 255, Layout::kGaps);
    }
  }
}

TEST(Conv2d, PadsAsymmetricallyAndBeyondTheKernel) {
  for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2]}) {
    CheckCodes({1, 4, 5, 8, 18, 3, 3, {1, 1, 2, 0, 1, 3, 1, 1, 1}}, kS8, kind);
    // Kernels larger than the input, padding larger than the kernel, outputs that see nothing else.
    CheckCodes({1, 2, 2, 6, 5, 5, 5, Params(1, 2)}, kS8, kind);
    CheckCodes({1, 2, 3, 6, 5, 2, 2, Params(1, 6)}, kU8, kind);
    CheckCodes({1, 2, 3, 6, 5, 2, 2, Params(3, 7)}, kU8, kind);
    CheckCodes({1, 2, 3, 6, 6, 2, 2, Params(2, 5, 1, 6)}, kU8, kind);
    CheckCodes({1, 0, 3, 6, 5, 3, 3, Params(1, 2)}, kU8, kind);
    CheckCodes({1, 3, 0, 6, 5, 3, 3, Params(1, 2)}, kS8, kind);
  }
}

TEST(Conv2d, UnpaddedCodesOfWholeGroups) {
  for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[4]}) {
    for (Layout in : {Layout::kCompact, Layout::kGaps, Layout::kMisaligned, Layout::kTransposed}) {
      const auto check = [&](const ConvShape& shape) { CheckCodes(shape, kU8, kind, 0, 255, in); };
      check({2, 5, 31, 8, 18, 1, 1, Params(2)});
      check({2, 7, 18, 8, 18, 3, 3, Params()});
      check({1, 9, 40, 16, 33, 3, 2, Params(2)});
      check({1, 9, 18, 16, 34, 3, 3, Params(1, 0, 2, 2)});
      check({1, 6, 9, 16, 34, 3, 1, Params(1, 0, 1, 2)});
      check({1, 6, 9, 16, 34, 3, 3, Params(1, 0, 1, 2)});
    }
  }
  // Pixels at strides that share places in a cache.
  CheckCodes({1, 4, 20, 512, 20, 1, 1, Params(2)}, kU8, kWeightKinds[0]);
}

TEST(Conv2d, StridesBeyondTheKernel) {
  CheckCodes({1, 11, 12, 7, 5, 2, 2, Params(4)}, kS8, kWeightKinds[0]);
  CheckCodes({1, 11, 12, 7, 7, 2, 2, Params(4, 1, 1, 7)}, kS8, kWeightKinds[2]);
  CheckCodes({1, 3, 4, 7, 5, 2, 2, Params(100)}, kU8, kWeightKinds[2]);
}

TEST(Conv2d, GroupsOfAnySize) {
  for (int32_t groups : {1, 2, 3, 4, 6, 12}) {
    for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[3], kWeightKinds[5]}) {
      CheckCodes({1, 5, 6, 12, 24, 3, 3, Params(1, 1, 1, groups)}, kS8, kind);
      CheckCodes({1, 5, 6, 12, 12, 3, 2, Params(2, 1, 2, groups)}, kU8, kind);
    }
  }
  // More than a panel of columns a group.
  CheckCodes({1, 3, 4, 8, 140, 3, 3, Params(1, 1, 1, 2)}, kU8, kWeightKinds[2]);
}

TEST(Conv2d, GroupsOfFewChannels) {
  // Input and output channels of a group: some fill half a panel together, with whole groups of codes or not.
  const int64_t channels[][2] = {{4, 4}, {8, 8}, {2, 3}, {4, 2}, {5, 8}, {3, 1}, {16, 16}, {12, 5}};
  for (const auto& [in, out] : channels) {
    for (int32_t groups : {2, 4, 5, 32}) {
      const WeightKind& kind = kWeightKinds[groups % 2 + (in == 4 || in == 3 ? 4 : 0)];
      CheckCodes({1, 5, 17, in * groups, out * groups, 3, 3, Params(1, 1, 1, groups)}, kU8, kind);
      CheckCodes({2, 6, 7, in * groups, out * groups, 3, 2, Params(2, 0, 1, groups)}, kS8, kind);
      CheckCodes({1, 7, 6, in * groups, out * groups, 2, 3, Params(1, 1, 2, groups)}, kU8, kind);
      CheckCodes({1, 4, 5, in * groups, out * groups, 1, 1, Params(1, 0, 1, groups)}, kU8, kind);
    }
  }
  CheckCodes({1, 4, 20, 1024, 64, 3, 3, Params(1, 1, 1, 8)}, kU8, kWeightKinds[0]);
  CheckCodes({1, 4, 20, 96, 96, 3, 3, Params(1, 1, 1, 3)}, kS8, kWeightKinds[4]);
}

TEST(Conv2d, NarrowGroupsOfEveryKind) {
  // Of 4 and of 8 channels, some and parts of what vectors, panels and slices have.
  for (int64_t channels : {4, 8}) {
    for (int32_t groups : {2, 3, 4, 5, 7, 9, 16, 19}) {
      const int64_t c = channels * groups;
      for (const WeightKind& kind : kWeightKinds) {
        CheckCodes({1, 3, 8, c, c, 3, 3, Params(1, 1, 1, groups)}, kU8, kind);
        CheckCodes({2, 5, 6, c, c, 2, 3, {2, 1, 0, 1, 1, 2, 1, 2, groups}}, kS8, kind);
      }
      CheckCodes({1, 4, 5, c, c, 1, 1, Params(2, 0, 1, groups)}, kS8, kWeightKinds[groups % 7]);
    }
  }
}

TEST(Conv2d, NarrowGroupsOfEveryWidthAndStride) {
  // Widths around those of strips of pixels, of some lines at once, and of lines that are cut.
  for (int64_t width : {1, 2, 3, 4, 6, 7, 9, 13, 14, 15, 16, 28, 29, 31, 57, 113, 180, 460}) {
    for (int32_t stride : {1, 2, 3}) {
      for (int64_t channels : {4, 8}) {
        const int32_t groups = channels == 4 ? 9 : 5;
        const int64_t c = channels * groups;
        CheckCodes({1, 3, width, c, c, 3, 3, Params(stride, 1, 1, groups)}, kU8, kWeightKinds[(width + stride) % 2]);
      }
    }
    CheckCodes({2, 5, width, 16, 16, 3, 3, Params(1, 2, 2, 2)}, kS8, kWeightKinds[2]);
    CheckCodes({1, 7, width, 16, 16, 3, 3, Params(1, 1, 1, 4)}, kS8, kWeightKinds[4], -128, 127, Layout::kGaps,
               Layout::kGaps);
  }
}

TEST(Conv2d, NarrowGroupsWithKernelsOfEverySize) {
  for (int64_t channels : {4, 8}) {
    const int32_t groups = channels == 4 ? 5 : 3;
    const int64_t c = channels * groups;
    for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[5]}) {
      CheckCodes({1, 6, 17, c, c, 5, 5, Params(1, 2, 1, groups)}, kU8, kind);
      CheckCodes({1, 9, 17, c, c, 8, 3, Params(1, 3, 1, groups)}, kS8, kind);
      CheckCodes({1, 3, 17, c, c, 1, 9, Params(2, 2, 1, groups)}, kU8, kind);
      // More taps, and taps further apart, than kernels of narrow groups take.
      CheckCodes({1, 7, 9, c, c, 7, 7, Params(1, 3, 1, groups)}, kS8, kind);
      CheckCodes({1, 3, 18, c, c, 3, 3, Params(1, 9, 9, groups)}, kU8, kind);
      // The most, and a kernel that sees padding alone.
      CheckCodes({1, 16, 16, c, c, 2, 2, Params(1, 0, 15, groups)}, kU8, kind);
      CheckCodes({1, 1, 2, c, c, 3, 3, Params(3, 6, 1, groups)}, kS8, kind);
      CheckCodes({1, 0, 3, c, c, 3, 3, Params(1, 2, 1, groups)}, kU8, kind);
    }
  }
}

TEST(Conv2d, DepthwiseOfAnyWidth) {
  for (int64_t channels : {2, 15, 16, 17, 31, 32, 33, 64, 70}) {
    const auto groups = static_cast<int32_t>(channels);
    const WeightKind& kind = kWeightKinds[channels % 7];
    CheckCodes({1, 4, 16, channels, channels, 3, 3, Params(1, 1, 1, groups)}, kU8, kind);
    CheckCodes({1, 5, 5, channels, 3 * channels, 2, 2, Params(2, 1, 1, groups)}, kS8, kind);
  }
  // More taps than the weights of a tile have room for.
  for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[5]}) {
    CheckCodes({1, 9, 11, 5, 5, 9, 9, Params(1, 4, 1, 5)}, kS8, kind);
    CheckCodes({1, 30, 29, 3, 3, 25, 23, Params(1, 0, 1, 3)}, kU8, kind);
  }
}

TEST(Conv2d, DepthwiseKernelsOfThreeColumns) {
  // Widths around those that are worked on three at a time, and more than a tile.
  for (int64_t width : {1, 2, 3, 4, 5, 6, 57, 115}) {
    for (int64_t height : {1, 2, 3, 4, 5}) {
      const WeightKind& kind = kWeightKinds[(width + height) % 7];
      CheckCodes({1, height, width, 20, 20, height, 3, {1, 1, 0, 1, 0, 1, 1, 1, 20}}, kU8, kind);
    }
    for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[5]}) {
      CheckCodes({2, 4, width, 33, 33, 3, 3, {2, 1, 1, 1, 1, 1, 1, 1, 33}}, kS8, kind);
      CheckCodes({1, 6, width, 33, 33, 3, 3, {1, 1, 2, 1, 2, 1, 2, 1, 33}}, kU8, kind);
    }
  }
}

TEST(Conv2d, DepthwiseKernelsOfThreeAndFiveColumnsAtEveryStride) {
  for (int64_t width : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 57, 115, 240}) {
    for (int32_t stride : {1, 2, 3}) {
      const WeightKind& kind = kWeightKinds[(width + stride) % 2];
      CheckCodes({1, 5, width, 33, 33, 3, 3, Params(stride, 1, 1, 33)}, kU8, kind);
      CheckCodes({1, 6, width, 20, 20, 5, 5, Params(stride, 2, 1, 20)}, kS8, kind);
    }
    CheckCodes({1, 6, width, 17, 17, 5, 5, Params(1, 2, 1, 17)}, kU8, kWeightKinds[2]);
    CheckCodes({1, 6, width, 17, 17, 4, 5, Params(1, 2, 1, 17)}, kU8, kWeightKinds[0]);
    CheckCodes({1, 4, width, 17, 17, 2, 3, {1, 2, 0, 1, 1, 1, 1, 1, 17}}, kS8, kWeightKinds[0]);
    CheckCodes({1, 6, width, 17, 17, 5, 5, {2, 1, 2, 4, 2, 4, 1, 2, 17}}, kS8, kWeightKinds[4]);
  }
}

TEST(Conv2d, DepthwiseKernelsOfManyColumns) {
  // More pixels than are ready at a time, and kernels that are taken by columns or not.
  for (int64_t width : {1, 2, 3, 4, 5, 8, 9, 31, 56, 130}) {
    for (int32_t stride : {1, 2, 3}) {
      const WeightKind& kind = kWeightKinds[(width + stride) % 2];
      CheckCodes({1, 7, width, 33, 33, 7, 7, Params(stride, 3, 1, 33)}, kU8, kind);
      CheckCodes({1, 4, width, 20, 20, 4, 6, Params(stride, 3, 1, 20)}, kS8, kind);
      CheckCodes({1, 3, width, 17, 17, 11, 11, Params(stride, 5, 1, 17)}, kU8, kind);
    }
    CheckCodes({1, 5, width, 16, 16, 13, 13, Params(1, 6, 1, 16)}, kU8, kWeightKinds[0]);
    CheckCodes({1, 7, width, 18, 36, 7, 5, {2, 1, 3, 2, 3, 2, 2, 1, 18}}, kS8, kWeightKinds[2]);
    CheckCodes({1, 7, width, 18, 18, 7, 7, {1, 1, 3, 6, 3, 6, 1, 2, 18}}, kS8, kWeightKinds[4]);
  }
}

TEST(Conv2d, EmptyTensors) {
  const WeightKind& kind = kWeightKinds[2];
  CheckCodes({0, 5, 6, 3, 4, 3, 3, Params(1, 1)}, kS8, kind);
  CheckCodes({2, 5, 6, 3, 0, 3, 3, Params(1, 1)}, kS8, kind);
  CheckCodes({2, 5, 6, 0, 4, 3, 3, Params(1, 1)}, kS8, kind);
  CheckCodes({2, 5, 6, 0, 4, 1, 1, Params()}, kS8, kind);
  CheckCodes({0, 5, 6, 4, 4, 3, 3, Params(1, 1, 1, 4)}, kS8, kind);
}

TEST(Conv2d, RandomShapes) {
  std::mt19937 engine(11);
  const auto pick = [&engine](int least, int greatest) {
    return std::uniform_int_distribution<int>(least, greatest)(engine);
  };
  for (int i = 0; i < 60; ++i) {
    const int32_t groups = pick(0, 2) == 0 ? pick(1, 5) : 1;
    ConvShape shape = {pick(1, 2),           pick(1, 12), pick(1, 40), groups * pick(1, 9),
                       groups * pick(1, 20), pick(1, 4),  pick(1, 4),  {}};
    octet_conv2d_params& p = shape.params;
    p = {pick(1, 3), pick(1, 3), pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3), pick(1, 2), pick(1, 2), groups};
    shape.h = std::max(shape.h, p.dilation_h * (shape.kernel_h - 1) + 1 - p.pad_top - p.pad_bottom);
    shape.w = std::max(shape.w, p.dilation_w * (shape.kernel_w - 1) + 1 - p.pad_left - p.pad_right);
    CheckCodes(shape, pick(0, 1) == 0 ? kS8 : kU8, kWeightKinds[i % 7]);
  }
}

TEST(Conv2d, CutsLargeShapesIntoPartsAndItems) {
  // Several parts of lines; of images; several parts of the products of a pixel, and of a run.
  CheckCodes({1, 60, 1300, 32, 2, 3, 3, {20, 40, 1, 1, 1, 1, 1, 1, 1}}, kU8, kWeightKinds[0]);
  CheckCodes({70, 20, 60, 32, 2, 5, 5, {9, 30, 1, 1, 1, 1, 1, 1, 1}}, kS8, kWeightKinds[2]);
  CheckCodes({1, 3, 5, 700, 40, 3, 3, Params(1, 1)}, kU8, kWeightKinds[0]);
  CheckCodes({1, 3, 5, 700, 40, 3, 3, Params(1, 1)}, kU8, kWeightKinds[5]);
  CheckCodes({1, 2, 4, 3000, 3, 1, 2, Params()}, kS8, kWeightKinds[0]);
  // Narrow groups of an input that has to be made ready: parts of lines and of images.
  CheckCodes({1, 60, 1300, 32, 32, 3, 3, {20, 40, 1, 1, 1, 1, 1, 1, 4}}, kU8, kWeightKinds[0], 0, 255,
             Layout::kTransposed);
  CheckCodes({70, 20, 60, 32, 32, 5, 5, {9, 30, 1, 1, 1, 1, 1, 1, 8}}, kS8, kWeightKinds[2], -128, 127,
             Layout::kTransposed);
}

TEST(Conv2d, LargeConvolutionsUseAllThreads) {
  CheckCodes({2, 14, 14, 64, 96, 3, 3, Params(1, 1)}, kU8, kWeightKinds[2]);
  CheckCodes({2, 28, 28, 48, 48, 3, 3, Params(1, 1, 1, 48)}, kU8, kWeightKinds[2]);
  CheckCodes({2, 28, 28, 48, 48, 3, 3, Params(1, 1, 1, 12)}, kU8, kWeightKinds[2]);
}

TEST(Conv2d, SumsAreExactAtTheirLimits) {
  for (int w : {-128, 127}) {
    const WeightKind kind = {kS8, OCTET_WEIGHTS_8_BIT, w, w, false, false};
    for (int x : {0, 255}) {
      CheckCodes({1, 3, 3, 300, 18, 3, 3, Params()}, kU8, kind, x, x);
      CheckCodes({1, 3, 3, 18, 18, 3, 3, Params(1, 1, 1, 18)}, kU8, kind, x, x);
      CheckCodes({1, 3, 3, 24, 24, 5, 5, Params(1, 2, 1, 3)}, kU8, kind, x, x);
      CheckCodes({1, 3, 3, 24, 24, 3, 3, Params(1, 1, 1, 6)}, kU8, kind, x, x);
      CheckCodes({1, 3, 3, 7310, 1, 3, 3, Params()}, kU8, kind, x, x);
    }
  }
  for (int x : {0, 255}) {
    const WeightKind far = {kU8, OCTET_WEIGHTS_8_BIT, 0, 255, true, false};
    CheckCodes({1, 3, 3, 3669, 1, 3, 3, Params()}, kU8, far, x, x);
    CheckCodes({1, 3, 3, 40, 40, 3, 3, Params(1, 1, 1, 40)}, kU8, far, x, x);
    CheckCodes({1, 3, 3, 40, 40, 5, 5, Params(1, 2, 1, 5)}, kU8, far, x, x);
  }
}

TEST(Conv2d, TakesAnyStridesOfInputAndOutput) {
  for (Layout in : kInputLayouts) {
    for (Layout out : kOutputLayouts) {
      CheckCodes({2, 5, 6, 9, 18, 3, 3, Params(1, 1)}, kU8, kWeightKinds[2], 0, 255,
                 in == Layout::kExpanded ? Layout::kCompact : in, out);
      CheckCodes({2, 5, 6, 9, 18, 1, 1, Params()}, kS8, kWeightKinds[0], -128, 127,
                 in == Layout::kExpanded ? Layout::kCompact : in, out);
      CheckCodes({2, 5, 6, 1, 1, 3, 3, Params()}, kS8, kWeightKinds[0], -128, 127,
                 in == Layout::kExpanded ? Layout::kCompact : in, out);
      CheckCodes({2, 5, 6, 5, 10, 3, 3, Params(1, 1, 1, 5)}, kS8, kWeightKinds[0], -128, 127,
                 in == Layout::kExpanded ? Layout::kCompact : in, out);
      CheckCodes({2, 5, 6, 24, 24, 3, 3, Params(1, 1, 1, 3)}, kS8, kWeightKinds[0], -128, 127,
                 in == Layout::kExpanded ? Layout::kCompact : in, out);
    }
  }
}

TEST(Conv2d, QuantizesFloatsAsTheQuantizerDoes) {
  const ConvShape shapes[] = {
      {2, 5, 21, 3, 17, 3, 3, Params(2, 1)},
      {1, 4, 40, 70, 20, 3, 3, Params(1, 1)},
      {1, 3, 37, 4, 9, 3, 3, Params(1, 1)},
      {1, 3, 36, 2, 9, 1, 3, Params()},
      {1, 5, 19, 18, 18, 3, 3, Params(1, 1, 1, 18)},
      {1, 5, 19, 18, 12, 3, 3, Params(1, 1, 1, 3)},
      {1, 5, 19, 24, 24, 3, 3, Params(1, 1, 1, 3)},
      {2, 5, 9, 20, 20, 2, 3, Params(2, 1, 1, 5)},
      {2, 5, 9, 18, 12, 1, 1, Params(2)},
      {2, 5, 9, 18, 12, 1, 1, Params()},
  };
  for (const ConvShape& shape : shapes) {
    SCOPED_TRACE(shape.Words());
    for (DLDataType type : kFloatTypes) {
      for (bool is_signed : {true, false}) {
        SCOPED_TRACE(TypeName(type) + (is_signed ? " signed" : " unsigned"));
        const DLDataType code_type = is_signed ? kS8 : kU8;
        const CodeGrid x_grid = CodeGrid::For(code_type, kScale, is_signed ? -9.0f : 77.0f);
        ConvWeights weights(shape, kWeightKinds[is_signed ? 0 : 2], 5);
        weights.Pack();
        // With NaN, infinities, ties and what lies far out of the grid.
        Tensor x(type, InShape(shape));
        x.Fill(MixedValues(x.count(), kScale, 4));
        Tensor codes(code_type, InShape(shape));
        ASSERT_OK(octet_quantize(&x_grid.grid, x.dl(), codes.dl(), nullptr));
        Tensor expected(kF32, OutShape(shape));
        ASSERT_OK(RunConv2d(codes.dl(), &x_grid.grid, weights, nullptr, expected.dl()));
        Tensor nchw(type, {shape.n, shape.c, shape.h, shape.w});
        for (int64_t i = 0; i < x.count(); ++i) nchw.Set(InChannelsFirst(i, shape.h, shape.w, shape.c), x.Get(i));
        ChannelsFirst channels_first(&nchw);
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(kF32, OutShape(shape));
          EXPECT_OK(RunConv2d(x.dl(), &x_grid.grid, weights, nullptr, out[0].dl()));
          out.emplace_back(kF32, OutShape(shape));
          EXPECT_OK(RunConv2d(channels_first.dl(), &x_grid.grid, weights, nullptr, out[1].dl()));
          return out;
        });
        EXPECT_TRUE(SameBits(outputs[0], expected));
        EXPECT_TRUE(SameBits(outputs[1], expected)) << "channels first";
      }
    }
  }
}

struct Groups {
  int64_t channels;
  int32_t groups;
};

/** Convolutions whose results lie between -8 and 8 or so: an ordinary, a depthwise one, and ones of narrow groups. */
class Conv2dEpilogue : public testing::TestWithParam<Groups> {
 protected:
  Conv2dEpilogue()
      : shape{2, 5, 17, GetParam().channels, GetParam().channels, 3, 3, Params(1, 1, 1, GetParam().groups)} {
    x.Fill(RandomCodes(x.count(), -128, 127, 3));
    weights.Pack();
    epilogue.bias = bias.dl();
  }

  Tensor Run(DLDataType type) {
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(type, OutShape(shape), Layout::kMisaligned);
      EXPECT_OK(RunConv2d(x.dl(), &x_grid.grid, weights, &epilogue, out[0].dl()));
      return out;
    });
    Tensor result(type, OutShape(shape));
    for (int64_t i = 0; i < result.count(); ++i) result.Set(i, outputs[0].Get(i));
    return result;
  }

  /** The same into memory in the order NCHW. */
  Tensor RunChannelsFirst(DLDataType type) {
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(type, std::vector<int64_t>{shape.n, shape.out_c, shape.out_h(), shape.out_w()});
      ChannelsFirst view(&out[0]);
      EXPECT_OK(RunConv2d(x.dl(), &x_grid.grid, weights, &epilogue, view.dl()));
      return out;
    });
    Tensor result(type, OutShape(shape));
    for (int64_t i = 0; i < result.count(); ++i) {
      result.Set(i, outputs[0].Get(InChannelsFirst(i, shape.out_h(), shape.out_w(), shape.out_c)));
    }
    return result;
  }

  const ConvShape shape;
  CodeGrid x_grid = CodeGrid::For(kS8, 0.01f);
  Tensor x{kS8, InShape(shape)};
  ConvWeights weights{shape, {kS8, OCTET_WEIGHTS_8_BIT, -128, 127, false, true}, 5};
  Tensor bias = Tensor::Of(RandomValues(shape.out_c, 1.0f, 9));
  octet_epilogue epilogue = {};
};

TEST_P(Conv2dEpilogue, OutputsOfEveryTypeEqualTheF32OnesConverted) {
  epilogue.activation = OCTET_ACTIVATION_SILU;
  const Tensor f32 = Run(kF32);
  EXPECT_TRUE(SameBits(RunChannelsFirst(kF32), f32));
  for (DLDataType type : {kF16, kBF16}) {
    Tensor expected(type, OutShape(shape));
    for (int64_t i = 0; i < f32.count(); ++i) expected.Set(i, f32.Get(i));
    EXPECT_TRUE(SameBits(Run(type), expected)) << TypeName(type);
    EXPECT_TRUE(SameBits(RunChannelsFirst(type), expected)) << TypeName(type);
  }
  for (DLDataType type : {kS8, kU8}) {
    for (float scale : {0.25f, 0.031f}) {
      const CodeGrid out_grid = CodeGrid::For(type, scale, 11.0f);
      epilogue.out_grid = &out_grid.grid;
      const Tensor codes = Run(type);
      for (int64_t i = 0; i < f32.count(); ++i) {
        ASSERT_EQ(codes.Get(i), static_cast<double>(out_grid.naive().Code(static_cast<float>(f32.Get(i)))));
      }
      EXPECT_TRUE(SameBits(RunChannelsFirst(type), codes)) << TypeName(type);
    }
  }
}

TEST_P(Conv2dEpilogue, ActivationsAreThoseOfMatrixProducts) {
  const Tensor plain = Run(kF32);
  // One row of the plain sums, multiplied by 1, goes through the same activation.
  for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
    SCOPED_TRACE(activation);
    epilogue.activation = static_cast<octet_activation>(activation);
    const Tensor out = Run(kF32);
    Weights one(plain.count(), 1, {kS8, OCTET_WEIGHTS_8_BIT, 1, 1, false, false}, 5);
    one.Pack();
    const CodeGrid unit(1.0f, 0.0f, -128.0f, 127.0f);
    Tensor zero(kS8, {1, 1});
    zero.Set(0, 0.0);
    Tensor values = Tensor::Of(plain.Values());
    octet_epilogue with_values = {};
    with_values.bias = values.dl();
    with_values.activation = epilogue.activation;
    Tensor expected(kF32, {1, plain.count()});
    ASSERT_OK(RunGemm(zero.dl(), &unit.grid, one, &with_values, expected.dl()));
    for (int64_t i = 0; i < out.count(); ++i) ASSERT_EQ(out.Get(i), expected.Get(i)) << plain.Get(i);
  }
}

TEST_P(Conv2dEpilogue, AddsResidualsOfEveryTypeAndLayoutInBothPlaces) {
  const Tensor plain = Run(kF32);
  epilogue.activation = OCTET_ACTIVATION_RELU;
  for (DLDataType type : {kF32, kF16, kBF16, kS8, kU8}) {
    const bool codes = type.bits == 8;
    const CodeGrid grid = CodeGrid::For(type, 0.05f, 9.0f);
    epilogue.residual_grid = codes ? &grid.grid : nullptr;
    for (Layout layout : {Layout::kCompact, Layout::kGaps, Layout::kTransposed}) {
      Tensor residual(type, OutShape(shape), layout);
      if (codes) {
        residual.Fill(RandomCodes(residual.count(), Least(type), Least(type) + 255, 6));
      } else {
        residual.Fill(RandomValues(residual.count(), 2.0f, 6));
      }
      epilogue.residual = residual.dl();
      for (octet_residual_place place : {OCTET_RESIDUAL_AFTER_ACTIVATION, OCTET_RESIDUAL_BEFORE_ACTIVATION}) {
        SCOPED_TRACE(TypeName(type));
        epilogue.residual_place = place;
        const Tensor out = Run(kF32);
        for (int64_t i = 0; i < out.count(); ++i) {
          float value = static_cast<float>(residual.Get(i));
          if (codes) value = 0.05f * (value - 9.0f);
          const float y = static_cast<float>(plain.Get(i));
          const float expected =
              place == OCTET_RESIDUAL_AFTER_ACTIVATION ? std::max(y, 0.0f) + value : std::max(y + value, 0.0f);
          ASSERT_EQ(out.Get(i), static_cast<double>(expected)) << i;
        }
      }
    }
  }
}

TEST_P(Conv2dEpilogue, CodesWithResidualsOfCodesEqualTheF32OnesConverted) {
  for (DLDataType type : {kS8, kU8}) {
    const CodeGrid residual_grid = CodeGrid::For(type, 0.05f, 9.0f);
    Tensor residual(type, OutShape(shape), Layout::kGaps);
    residual.Fill(RandomCodes(residual.count(), Least(type), Least(type) + 255, 6));
    epilogue.residual = residual.dl();
    epilogue.residual_grid = &residual_grid.grid;
    epilogue.out_grid = nullptr;
    const Tensor f32 = Run(kF32);
    for (DLDataType out_type : {kS8, kU8}) {
      SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type));
      const CodeGrid out_grid = CodeGrid::For(out_type, 0.07f, 11.0f);
      epilogue.out_grid = &out_grid.grid;
      const Tensor codes = Run(out_type);
      for (int64_t i = 0; i < f32.count(); ++i) {
        ASSERT_EQ(codes.Get(i), static_cast<double>(out_grid.naive().Code(static_cast<float>(f32.Get(i)))));
      }
    }
  }
}

TEST_P(Conv2dEpilogue, AddsResidualsInTheOrderNchw) {
  for (DLDataType type : {kF32, kF16, kU8}) {
    const CodeGrid grid = CodeGrid::For(type, 0.05f, 9.0f);
    epilogue.residual_grid = type.bits == 8 ? &grid.grid : nullptr;
    Tensor residual(type, OutShape(shape));
    Tensor nchw(type, {shape.n, shape.out_c, shape.out_h(), shape.out_w()});
    residual.Fill(RandomCodes(residual.count(), 0, 200, 6));
    for (int64_t i = 0; i < residual.count(); ++i) {
      nchw.Set(InChannelsFirst(i, shape.out_h(), shape.out_w(), shape.out_c), residual.Get(i));
    }
    epilogue.residual = residual.dl();
    const Tensor expected = Run(kF32);
    ChannelsFirst view(&nchw);
    epilogue.residual = view.dl();
    EXPECT_TRUE(SameBits(Run(kF32), expected)) << TypeName(type);
  }
}

TEST_P(Conv2dEpilogue, ResidualMayBeTheOutput) {
  for (Layout layout : {Layout::kCompact, Layout::kTransposed}) {
    Tensor residual(kF32, OutShape(shape), layout);
    residual.Fill(RandomValues(residual.count(), 2.0f, 6));
    epilogue.residual = residual.dl();
    const Tensor expected = Run(kF32);
    EXPECT_OK(RunConv2d(x.dl(), &x_grid.grid, weights, &epilogue, residual.dl()));
    EXPECT_TRUE(SameBits(residual, expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Groups, Conv2dEpilogue,
                         testing::Values(Groups{34, 1}, Groups{34, 34}, Groups{36, 9}, Groups{72, 9}),
                         [](const testing::TestParamInfo<Groups>& info) {
                           return std::to_string(info.param.channels) + "ChannelsIn" +
                                  std::to_string(info.param.groups);
                         });

struct PackedGroups {
  int64_t in;
  int64_t out;
  int32_t groups;
};

TEST(Conv2dPack, DescribesItselfAndCanBeMoved) {
  for (const WeightKind& kind : kWeightKinds) {
    for (const auto& [in, out, groups] : {PackedGroups{9, 18, 1}, {9, 18, 3}, {9, 18, 9}, {20, 20, 5}, {24, 24, 3}}) {
      const ConvShape shape = {1, 5, 6, in, out, 3, 2, {1, 2, 0, 1, 2, 3, 1, 2, groups}};
      ConvWeights weights(shape, kind, 5);
      weights.Pack();
      octet_conv2d_info info;
      ASSERT_OK(octet_conv2d_packed_info(weights.packed->data(), weights.packed->size(), &info));
      EXPECT_EQ(std::memcmp(&info.params, &shape.params, sizeof(info.params)), 0);
      EXPECT_EQ(info.in_channels, in);
      EXPECT_EQ(info.out_channels, out);
      EXPECT_EQ(info.kernel_h, 3);
      EXPECT_EQ(info.kernel_w, 2);
      EXPECT_EQ(info.format, kind.format);
      EXPECT_EQ(info.has_zero_points, kind.type.code == kDLUInt ? 1 : 0);
      EXPECT_LE(info.bytes, static_cast<int64_t>(weights.packed->size()));
      int64_t out_h = 0, out_w = 0;
      ASSERT_OK(octet_conv2d_out_size(weights.packed->data(), weights.packed->size(), 5, 6, &out_h, &out_w));
      EXPECT_EQ(out_h, shape.out_h());
      EXPECT_EQ(out_w, shape.out_w());
      const CodeGrid grid = CodeGrid::For(kU8);
      Tensor x(kU8, InShape(shape));
      x.Fill(RandomCodes(x.count(), 0, 255, 1));
      Tensor expected(kF32, OutShape(shape));
      Tensor out(kF32, OutShape(shape));
      ASSERT_OK(RunConv2d(x.dl(), &grid.grid, weights, nullptr, expected.dl()));
      auto moved = std::make_unique<Aligned>(static_cast<size_t>(info.bytes));
      std::memcpy(moved->data(), weights.packed->data(), moved->size());
      weights.packed = std::move(moved);
      ASSERT_OK(RunConv2d(x.dl(), &grid.grid, weights, nullptr, out.dl()));
      EXPECT_TRUE(SameBits(out, expected));
    }
  }
}

TEST(Conv2dPack, IsTheSameForEveryInstructionSetAndLayout) {
  const KeepSettings keep;
  for (const auto& [in, out, groups] : {PackedGroups{6, 10, 2}, {12, 12, 3}, {24, 24, 3}}) {
    const ConvShape shape = {1, 5, 6, in, out, 3, 2, Params(1, 0, 1, groups)};
    for (const WeightKind& kind : kWeightKinds) {
      ConvWeights weights(shape, kind, 5);
      weights.Pack();
      for (octet_isa isa : AvailableIsas()) {
        ASSERT_OK(octet_set_isa(isa));
        Tensor transposed(kind.type, {out, in / groups, 3, 2}, Layout::kTransposed);
        for (int64_t i = 0; i < transposed.count(); ++i) transposed.Set(i, weights.codes.Get(i));
        Aligned other(weights.packed->size());
        ASSERT_OK(octet_conv2d_pack(transposed.dl(), &weights.grid(), &shape.params, kind.format, other.data(),
                                    other.size()));
        EXPECT_EQ(std::memcmp(other.data(), weights.packed->data(), other.size()), 0);
      }
    }
  }
}

TEST(Conv2dPack, TakesGridsOfGroupsOfChannels) {
  const ConvShape shape = {1, 5, 6, 6, 12, 3, 2, Params(1, 0, 1, 2)};
  ConvWeights weights(shape, kWeightKinds[2], 5);
  Tensor groups = Tensor::Of({0.5f, 0.25f, 1.0f});
  Tensor zeros = Tensor::Of({5.0f, 7.0f, 200.0f});
  octet_grid grid = weights.grid();
  grid.delta = groups.dl();
  grid.zero_float = zeros.dl();
  size_t bytes = 0;
  ASSERT_OK(octet_conv2d_pack_size(weights.codes.dl(), &shape.params, weights.kind.format, &bytes));
  Aligned packed(bytes);
  ASSERT_OK(
      octet_conv2d_pack(weights.codes.dl(), &grid, &shape.params, weights.kind.format, packed.data(), packed.size()));
  for (int64_t o = 0; o < 12; ++o) {
    weights.delta.Set(o, groups.Get(o / 4));
    weights.zero.Set(o, zeros.Get(o / 4));
  }
  weights.Pack();
  EXPECT_EQ(std::memcmp(packed.data(), weights.packed->data(), bytes), 0);
}

}  // namespace
}  // namespace test
}  // namespace octet
