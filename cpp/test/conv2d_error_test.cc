// SPDX-License-Identifier: Apache-2.0
// Wrong arguments of convolutions: the status, and that the message names the argument, its value and what is expected.
#include <gtest/gtest.h>

#include <cmath>

#include "support/conv2d.h"
#include "support/says.h"

namespace octet {
namespace test {
namespace {

class Conv2dErrors : public testing::Test {
 protected:
  Conv2dErrors() {
    x.Fill(RandomCodes(x.count(), -128, 127, 1));
    weights.Pack();
  }

  octet_status Call(const DLTensor* input, DLTensor* to) {
    return octet_conv2d(input, &grid, weights.packed->data(), weights.packed->size(), &epilogue, to, workspace.data(),
                        workspace.size(), nullptr);
  }
  octet_status Call() { return Call(x.dl(), out.dl()); }
  octet_status Pack(const DLTensor* codes, const octet_grid& weight_grid, const octet_conv2d_params& params,
                    octet_weight_format format = OCTET_WEIGHTS_8_BIT) {
    return octet_conv2d_pack(codes, &weight_grid, &params, format, weights.packed->data(), weights.packed->size());
  }

  const ConvShape shape = {2, 5, 6, 4, 6, 3, 3, Params(1, 1, 1, 2)};
  ConvWeights weights{shape, kWeightKinds[0], 5};
  Tensor x{kS8, {2, 5, 6, 4}};
  Tensor out{kF32, {2, 5, 6, 6}};
  Tensor delta = Tensor::Scalar(0.1f);
  Tensor zero = Tensor::Scalar(NAN);
  octet_grid grid{delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  octet_epilogue epilogue = {};
  Aligned workspace{16384};
};

TEST_F(Conv2dErrors, Tensors) {
  EXPECT_OK(Call());
  EXPECT_INVALID(Call(nullptr, out.dl()), "octet_conv2d", "x is null");
  EXPECT_INVALID(Call(x.dl(), nullptr), "out is null");
  EXPECT_INVALID(octet_conv2d(x.dl(), nullptr, weights.packed->data(), weights.packed->size(), nullptr, out.dl(),
                              workspace.data(), workspace.size(), nullptr),
                 "x_grid is null");
  Tensor image(kS8, {5, 6, 4});
  Tensor channels(kS8, {2, 5, 6, 3});
  Tensor s32(kS32, {2, 5, 6, 4});
  EXPECT_INVALID(Call(image.dl(), out.dl()), "x has shape [5, 6, 4]", "4 dimensions, [N, H, W, Cin]");
  EXPECT_INVALID(Call(channels.dl(), out.dl()), "x has shape [2, 5, 6, 3]", "[N, H, W, 4]");
  EXPECT_INVALID(Call(s32.dl(), out.dl()), "x has dtype s32", "f32, f16, bf16, s8 or u8");
  Tensor wide(kF32, {2, 5, 7, 6});
  Tensor expanded(kF32, {2, 5, 6, 6}, Layout::kExpanded);
  EXPECT_INVALID(Call(x.dl(), wide.dl()), "out has shape [2, 5, 7, 6]", "[2, 5, 6, 6]");
  EXPECT_INVALID(Call(x.dl(), image.dl()), "epilogue.out_grid is null");
  EXPECT_INVALID(Call(x.dl(), expanded.dl()), "out has strides", "elements share memory");
  EXPECT_INVALID(octet_conv2d(x.dl(), &grid, weights.packed->data(), weights.packed->size(), nullptr, out.dl(),
                              workspace.data(), workspace.size(), &grid),
                 "stream is");
}

TEST_F(Conv2dErrors, GridOfTheInput) {
  Tensor two = Tensor::Of({0.1f, 0.2f});
  grid.delta = two.dl();
  EXPECT_INVALID(Call(), "x_grid.delta has shape [2]", "expected 1");
  grid.delta = delta.dl();
  grid.axis = 0;
  EXPECT_INVALID(Call(), "x_grid.axis is 0", "-1");
  grid.axis = -1;
  grid.int_max = 128.0f;
  EXPECT_INVALID(Call(), "x_grid reaches from -128 to 128", "-128..127 (s8)");
  grid.int_max = 127.0f;
  grid.zero_float = zero.dl();
  EXPECT_INVALID(Call(), "x_grid.zero_float is NaN");
}

TEST_F(Conv2dErrors, SizesOfTheInput) {
  const ConvShape large = {1, 9, 9, 4, 6, 5, 5, {1, 1, 1, 0, 1, 0, 2, 1, 1}};
  ConvWeights kernel(large, kWeightKinds[0], 5);
  kernel.Pack();
  int64_t h = 0, w = 0;
  const auto size = [&](int64_t in_h, int64_t in_w) {
    return octet_conv2d_out_size(kernel.packed->data(), kernel.packed->size(), in_h, in_w, &h, &w);
  };
  EXPECT_OK(size(7, 5));
  EXPECT_EQ(h, 1);
  EXPECT_EQ(w, 1);
  EXPECT_INVALID(size(6, 5), "6 x 5 pixels, 8 x 5 with padding", "at least 9 x 5");
  EXPECT_INVALID(size(7, 4), "7 x 4 pixels", "at least 9 x 5");
  EXPECT_INVALID(size(-1, 9), "-1 x 9 pixels", "0 to 2^31 - 1");
  EXPECT_INVALID(size(9, int64_t{1} << 31), "2147483648 pixels");
  EXPECT_OK(size(9, (int64_t{1} << 31) - 1));
  EXPECT_INVALID(octet_conv2d_out_size(kernel.packed->data(), kernel.packed->size(), 9, 9, nullptr, &w),
                 "out_h is null");
  EXPECT_INVALID(octet_conv2d_out_size(kernel.packed->data(), kernel.packed->size(), 9, 9, &h, nullptr),
                 "out_w is null");
  Tensor small(kS8, {1, 6, 5, 4});
  size_t bytes = 0;
  EXPECT_INVALID(octet_conv2d_workspace_size(small.dl(), kernel.packed->data(), kernel.packed->size(), &bytes),
                 "x is 6 x 5 pixels, 8 x 5 with padding", "at least 9 x 5");
  // Padding that no memory could hold.
  ConvShape padded = {1, 1, 1, 4, 6, 1, 1, Params(1, INT32_MAX)};
  ConvWeights far(padded, kWeightKinds[0], 5);
  far.Pack();
  Tensor pixel(kS8, {1, 1, 1, 4});
  EXPECT_INVALID(octet_conv2d_workspace_size(pixel.dl(), far.packed->data(), far.packed->size(), &bytes),
                 "x has shape [1, 1, 1, 4]", "more than 2^60 bytes");
}

TEST_F(Conv2dErrors, Workspace) {
  size_t bytes = 0;
  EXPECT_OK(octet_conv2d_workspace_size(x.dl(), weights.packed->data(), weights.packed->size(), &bytes));
  ASSERT_LE(bytes, workspace.size());
  const auto call = [&](void* memory, size_t size) {
    return octet_conv2d(x.dl(), &grid, weights.packed->data(), weights.packed->size(), nullptr, out.dl(), memory, size,
                        nullptr);
  };
  EXPECT_OK(call(workspace.data(), bytes));
  EXPECT_INVALID(call(workspace.data(), bytes - 1), "workspace_bytes is", std::to_string(bytes));
  EXPECT_INVALID(call(nullptr, bytes), "workspace is null");
  EXPECT_INVALID(call(workspace.data() + 4, bytes), "workspace is", "divisible by 64");
  EXPECT_INVALID(octet_conv2d_workspace_size(x.dl(), weights.packed->data(), weights.packed->size(), nullptr),
                 "bytes is null");
}

TEST_F(Conv2dErrors, Packed) {
  char* header = weights.packed->data();
  const size_t size = weights.packed->size();
  octet_conv2d_info info;
  EXPECT_OK(octet_conv2d_packed_info(header, size, &info));
  EXPECT_INVALID(octet_conv2d_packed_info(header, 127, &info), "packed is shorter than a header");
  EXPECT_INVALID(octet_conv2d_packed_info(header, static_cast<size_t>(info.bytes) - 1, &info), "packed is cut short");
  EXPECT_INVALID(octet_conv2d_packed_info(nullptr, size, &info), "packed is null");
  EXPECT_INVALID(octet_conv2d_packed_info(header + 1, size, &info), "packed is", "divisible by 64");
  EXPECT_INVALID(octet_conv2d_packed_info(header, size, nullptr), "info is null");
  header[0] = 'x';
  EXPECT_INVALID(Call(), "packed does not begin with a header");
  header[0] = 'o';
  header[8] = 9;
  EXPECT_INVALID(Call(), "packed has another version", "(3)");
}

TEST_F(Conv2dErrors, AChangedBitMakesAConvolutionOfTheSameSizeOrNone) {
  const Aligned large(size_t{1} << 20);
  // Groups that the convolution of the other tests has, and narrow ones.
  for (const ConvShape& changing : {shape, ConvShape{2, 5, 6, 8, 8, 3, 3, Params(1, 1, 1, 2)},
                                    ConvShape{2, 5, 6, 24, 24, 2, 3, Params(1, 1, 1, 3)}}) {
    ConvWeights filters(changing, kWeightKinds[0], 5);
    filters.Pack();
    char* header = filters.packed->data();
    const size_t size = filters.packed->size();
    octet_conv2d_info info;
    ASSERT_OK(octet_conv2d_packed_info(header, size, &info));
    Tensor in(kS8, {2, 5, 6, changing.c});
    in.Fill(RandomCodes(in.count(), -128, 127, 1));
    Tensor to(kF32, {2, changing.out_h(), changing.out_w(), changing.out_c});
    const auto call = [&] {
      return octet_conv2d(in.dl(), &grid, header, size, &epilogue, to.dl(), large.data(), large.size(), nullptr);
    };
    ASSERT_OK(call());
    for (int byte = 0; byte < 100; ++byte) {
      for (int bit = 0; bit < 8; ++bit) {
        header[byte] = static_cast<char>(header[byte] ^ (1 << bit));
        octet_conv2d_info changed = {};
        if (octet_conv2d_packed_info(header, size, &changed) == OCTET_OK) {
          EXPECT_EQ(changed.bytes, info.bytes);
          const octet_status status = call();
          EXPECT_TRUE(status == OCTET_OK || status == OCTET_INVALID_ARGUMENT) << byte << ", " << bit;
        } else {
          EXPECT_INVALID(call(), "packed", "expected");
        }
        header[byte] = static_cast<char>(header[byte] ^ (1 << bit));
      }
    }
  }
}

TEST_F(Conv2dErrors, Parameters) {
  const octet_grid& good = weights.grid();
  size_t bytes = 0;
  EXPECT_INVALID(octet_conv2d_pack_size(weights.codes.dl(), nullptr, OCTET_WEIGHTS_8_BIT, &bytes), "params is null");
  const auto with = [&](auto change) {
    octet_conv2d_params params = shape.params;
    change(&params);
    return Pack(weights.codes.dl(), good, params);
  };
  EXPECT_OK(with([](octet_conv2d_params*) {}));
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->stride_h = 0; }), "params.stride_h is 0", "at least 1");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->stride_w = -2; }), "params.stride_w is -2");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->pad_top = -1; }), "params.pad_top is -1", "at least 0");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->pad_left = -1; }), "params.pad_left is -1");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->pad_bottom = -1; }), "params.pad_bottom is -1");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->pad_right = -1; }), "params.pad_right is -1");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->dilation_h = 0; }), "params.dilation_h is 0");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->dilation_w = 0; }), "params.dilation_w is 0");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->groups = 0; }), "params.groups is 0");
  EXPECT_INVALID(with([](octet_conv2d_params* p) { p->groups = 4; }), "params.groups is 4", "[6, 2, 3, 3]");
}

TEST_F(Conv2dErrors, Packing) {
  const octet_grid& good = weights.grid();
  const octet_conv2d_params& params = shape.params;
  size_t bytes = 0;
  EXPECT_INVALID(octet_conv2d_pack_size(weights.codes.dl(), &params, static_cast<octet_weight_format>(7), &bytes),
                 "format is 7");
  EXPECT_INVALID(octet_conv2d_pack_size(out.dl(), &params, OCTET_WEIGHTS_8_BIT, &bytes), "weights has dtype f32");
  EXPECT_INVALID(octet_conv2d_pack_size(weights.codes.dl(), &params, OCTET_WEIGHTS_8_BIT, nullptr), "bytes is null");
  Tensor matrix(kS8, {6, 2});
  EXPECT_INVALID(octet_conv2d_pack_size(matrix.dl(), &params, OCTET_WEIGHTS_8_BIT, &bytes), "weights has shape [6, 2]",
                 "[Cout, Cin / groups, kernel height, kernel width]");
  Tensor no_taps(kS8, {6, 2, 3, 0});
  EXPECT_INVALID(octet_conv2d_pack_size(no_taps.dl(), &params, OCTET_WEIGHTS_8_BIT, &bytes),
                 "weights has shape [6, 2, 3, 0]", "at least one tap");
  DLTensor shape_only = *weights.codes.dl();
  shape_only.data = nullptr;
  EXPECT_OK(octet_conv2d_pack_size(&shape_only, &params, OCTET_WEIGHTS_8_BIT, &bytes));
  EXPECT_INVALID(Pack(&shape_only, good, params), "weights.data is null");
  EXPECT_INVALID(Pack(weights.codes.dl(), good, params, OCTET_WEIGHTS_4_BIT), "half a byte", "-8..7");
  octet_grid bad = good;
  bad.axis = 1;
  Tensor per_input(kF32, {2});
  bad.delta = per_input.dl();
  EXPECT_INVALID(Pack(weights.codes.dl(), bad, params), "grid.axis is 1");
  Tensor zeros(kF32, {6});
  zeros.Set(4, NAN);
  bad = good;
  bad.zero_float = zeros.dl();
  EXPECT_INVALID(Pack(weights.codes.dl(), bad, params), "grid.zero_float has NaN at element 4");
  const auto pack_into = [&](char* memory, size_t size) {
    return octet_conv2d_pack(weights.codes.dl(), &good, &params, OCTET_WEIGHTS_8_BIT, memory, size);
  };
  EXPECT_INVALID(pack_into(weights.packed->data(), 100), "packed_bytes is 100", std::to_string(bytes));
  EXPECT_INVALID(pack_into(nullptr, 100000), "packed is null");
  EXPECT_INVALID(pack_into(weights.packed->data() + 8, 100000), "divisible by 64");
}

TEST_F(Conv2dErrors, SumsThatCouldOverflow) {
  const octet_conv2d_params params = Params();
  size_t bytes = 0;
  const auto size_of = [&](std::vector<int64_t> dims) {
    DLTensor weights_of = *weights.codes.dl();
    weights_of.data = nullptr;
    weights_of.shape = dims.data();
    weights_of.strides = nullptr;
    return octet_conv2d_pack_size(&weights_of, &params, OCTET_WEIGHTS_8_BIT, &bytes);
  };
  EXPECT_OK(size_of({1, 7310, 3, 3}));
  EXPECT_INVALID(size_of({1, 7311, 3, 3}), "weights has shape [1, 7311, 3, 3]", "65793");
  EXPECT_INVALID(size_of({0, int64_t{1} << 40, int64_t{1} << 40, 1}), "65793");
  EXPECT_INVALID(size_of({1, 0, 1 << 16, 1 << 16}), "65793");
  EXPECT_INVALID(size_of({int64_t{1} << 31, 1, 1, 1}), "weights has shape [2147483648, 1, 1, 1]", "2147483647");
  // Zero points make sums larger.
  Tensor codes(kU8, {1, 3670, 3, 3});
  codes.Fill(std::vector<int>(static_cast<size_t>(codes.count()), 1));
  Tensor scale = Tensor::Scalar(1.0f);
  const octet_grid weight_grid = {scale.dl(), nullptr, 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const Aligned packed(1 << 20);
  EXPECT_INVALID(
      octet_conv2d_pack(codes.dl(), &weight_grid, &params, OCTET_WEIGHTS_8_BIT, packed.data(), packed.size()),
      "weights has shape [1, 3670, 3, 3]", "33025 with zero points");
}

TEST_F(Conv2dErrors, Epilogue) {
  Tensor short_bias(kF32, {5});
  epilogue.bias = short_bias.dl();
  EXPECT_INVALID(Call(), "epilogue.bias has shape [5]", "expected 6");
  epilogue.bias = nullptr;
  epilogue.activation = static_cast<octet_activation>(10);
  EXPECT_INVALID(Call(), "epilogue.activation is 10", "OCTET_ACTIVATION_HARDSIGMOID (9)");
  epilogue.activation = OCTET_ACTIVATION_NONE;
  Tensor other(kF32, {2, 5, 6, 7});
  epilogue.residual = other.dl();
  EXPECT_INVALID(Call(), "epilogue.residual has shape [2, 5, 6, 7]", "[2, 5, 6, 6]");
  epilogue.residual = nullptr;
  EXPECT_INVALID(Call(x.dl(), x.dl()), "epilogue.out_grid is null");
  const ConvShape same = {2, 5, 6, 4, 4, 3, 3, Params(1, 1)};
  ConvWeights square(same, kWeightKinds[0], 5);
  square.Pack();
  epilogue.out_grid = &grid;
  EXPECT_INVALID(octet_conv2d(x.dl(), &grid, square.packed->data(), square.packed->size(), &epilogue, x.dl(),
                              workspace.data(), workspace.size(), nullptr),
                 "out shares memory with x");
}

}  // namespace
}  // namespace test
}  // namespace octet
