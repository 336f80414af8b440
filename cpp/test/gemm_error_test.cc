// SPDX-License-Identifier: Apache-2.0
// Wrong arguments of matrix products: the status, and that the message names the argument, its value and what is
// expected.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "support/gemm.h"
#include "support/says.h"

namespace octet {
namespace test {
namespace {

class GemmErrors : public testing::Test {
 protected:
  GemmErrors() {
    a.Fill(RandomCodes(a.count(), -128, 127, 1));
    weights.Pack();
  }

  octet_status Call(const DLTensor* activations, DLTensor* to) {
    return octet_gemm(activations, &grid, weights.packed->data(), weights.packed->size(), &epilogue, to,
                      workspace.data(), workspace.size(), nullptr);
  }
  octet_status Call() { return Call(a.dl(), out.dl()); }
  octet_status Dynamic(int32_t n_bits, float eps) {
    return octet_gemm_dynamic(floats.dl(), n_bits, eps, weights.packed->data(), weights.packed->size(), &epilogue,
                              out.dl(), workspace.data(), workspace.size(), nullptr);
  }
  octet_status Pack(const DLTensor* codes, const octet_grid& weight_grid, octet_weight_format format) {
    return octet_gemm_pack(codes, &weight_grid, format, weights.packed->data(), weights.packed->size());
  }

  Weights weights{6, 20, kWeightKinds[0], 5};
  Tensor a{kS8, {4, 20}};
  Tensor floats{kF32, {4, 20}};
  Tensor out{kF32, {4, 6}};
  Tensor delta = Tensor::Scalar(0.1f);
  Tensor zero = Tensor::Scalar(NAN);
  octet_grid grid{delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  octet_epilogue epilogue = {};
  Aligned workspace{4096};
};

TEST_F(GemmErrors, Tensors) {
  EXPECT_OK(Call());
  EXPECT_INVALID(Call(nullptr, out.dl()), "octet_gemm", "a is null");
  EXPECT_INVALID(Call(a.dl(), nullptr), "out is null");
  EXPECT_INVALID(octet_gemm(a.dl(), nullptr, weights.packed->data(), weights.packed->size(), nullptr, out.dl(),
                            workspace.data(), workspace.size(), nullptr),
                 "a_grid is null");
  Tensor vector(kS8, {20});
  Tensor short_rows(kS8, {4, 19});
  Tensor s32(kS32, {4, 20});
  EXPECT_INVALID(Call(vector.dl(), out.dl()), "a has shape [20]", "2 dimensions");
  EXPECT_INVALID(Call(short_rows.dl(), out.dl()), "a has shape [4, 19]", "[M, 20]");
  EXPECT_INVALID(Call(s32.dl(), out.dl()), "a has dtype s32", "f32, f16, bf16, s8 or u8");
  Tensor transposed(kS8, {4, 20}, Layout::kTransposed);
  EXPECT_INVALID(Call(transposed.dl(), out.dl()), "a has strides", "last stride must be 1");
  Tensor wide(kF32, {4, 7});
  Tensor gaps(kF32, {4, 6}, Layout::kGaps);
  EXPECT_INVALID(Call(a.dl(), wide.dl()), "out has shape [4, 7]", "[4, 6]");
  EXPECT_INVALID(Call(a.dl(), gaps.dl()), "out has strides", "last stride must be 1");
  EXPECT_INVALID(octet_gemm(a.dl(), &grid, weights.packed->data(), weights.packed->size(), nullptr, out.dl(),
                            workspace.data(), workspace.size(), &grid),
                 "stream is");
}

TEST_F(GemmErrors, GridOfActivations) {
  Tensor two = Tensor::Of({0.1f, 0.2f});
  grid.delta = two.dl();
  EXPECT_INVALID(Call(), "a_grid.delta has shape [2]", "expected 1");
  grid.delta = delta.dl();
  grid.axis = 0;
  EXPECT_INVALID(Call(), "a_grid.axis is 0", "-1");
  grid.axis = -1;
  grid.int_max = 128.0f;
  EXPECT_INVALID(Call(), "a_grid reaches from -128 to 128", "-128..127 (s8)");
  grid.int_max = 126.5f;
  EXPECT_INVALID(Call(), "a_grid reaches from -128 to 126.5", "whole numbers");
  grid.int_max = 200.0f;
  EXPECT_INVALID(Call(floats.dl(), out.dl()), "a_grid reaches", "-128..127 or 0..255");
  grid.int_max = 127.0f;
  grid.zero_float = zero.dl();
  EXPECT_INVALID(Call(), "a_grid.zero_float is NaN");
}

TEST_F(GemmErrors, Workspace) {
  size_t bytes = 0;
  EXPECT_OK(octet_gemm_workspace_size(a.dl(), weights.packed->data(), weights.packed->size(), &bytes));
  const auto call = [&](void* memory, size_t size) {
    return octet_gemm(a.dl(), &grid, weights.packed->data(), weights.packed->size(), nullptr, out.dl(), memory, size,
                      nullptr);
  };
  EXPECT_OK(call(workspace.data(), bytes));
  EXPECT_INVALID(call(workspace.data(), bytes - 1), "workspace_bytes is", std::to_string(bytes));
  EXPECT_INVALID(call(nullptr, bytes), "workspace is null");
  EXPECT_INVALID(call(workspace.data() + 4, bytes), "workspace is", "divisible by 64");
  EXPECT_INVALID(octet_gemm_workspace_size(a.dl(), weights.packed->data(), weights.packed->size(), nullptr),
                 "bytes is null");
}

TEST_F(GemmErrors, Packed) {
  char* header = weights.packed->data();
  const auto info_of = [&](size_t size) {
    octet_gemm_info info;
    return octet_gemm_packed_info(header, size, &info);
  };
  const size_t size = weights.packed->size();
  EXPECT_OK(info_of(size));
  EXPECT_INVALID(info_of(63), "packed is shorter than a header");
  octet_gemm_info info;
  EXPECT_OK(octet_gemm_packed_info(header, size, &info));
  EXPECT_INVALID(info_of(static_cast<size_t>(info.bytes) - 1), "packed is cut short");
  EXPECT_INVALID(octet_gemm_packed_info(nullptr, size, &info), "packed is null");
  EXPECT_INVALID(octet_gemm_packed_info(header + 1, size, &info), "packed is", "divisible by 64");
  EXPECT_INVALID(octet_gemm_packed_info(header, size, nullptr), "info is null");
  // No change of a bit in a header makes the library read beyond the block: n and k may change within the padding, the
  // size may not.
  for (int byte = 0; byte < 48; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      header[byte] = static_cast<char>(header[byte] ^ (1 << bit));
      octet_gemm_info changed = {};
      if (octet_gemm_packed_info(header, size, &changed) == OCTET_OK) {
        EXPECT_EQ(changed.bytes, info.bytes);
      }
      EXPECT_INVALID(Call(), "expected");
      header[byte] = static_cast<char>(header[byte] ^ (1 << bit));
    }
  }
  header[0] = 'x';
  EXPECT_INVALID(Call(), "packed does not begin with a header");
  header[0] = 'o';
  header[8] = 9;
  EXPECT_INVALID(Call(), "packed has another version", "(1)");
}

TEST_F(GemmErrors, Packing) {
  const octet_grid& good = weights.grid();
  size_t bytes = 0;
  EXPECT_INVALID(octet_gemm_pack_size(weights.codes.dl(), static_cast<octet_weight_format>(7), &bytes), "format is 7");
  EXPECT_INVALID(octet_gemm_pack_size(floats.dl(), OCTET_WEIGHTS_8_BIT, &bytes), "weights has dtype f32", "s8 or u8");
  EXPECT_INVALID(octet_gemm_pack_size(weights.codes.dl(), OCTET_WEIGHTS_8_BIT, nullptr), "bytes is null");
  DLTensor shape_only = *weights.codes.dl();
  shape_only.data = nullptr;
  EXPECT_OK(octet_gemm_pack_size(&shape_only, OCTET_WEIGHTS_8_BIT, &bytes));
  EXPECT_INVALID(Pack(&shape_only, good, OCTET_WEIGHTS_8_BIT), "weights.data is null");
  EXPECT_INVALID(Pack(weights.codes.dl(), good, OCTET_WEIGHTS_4_BIT), "half a byte", "-8..7");
  octet_grid bad = good;
  bad.axis = 1;
  Tensor per_column(kF32, {20});
  bad.delta = per_column.dl();
  EXPECT_INVALID(Pack(weights.codes.dl(), bad, OCTET_WEIGHTS_8_BIT), "grid.axis is 1");
  bad = good;
  bad.int_max = 255.0f;
  EXPECT_INVALID(Pack(weights.codes.dl(), bad, OCTET_WEIGHTS_8_BIT), "grid reaches from -128 to 255", "(s8)");
  Tensor zeros(kF32, {6});
  zeros.Set(4, NAN);
  bad = good;
  bad.zero_float = zeros.dl();
  EXPECT_INVALID(Pack(weights.codes.dl(), bad, OCTET_WEIGHTS_8_BIT), "grid.zero_float has NaN at element 4");
  EXPECT_INVALID(octet_gemm_pack(weights.codes.dl(), &good, OCTET_WEIGHTS_8_BIT, weights.packed->data(), 100),
                 "packed_bytes is 100");
  EXPECT_INVALID(octet_gemm_pack(weights.codes.dl(), &good, OCTET_WEIGHTS_8_BIT, nullptr, 100000), "packed is null");
  EXPECT_INVALID(octet_gemm_pack(weights.codes.dl(), &good, OCTET_WEIGHTS_8_BIT, weights.packed->data() + 8, 100000),
                 "divisible by 64");
}

TEST_F(GemmErrors, ProductsThatCouldOverflow) {
  Tensor scale = Tensor::Scalar(1.0f);
  Tensor zero_point = Tensor::Scalar(3.0f);
  const auto pack = [&](DLDataType type, int64_t k, bool zero_points, octet_weight_format format) {
    Tensor codes(type, {1, k});
    codes.Fill(std::vector<int>(static_cast<size_t>(k), 1));
    const float least = type.code == kDLInt ? -8.0f : 0.0f;
    const octet_grid weight_grid = {
        scale.dl(), zero_points ? zero_point.dl() : nullptr, least, least + 15.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
    const Aligned packed(9000000);
    return octet_gemm_pack(codes.dl(), &weight_grid, format, packed.data(), packed.size());
  };
  EXPECT_OK(pack(kS8, 65793, false, OCTET_WEIGHTS_8_BIT));
  EXPECT_INVALID(pack(kS8, 65794, false, OCTET_WEIGHTS_8_BIT), "weights has shape [1, 65794]", "65793");
  EXPECT_OK(pack(kS8, 33025, true, OCTET_WEIGHTS_8_BIT));
  EXPECT_INVALID(pack(kS8, 33026, true, OCTET_WEIGHTS_8_BIT), "weights has shape [1, 33026]", "33025");
  EXPECT_OK(pack(kS8, 1052688, false, OCTET_WEIGHTS_4_BIT));
  EXPECT_INVALID(pack(kS8, 1052689, false, OCTET_WEIGHTS_4_BIT), "1052688");
  EXPECT_OK(pack(kU8, 561433, true, OCTET_WEIGHTS_4_BIT));
  EXPECT_INVALID(pack(kU8, 561434, true, OCTET_WEIGHTS_4_BIT), "561433");
}

TEST_F(GemmErrors, Epilogue) {
  Tensor short_bias(kF32, {5});
  epilogue.bias = short_bias.dl();
  EXPECT_INVALID(Call(), "epilogue.bias has shape [5]", "expected 6");
  epilogue.bias = nullptr;
  epilogue.factor = short_bias.dl();
  EXPECT_INVALID(Call(), "epilogue.factor has shape [5]", "expected 6");
  epilogue.factor = nullptr;
  epilogue.activation = static_cast<octet_activation>(10);
  EXPECT_INVALID(Call(), "epilogue.activation is 10", "OCTET_ACTIVATION_HARDSIGMOID (9)");
  epilogue.activation = OCTET_ACTIVATION_NONE;
  epilogue.residual_place = static_cast<octet_residual_place>(-1);
  EXPECT_INVALID(Call(), "epilogue.residual_place is -1");
  epilogue.residual_place = OCTET_RESIDUAL_AFTER_ACTIVATION;
  epilogue.out_grid = &grid;
  EXPECT_INVALID(Call(), "epilogue.out_grid is given", "f32");
  epilogue.out_grid = nullptr;
  Tensor codes(kU8, {4, 6});
  EXPECT_INVALID(Call(a.dl(), codes.dl()), "epilogue.out_grid is null", "u8");
  epilogue.out_grid = &grid;
  EXPECT_INVALID(Call(a.dl(), codes.dl()), "epilogue.out_grid reaches from -128", "0..255 (u8)");
  epilogue.out_grid = nullptr;
  epilogue.residual_grid = &grid;
  EXPECT_INVALID(Call(), "epilogue.residual_grid is given", "epilogue.residual is null");
  Tensor other(kF32, {4, 7});
  epilogue.residual = other.dl();
  EXPECT_INVALID(Call(), "epilogue.residual has shape [4, 7]", "[4, 6]");
  Tensor residual(kF32, {4, 6});
  epilogue.residual = residual.dl();
  EXPECT_INVALID(Call(), "epilogue.residual_grid is given", "f32");
  epilogue.residual = codes.dl();
  epilogue.residual_grid = nullptr;
  EXPECT_INVALID(Call(), "epilogue.residual_grid is null", "u8");
}

TEST_F(GemmErrors, DynamicRows) {
  floats.Fill(std::vector<float>(80, 0.5f));
  EXPECT_OK(Dynamic(8, 1e-8f));
  EXPECT_OK(Dynamic(2, 1e-8f));
  EXPECT_INVALID(Dynamic(1, 1e-8f), "octet_gemm_dynamic", "n_bits is 1", "2 to 8");
  EXPECT_INVALID(Dynamic(9, 1e-8f), "n_bits is 9");
  EXPECT_INVALID(Dynamic(8, 0.0f), "eps is 0");
  EXPECT_INVALID(octet_gemm_dynamic(a.dl(), 8, 1e-8f, weights.packed->data(), weights.packed->size(), nullptr, out.dl(),
                                    workspace.data(), workspace.size(), nullptr),
                 "a has dtype s8", "f32, f16 or bf16");
}

TEST_F(GemmErrors, OutputsThatOverlap) {
  Weights square(20, 20, kWeightKinds[0], 5);
  square.Pack();
  const octet_grid u8 = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  epilogue.out_grid = &u8;
  EXPECT_INVALID(octet_gemm(a.dl(), &grid, square.packed->data(), square.packed->size(), &epilogue, a.dl(),
                            workspace.data(), workspace.size(), nullptr),
                 "out shares memory with a");
}

}  // namespace
}  // namespace test
}  // namespace octet
