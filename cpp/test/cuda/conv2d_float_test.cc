// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>

#include "cuda/conv2d_on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kAllTypes[] = {kF32, kF16, kBF16, kS8, kU8};

struct Case {
  ConvShape shape;
  DLDataType x_type = kF32;
  DLDataType out_type = kF32;
  Layout x_layout = Layout::kCompact;
  Layout out_layout = Layout::kCompact;
  /** Bits 0: none. */
  DLDataType residual_type = {kDLFloat, 0, 1};
  octet_activation activation = OCTET_ACTIVATION_NONE;
  /** Whether there are NaNs, infinities, denormals and zeros of both signs. */
  bool edges = false;
};

void Fill(Tensor* tensor, bool edges, uint32_t seed) {
  if (tensor->type().bits == 8) {
    const int least = tensor->type().code == kDLUInt ? 0 : -128;
    tensor->Fill(RandomCodes(tensor->count(), least, least + 255, seed));
  } else {
    tensor->Fill(edges ? MixedValues(tensor->count(), 1.0f, seed) : RandomValues(tensor->count(), 1.0f, seed));
  }
}

void ExpectSame(const Case& test) {
  const ConvShape& shape = test.shape;
  SCOPED_TRACE(shape.Words() + ", " + TypeName(test.x_type) + " to " + TypeName(test.out_type) + ", layouts " +
               std::to_string(static_cast<int>(test.x_layout)) + " and " +
               std::to_string(static_cast<int>(test.out_layout)));
  // The zero point is not 0: what padding contributes shows.
  const TensorGrid x_grid(test.x_type, 0.0078125f, 7.0f);
  const TensorGrid out_grid(test.out_type, 0.31f, 5.0f);
  const TensorGrid residual_grid(test.residual_type, 0.05f, 9.0f);
  const FloatFilters filters(
      shape, test.edges ? MixedValues(FilterValues(shape), 1.0f, 9) : RandomValues(FilterValues(shape), 1.0f, 9));
  Tensor x(test.x_type, {shape.n, shape.h, shape.w, shape.c}, test.x_layout);
  Fill(&x, test.edges, 17);
  Tensor bias = Tensor::Of(RandomValues(shape.out_c, 1.0f, 3));
  const std::vector<int64_t> out_shape = {shape.n, shape.out_h(), shape.out_w(), shape.out_c};
  const bool has_residual = test.residual_type.bits != 0;
  Tensor residual(has_residual ? test.residual_type : kF32, out_shape, test.out_layout);
  Fill(&residual, false, 4);
  ExpectSameOnDevice({&x, &bias, &residual}, OneOutput(test.out_type, out_shape, test.out_layout),
                     [&](const Tensors& in, const Tensors& out) {
                       octet_epilogue epilogue = {};
                       epilogue.bias = in[1];
                       epilogue.activation = test.activation;
                       epilogue.residual = has_residual ? in[2] : nullptr;
                       epilogue.residual_grid = has_residual ? residual_grid.get() : nullptr;
                       epilogue.out_grid = out_grid.get();
                       return RunWhereItIs(in[0], x_grid.get(), filters, &epilogue, out[0]);
                     });
}

const ConvShape kShapes[] = {
    {1, 5, 5, 16, 8, 1, 1, Params()},
    {2, 7, 6, 16, 20, 3, 3, Params(1, 1)},
    {1, 9, 8, 64, 70, 3, 3, Params(2, 1)},
    {1, 11, 7, 48, 33, 3, 2, Params(1, 2, 2)},
    // Runs of several blocks, which channels do not divide.
    {1, 5, 4, 90, 12, 3, 3, Params(1, 1)},
    {1, 5, 4, 260, 12, 2, 2, Params(1, 1, 2)},
    // Few channels, and numbers that are not a multiple of 4.
    {1, 13, 12, 3, 16, 7, 7, Params(2, 3)},
    {2, 6, 5, 21, 9, 3, 3, Params(1, 1)},
    {1, 6, 5, 21, 9, 3, 3, Params(1, 1, 2)},
    {1, 4, 4, 1, 1, 2, 2, Params()},
    // Groups: channels of a group that are a multiple of 4, and that are not.
    {1, 6, 6, 64, 40, 3, 3, Params(1, 1, 1, 2)},
    {1, 6, 6, 12, 18, 3, 3, Params(1, 1, 1, 3)},
    {1, 6, 6, 15, 21, 3, 3, Params(1, 1, 1, 3)},
    // One dimension.
    {2, 1, 30, 32, 24, 1, 5, {1, 2, 0, 3, 0, 1, 1, 2, 1}},
    // Padding alone is under some of the output; unlike paddings.
    {1, 2, 2, 16, 5, 3, 3, {1, 1, 3, 2, 4, 3, 1, 1, 1}},
    {0, 5, 5, 16, 8, 3, 3, Params(1, 1)},
    {1, 5, 5, 0, 8, 3, 3, Params(1, 1)},
    {1, 0, 5, 16, 8, 3, 3, Params(1, 2)},
};

TEST(CudaConv2dFloat, EqualsTheCpuForEveryShape) {
  int number = 0;
  for (const ConvShape& shape : kShapes) {
    for (DLDataType type : kAllTypes) {
      Case test;
      test.shape = shape;
      test.x_type = type;
      test.out_type = kAllTypes[number % 5];
      number += 2;
      ExpectSame(test);
    }
  }
}

TEST(CudaConv2dFloat, EqualsTheCpuWithEveryKernelAndParts) {
  for (const char* name : {"float_64x64", "float_128x128"}) {
    for (int32_t parts : {1, 2, 5}) {
      SCOPED_TRACE(std::string(name) + ", parts " + std::to_string(parts));
      const ForcedKernel forced(name, parts);
      for (const ConvShape& shape :
           {ConvShape{1, 9, 8, 64, 70, 3, 3, Params(2, 1)}, ConvShape{1, 5, 4, 90, 12, 3, 3, Params(1, 1)},
            ConvShape{1, 6, 6, 15, 21, 3, 3, Params(1, 1, 1, 3)}}) {
        Case test;
        test.shape = shape;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaConv2dFloat, DepthwiseEqualsTheCpu) {
  for (const ConvShape& shape :
       {ConvShape{2, 7, 6, 32, 32, 3, 3, Params(1, 1, 1, 32)}, ConvShape{1, 9, 9, 21, 21, 3, 3, Params(2, 1, 1, 21)},
        ConvShape{1, 6, 8, 5, 15, 5, 3, Params(1, 2, 2, 5)}, ConvShape{1, 8, 8, 16, 32, 1, 1, Params(2, 0, 1, 16)},
        // More taps than a block has products.
        ConvShape{1, 17, 18, 2, 2, 17, 17, Params(1, 1, 1, 2)}}) {
    for (DLDataType type : kAllTypes) {
      Case test;
      test.shape = shape;
      test.x_type = type;
      test.out_type = type;
      test.residual_type = type.bits == 8 ? kF32 : kS8;
      test.activation = OCTET_ACTIVATION_RELU6;
      ExpectSame(test);
    }
  }
}

TEST(CudaConv2dFloat, TakesAnyLayout) {
  for (Layout x_layout : kDeviceInputLayouts) {
    for (Layout out_layout : kDeviceOutputLayouts) {
      for (int32_t groups : {1, 4, 32}) {
        Case test;
        test.shape = {2, 6, 5, 32, 32, 3, 3, Params(1, 1, 1, groups)};
        test.x_layout = x_layout;
        test.out_layout = out_layout;
        test.out_type = x_layout == Layout::kCompact ? kF32 : kU8;
        test.residual_type = kF16;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaConv2dFloat, NanInfinityDenormalsAndZerosOfBothSigns) {
  for (const ConvShape& shape :
       {ConvShape{1, 5, 4, 5, 7, 3, 3, Params(1, 1)}, ConvShape{1, 5, 4, 6, 6, 3, 3, Params(1, 1, 1, 6)}}) {
    Case test;
    test.shape = shape;
    test.edges = true;
    ExpectSame(test);
  }
}

TEST(CudaConv2dFloat, MessagesNameWhatIsInTheWrongPlace) {
  const ConvShape shape = {1, 5, 5, 16, 8, 1, 1, Params()};
  const FloatFilters filters(shape, RandomValues(FilterValues(shape), 1.0f, 9));
  Tensor x(kF32, {1, 5, 5, 16});
  x.Fill(RandomValues(x.count(), 1.0f, 1));
  OnDevice x_device(&x);
  size_t bytes = 0;
  EXPECT_EQ(octet_conv2d_float_workspace_size(x.dl(), filters.packed(true), filters.bytes(true), &bytes),
            OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "weights on cuda:0"), nullptr) << octet_last_error();
  EXPECT_EQ(octet_conv2d_float_workspace_size(x_device.dl(), filters.packed(false), filters.bytes(false), &bytes),
            OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "octet_conv2d_float_to_device"), nullptr) << octet_last_error();
  Aligned handle(128);
  EXPECT_EQ(
      octet_conv2d_float_to_device(filters.packed(true), filters.bytes(true), 0, nullptr, 0, handle.data(), nullptr),
      OCTET_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace test
}  // namespace octet
