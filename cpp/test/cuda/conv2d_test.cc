// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv2d_on_device.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kAllTypes[] = {kF32, kF16, kBF16, kS8, kU8};

bool IsCodes(DLDataType type) { return type.bits == 8; }
int Least(DLDataType type) { return type.code == kDLUInt ? 0 : -128; }

struct CodeGrid {
  CodeGrid(DLDataType type, float scale, float zero_point)
      : delta(Tensor::Scalar(scale)), zero(Tensor::Scalar(zero_point)) {
    const bool is_unsigned = type.code == kDLUInt;
    grid = {delta.dl(), zero.dl(), is_unsigned ? 0.0f : -128.0f, is_unsigned ? 255.0f : 127.0f, OCTET_SCALE_LINEAR,
            1e-8f,      -1};
  }
  Tensor delta;
  Tensor zero;
  octet_grid grid;
};

struct Case {
  ConvShape shape;
  DLDataType x_type = kS8;
  WeightKind kind = kWeightKinds[0];
  DLDataType out_type = kF32;
  Layout x_layout = Layout::kCompact;
  Layout out_layout = Layout::kCompact;
  /** Bits 0: none. */
  DLDataType residual_type = {kDLFloat, 0, 1};
  octet_activation activation = OCTET_ACTIVATION_NONE;
  /** Of x. Not 0: what padding contributes shows. */
  float zero_point = 7.0f;
};

void ExpectSame(const Case& test) {
  const ConvShape& shape = test.shape;
  SCOPED_TRACE(shape.Words() + ", " + TypeName(test.x_type) + " * " + TypeName(test.kind.type) + " to " +
               TypeName(test.out_type) + ", layouts " + std::to_string(static_cast<int>(test.x_layout)) + " and " +
               std::to_string(static_cast<int>(test.out_layout)));
  const CodeGrid x_grid(IsCodes(test.x_type) ? test.x_type : kU8, 0.0078125f, test.zero_point);
  const CodeGrid out_grid(test.out_type, 0.31f, 5.0f);
  const CodeGrid residual_grid(test.residual_type, 0.05f, 9.0f);
  ConvWeights weights(shape, test.kind, 5);
  for (int64_t i = 0; i < weights.delta.count(); ++i) weights.delta.Set(i, weights.delta.Get(i) / 16);
  weights.Pack();
  const DeviceFilters filters(weights);
  Tensor x(test.x_type, {shape.n, shape.h, shape.w, shape.c}, test.x_layout);
  if (IsCodes(test.x_type)) {
    x.Fill(RandomCodes(x.count(), Least(test.x_type), Least(test.x_type) + 255, 17));
  } else {
    x.Fill(RandomValues(x.count(), 1.0f, 17));
  }
  Tensor bias = Tensor::Of(RandomValues(shape.out_c, 1.0f, 3));
  const std::vector<int64_t> out_shape = {shape.n, shape.out_h(), shape.out_w(), shape.out_c};
  const bool has_residual = test.residual_type.bits != 0;
  Tensor residual(has_residual ? test.residual_type : kF32, out_shape, test.out_layout);
  if (IsCodes(test.residual_type)) {
    residual.Fill(RandomCodes(residual.count(), Least(test.residual_type), Least(test.residual_type) + 255, 4));
  } else {
    residual.Fill(RandomValues(residual.count(), 1.0f, 4));
  }
  ExpectSameOnDevice({&x, &bias, &residual}, OneOutput(test.out_type, out_shape, test.out_layout),
                     [&](const Tensors& in, const Tensors& out) {
                       octet_epilogue epilogue = {};
                       epilogue.bias = in[1];
                       epilogue.activation = test.activation;
                       epilogue.residual = has_residual ? in[2] : nullptr;
                       epilogue.residual_grid = IsCodes(test.residual_type) ? &residual_grid.grid : nullptr;
                       epilogue.out_grid = IsCodes(test.out_type) ? &out_grid.grid : nullptr;
                       return RunWhereItIs(in[0], &x_grid.grid, weights, filters, &epilogue, out[0]);
                     });
}

const ConvShape kShapes[] = {
    {1, 5, 5, 16, 8, 1, 1, Params()},
    {2, 7, 6, 16, 20, 3, 3, Params(1, 1)},
    {1, 9, 8, 64, 70, 3, 3, Params(2, 1)},
    {1, 11, 7, 48, 33, 3, 2, Params(1, 2, 2)},
    // Few channels, and numbers that are not a multiple of 16.
    {1, 13, 12, 3, 16, 7, 7, Params(2, 3)},
    {2, 6, 5, 20, 9, 3, 3, Params(1, 1)},
    {1, 4, 4, 1, 1, 2, 2, Params()},
    // Rows of taps: one of several segments, strides and paddings, groups, one that saves nothing, one too wide.
    {2, 5, 140, 3, 8, 3, 3, Params(1, 1)},
    {1, 9, 11, 5, 6, 5, 5, {2, 3, 2, 1, 1, 3, 1, 1, 1}},
    {1, 7, 9, 8, 7, 3, 3, Params(1, 1)},
    {1, 5, 6, 30, 8, 3, 3, Params(1, 1, 1, 2)},
    {1, 5, 6, 15, 8, 2, 2, Params(1, 1)},
    {1, 4, 400, 15, 4, 1, 16, {1, 40, 0, 8, 0, 8, 1, 1, 1}},
    {1, 6, 7, 3, 5, 3, 3, Params(1, 2, 2)},
    // Groups: channels of a group that are a multiple of 16, and that are not.
    {1, 6, 6, 64, 40, 3, 3, Params(1, 1, 1, 2)},
    {1, 6, 6, 12, 18, 3, 3, Params(1, 1, 1, 3)},
    // Groups of few channels: narrow ones, which the host has one block for, and some that its blocks hold as one.
    {1, 5, 6, 32, 32, 3, 3, Params(1, 1, 1, 8)},
    {1, 5, 6, 40, 40, 3, 3, Params(1, 1, 1, 5)},
    {1, 5, 6, 18, 30, 3, 2, Params(2, 1, 2, 6)},
    // One dimension.
    {2, 1, 30, 32, 24, 1, 5, {1, 2, 0, 3, 0, 1, 1, 2, 1}},
    // Padding alone is under some of the output; unlike paddings.
    {1, 2, 2, 16, 5, 3, 3, {1, 1, 3, 2, 4, 3, 1, 1, 1}},
    {0, 5, 5, 16, 8, 3, 3, Params(1, 1)},
    {1, 5, 5, 0, 8, 3, 3, Params(1, 1)},
    {1, 0, 5, 16, 8, 3, 3, Params(1, 2)},
};

TEST(CudaConv2d, EqualsTheCpuForEveryShape) {
  int number = 0;
  for (const ConvShape& shape : kShapes) {
    for (DLDataType type : {kS8, kU8, kF32}) {
      Case test;
      test.shape = shape;
      test.x_type = type;
      test.kind = kWeightKinds[number % 7];
      test.out_type = kAllTypes[number % 5];
      ++number;
      ExpectSame(test);
    }
  }
}

TEST(CudaConv2d, EveryTileEqualsTheCpu) {
  for (const std::string& kernel : GemmKernelNames()) {
    for (const ConvShape& shape :
         {ConvShape{1, 13, 12, 16, 130, 3, 3, Params(1, 1)}, ConvShape{3, 9, 8, 48, 20, 3, 2, Params(2, 1)},
          ConvShape{1, 17, 15, 3, 33, 7, 7, Params(2, 3)}, ConvShape{1, 20, 19, 32, 70, 3, 3, Params(1, 1)}}) {
      for (DLDataType type : {kS8, kU8}) {
        // Kernels without a form for convolutions leave the choice as it is.
        const ForcedKernel forced(kernel, type.code == kDLUInt ? 2 : 1);
        Case test;
        test.shape = shape;
        test.x_type = type;
        test.kind = kWeightKinds[type.code == kDLUInt ? 2 : 0];
        test.out_type = type;
        SCOPED_TRACE(kernel);
        ExpectSame(test);
      }
    }
  }
}

void ExpectSameDepthwise(const ConvShape& shape) {
  for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[5]}) {
    for (DLDataType type : {kS8, kU8, kF16}) {
      Case test;
      test.shape = shape;
      test.x_type = type;
      test.kind = kind;
      test.out_type = type;
      test.residual_type = kind.zero_points ? kS8 : kF32;
      test.activation = OCTET_ACTIVATION_RELU6;
      ExpectSame(test);
    }
  }
}

TEST(CudaConv2d, DepthwiseEqualsTheCpu) {
  for (const ConvShape& shape :
       {ConvShape{2, 7, 6, 32, 32, 3, 3, Params(1, 1, 1, 32)}, ConvShape{1, 9, 9, 21, 21, 3, 3, Params(2, 1, 1, 21)},
        ConvShape{1, 6, 8, 5, 15, 5, 3, Params(1, 2, 2, 5)}, ConvShape{1, 8, 8, 16, 32, 1, 1, Params(2, 0, 1, 16)}}) {
    ExpectSameDepthwise(shape);
  }
}

// Columns of inputs that move through a window, with lines whole and in pieces, and taps that have no such kernel.
TEST(CudaConv2d, DepthwiseTakesAnyTapsAndPiecesOfLines) {
  const ConvShape shapes[] = {
      {1, 6, 19, 37, 37, 3, 3, Params(1, 1, 1, 37)},
      {2, 8, 13, 16, 16, 3, 3, Params(2, 1, 1, 16)},
      {1, 4, 11, 20, 20, 5, 5, Params(1, 2, 1, 20)},
      {1, 9, 17, 12, 12, 5, 5, Params(2, 2, 1, 12)},
      {1, 5, 12, 9, 9, 7, 7, Params(1, 3, 1, 9)},
      // Dilation, strides of 3, 4 x 6 taps, unlike strides, columns alone.
      {1, 9, 10, 16, 16, 3, 3, Params(1, 2, 2, 16)},
      {1, 10, 10, 7, 7, 3, 3, Params(3, 1, 1, 7)},
      {1, 7, 9, 8, 8, 4, 6, Params(1, 2, 1, 8)},
      {1, 8, 9, 16, 16, 3, 3, {2, 1, 1, 1, 1, 2, 1, 1, 16}},
      {1, 12, 3, 4, 4, 9, 1, {2, 1, 4, 4, 0, 0, 1, 1, 4}},
      // Padding alone under some of the output.
      {1, 2, 2, 16, 16, 5, 5, {1, 1, 4, 6, 6, 5, 1, 1, 16}},
      {2, 1, 5, 16, 16, 3, 3, Params(1, 3, 1, 16)},
  };
  for (int32_t pieces : {1, 3}) {
    const ForcedKernel forced("", pieces);
    for (const ConvShape& shape : shapes) ExpectSameDepthwise(shape);
  }
}

TEST(CudaConv2d, TakesAnyLayout) {
  for (Layout x_layout : kDeviceInputLayouts) {
    for (Layout out_layout : kDeviceOutputLayouts) {
      for (int32_t groups : {1, 32}) {
        Case test;
        test.shape = {2, 6, 5, 32, 32, 3, 3, Params(1, 1, 1, groups)};
        test.x_layout = x_layout;
        test.out_layout = out_layout;
        test.out_type = x_layout == Layout::kCompact ? kF32 : kU8;
        test.residual_type = kF16;
        test.kind = kWeightKinds[2];
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaConv2d, CutsManyPixelsAndDeepFilters) {
  Case test;
  // Several tiles of pixels and channels; a filter deep enough to be cut into parts of K.
  test.shape = {1, 20, 19, 16, 130, 3, 3, Params(1, 1)};
  test.out_type = kS8;
  test.residual_type = kS8;
  test.activation = OCTET_ACTIVATION_RELU;
  ExpectSame(test);
  test.shape = {1, 5, 4, 256, 12, 3, 3, Params(1, 1)};
  test.kind = kWeightKinds[2];
  ExpectSame(test);
}

TEST(CudaConv2d, TapsFarApartEqualTheCpu) {
  // The second tap meets the image, the first one lies before it.
  for (int32_t apart : {1 << 10, 1 << 16}) {
    Case test;
    test.shape = {1, 1, 2, 32, 8, 1, 2, {1, 1, 0, apart, 0, 0, 1, apart, 2}};
    ExpectSame(test);
    test.shape = {1, 2, 1, 32, 8, 2, 1, {1, 1, apart, 0, 0, 0, apart, 1, 2}};
    ExpectSame(test);
  }
}

TEST(CudaConv2d, RefusesTapsWhosePlacesDoNotFitInto32Bits) {
  constexpr int32_t kApart = 1 << 30;
  const ConvShape shapes[] = {{1, 1, 2, 16, 8, 1, 2, {1, 1, 0, kApart, 0, 0, 1, kApart, 1}},
                              {1, 2, 1, 16, 8, 2, 1, {1, 1, kApart, 0, 0, 0, kApart, 1, 1}}};
  for (const ConvShape& shape : shapes) {
    const CodeGrid grid(kS8, 0.01f, 0.0f);
    ConvWeights weights(shape, kWeightKinds[0], 5);
    weights.Pack();
    const DeviceFilters filters(weights);
    Tensor x(kS8, {shape.n, shape.h, shape.w, shape.c});
    Tensor out(kF32, {shape.n, shape.out_h(), shape.out_w(), shape.out_c});
    OnDevice x_device(&x);
    OnDevice out_device(&out);
    const octet_epilogue epilogue = {};
    EXPECT_TRUE(Says(RunWhereItIs(x_device.dl(), &grid.grid, weights, filters, &epilogue, out_device.dl()),
                     OCTET_UNSUPPORTED, {"less than 2^31"}));
  }
}

std::vector<std::string> HopperKernelNames() {
  std::vector<std::string> names;
  for (const std::string& name : GemmKernelNames()) {
    // Clusters take no pixels.
    if (name.rfind("hopper", 0) == 0 && name.find("cluster") == std::string::npos) names.push_back(name);
  }
  return names;
}

TEST(CudaConv2d, BoxesOfPixelsEqualTheCpu) {
  const ConvShape shapes[] = {
      // Channels of a box: 16, 32, 64 and 128; one tap takes boxes of 128 whatever there are.
      {1, 9, 11, 16, 20, 3, 3, Params(1, 1)},
      {2, 7, 7, 96, 17, 3, 3, Params(1, 1)},
      {1, 8, 8, 64, 130, 3, 3, Params(1, 1)},
      {1, 5, 6, 256, 40, 3, 3, Params(1, 0)},
      {2, 6, 9, 48, 257, 1, 1, Params()},
      {3, 4, 5, 144, 33, 1, 1, Params(1, 1)},
      // Strides, dilations, unlike paddings and filters, more images than a box has.
      {1, 13, 12, 32, 24, 3, 3, Params(2, 1)},
      {2, 9, 8, 48, 20, 3, 2, Params(2, 1)},
      {1, 10, 11, 64, 9, 1, 1, Params(2, 0)},
      {1, 11, 9, 32, 33, 3, 2, Params(1, 2, 2)},
      {2, 1, 37, 32, 24, 1, 5, {1, 2, 0, 3, 0, 1, 1, 2, 1}},
      {1, 7, 1, 16, 8, 3, 1, {1, 1, 3, 0, 4, 0, 2, 1, 1}},
      {19, 3, 8, 32, 5, 3, 3, Params(1, 1)},
      // Filters that reach beyond the image on both sides.
      {1, 2, 2, 16, 5, 3, 3, {1, 1, 3, 2, 4, 3, 1, 1, 1}},
      {1, 2, 3, 32, 5, 5, 5, Params(2, 2)},
      // More than one tile along each side.
      {1, 37, 41, 16, 8, 3, 3, Params(1, 1)},
  };
  for (const std::string& name : HopperKernelNames()) {
    SCOPED_TRACE(name);
    int number = 0;
    for (const ConvShape& shape : shapes) {
      for (float zero_point : {0.0f, 7.0f}) {
        const ForcedKernel forced(name, number % 3 == 2 ? 3 : 1);
        Case test;
        test.shape = shape;
        test.zero_point = zero_point;
        test.x_type = number % 2 == 0 ? kU8 : kS8;
        test.kind = kWeightKinds[number % 7];
        test.out_type = kAllTypes[number % 5];
        test.residual_type = kAllTypes[number % 3 + 1];
        ++number;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaConv2d, BoxesOfPixelsTakeAnyLayout) {
  for (const std::string& name : HopperKernelNames()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (Layout x_layout : kDeviceInputLayouts) {
      for (Layout out_layout : kDeviceOutputLayouts) {
        // Taps of neighbours, and none: pixels are one line then.
        for (const ConvShape& shape :
             {ConvShape{2, 6, 5, 32, 32, 3, 3, Params(1, 1)}, ConvShape{2, 9, 8, 32, 40, 1, 1, Params()}}) {
          Case test;
          test.shape = shape;
          test.zero_point = 0.0f;
          test.x_layout = x_layout;
          test.out_layout = out_layout;
          test.out_type = x_layout == Layout::kCompact ? kF32 : kU8;
          test.residual_type = kF16;
          test.kind = kWeightKinds[2];
          ExpectSame(test);
        }
      }
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
