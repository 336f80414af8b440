// SPDX-License-Identifier: Apache-2.0
// Wrong arguments of grouped products: what they have besides those of octet_gemm, which are checked by the same code.
#include <gtest/gtest.h>

#include <cstring>

#include "support/grids.h"
#include "support/grouped.h"
#include "support/says.h"

namespace octet {
namespace test {
namespace {

class GemmGroupedErrors : public testing::Test {
 protected:
  GemmGroupedErrors() {
    a.Fill(RandomCodes(a.count(), -128, 127, 1));
    weights.Pack();
  }

  octet_status Call(const DLTensor* activations, const DLTensor* ends, DLTensor* to) {
    return octet_gemm_grouped(activations, grid.get(), ends, weights.packed->data(), weights.packed->size(), &epilogue,
                              to, workspace.data(), workspace.size(), nullptr);
  }
  octet_status Call() { return Call(a.dl(), offsets.dl(), out.dl()); }
  octet_status Offsets(const std::vector<int>& ends) {
    Tensor tensor(kS32, {static_cast<int64_t>(ends.size())});
    tensor.Fill(ends);
    return Call(a.dl(), tensor.dl(), out.dl());
  }
  octet_status Pack(const DLTensor* codes, const octet_grid& weight_grid, octet_weight_format format) {
    return octet_gemm_grouped_pack(codes, &weight_grid, format, weights.packed->data(), weights.packed->size());
  }

  GroupedWeights weights{3, 6, 20, kWeightKinds[0], 5};
  Tensor a{kS8, {7, 20}};
  Tensor floats{kF32, {7, 20}};
  Tensor offsets = OffsetsOf({2, 0, 4});
  Tensor out{kF32, {7, 6}};
  TensorGrid grid{kS8, 0.1f, 0.0f};
  octet_epilogue epilogue = {};
  Aligned workspace{8192};
};

TEST_F(GemmGroupedErrors, Offsets) {
  EXPECT_OK(Call());
  EXPECT_OK(Offsets({0, 0, 0}));
  EXPECT_OK(Offsets({7, 7, 7}));
  EXPECT_INVALID(Offsets({2, 3}), "octet_gemm_grouped", "offsets has shape [2]", "expected 3");
  EXPECT_INVALID(Offsets({0, 2, 3, 4}), "offsets has shape [4]", "expected 3");
  EXPECT_INVALID(Offsets({2, 1, 7}), "offsets is 1 at element 1", "expected 2", "to 7 (M)");
  EXPECT_INVALID(Offsets({-1, 1, 7}), "offsets is -1 at element 0", "expected 0");
  EXPECT_INVALID(Offsets({2, 5, 8}), "offsets is 8 at element 2", "expected 5", "to 7 (M)");
  EXPECT_INVALID(Call(a.dl(), nullptr, out.dl()), "offsets is null");
  Tensor long_ends(kS64, {3});
  EXPECT_INVALID(Call(a.dl(), long_ends.dl(), out.dl()), "offsets has dtype s64", "s32");
  Tensor matrix(kS32, {3, 1});
  EXPECT_INVALID(Call(a.dl(), matrix.dl(), out.dl()), "offsets has shape [3, 1]", "1 dimension");
  Tensor gaps(kS32, {3}, Layout::kGaps);
  EXPECT_INVALID(Call(a.dl(), gaps.dl(), out.dl()), "offsets has strides");
}

TEST_F(GemmGroupedErrors, Tensors) {
  EXPECT_INVALID(Call(nullptr, offsets.dl(), out.dl()), "a is null");
  EXPECT_INVALID(Call(a.dl(), offsets.dl(), nullptr), "out is null");
  Tensor short_rows(kS8, {7, 19});
  EXPECT_INVALID(Call(short_rows.dl(), offsets.dl(), out.dl()), "a has shape [7, 19]", "[M, 20]");
  Tensor wide(kF32, {7, 18});
  EXPECT_INVALID(Call(a.dl(), offsets.dl(), wide.dl()), "out has shape [7, 18]", "[7, 6]");
  EXPECT_INVALID(
      octet_gemm_grouped_dynamic(floats.dl(), 9, 1e-8f, offsets.dl(), weights.packed->data(), weights.packed->size(),
                                 nullptr, out.dl(), workspace.data(), workspace.size(), nullptr),
      "octet_gemm_grouped_dynamic", "n_bits is 9");
  EXPECT_INVALID(octet_gemm_grouped(a.dl(), grid.get(), offsets.dl(), weights.packed->data(), weights.packed->size(),
                                    nullptr, out.dl(), workspace.data(), workspace.size(), &grid),
                 "stream is");
}

TEST_F(GemmGroupedErrors, Epilogue) {
  Tensor of_one_group(kF32, {6});
  epilogue.bias = of_one_group.dl();
  EXPECT_INVALID(Call(), "epilogue.bias has shape [6]", "expected 18", "for each group");
  epilogue.bias = nullptr;
  epilogue.factor = of_one_group.dl();
  EXPECT_INVALID(Call(), "epilogue.factor has shape [6]", "expected 18");
  Tensor bias(kF32, {3, 6});
  epilogue.factor = nullptr;
  epilogue.bias = bias.dl();
  EXPECT_OK(Call());
}

TEST_F(GemmGroupedErrors, Workspace) {
  size_t bytes = 0;
  const Aligned& packed = *weights.packed;
  EXPECT_OK(octet_gemm_grouped_workspace_size(a.dl(), packed.data(), packed.size(), &bytes));
  const auto call = [&](void* memory, size_t size) {
    return octet_gemm_grouped(a.dl(), grid.get(), offsets.dl(), packed.data(), packed.size(), nullptr, out.dl(), memory,
                              size, nullptr);
  };
  const Aligned exact(bytes);
  EXPECT_OK(call(exact.data(), bytes));
  EXPECT_INVALID(call(exact.data(), bytes - 1), "workspace_bytes is", std::to_string(bytes));
  EXPECT_INVALID(call(nullptr, bytes), "workspace is null");
  EXPECT_INVALID(octet_gemm_grouped_workspace_size(a.dl(), packed.data(), packed.size(), nullptr), "bytes is null");
}

TEST_F(GemmGroupedErrors, Packed) {
  char* header = weights.packed->data();
  const size_t size = weights.packed->size();
  octet_gemm_grouped_info info;
  const auto info_of = [&](size_t bytes) { return octet_gemm_grouped_packed_info(header, bytes, &info); };
  EXPECT_INVALID(info_of(63), "packed is shorter than a header");
  EXPECT_OK(info_of(size));
  EXPECT_INVALID(info_of(static_cast<size_t>(info.bytes) - 1), "packed is cut short");
  EXPECT_INVALID(octet_gemm_grouped_packed_info(nullptr, size, &info), "packed is null");
  EXPECT_INVALID(octet_gemm_grouped_packed_info(header + 1, size, &info), "packed is", "divisible by 64");
  EXPECT_INVALID(octet_gemm_grouped_packed_info(header, size, nullptr), "info is null");
  // No change of a bit in a header makes the library read beyond the block.
  for (int byte = 0; byte < 56; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      header[byte] = static_cast<char>(header[byte] ^ (1 << bit));
      octet_gemm_grouped_info changed = {};
      if (octet_gemm_grouped_packed_info(header, size, &changed) == OCTET_OK) {
        EXPECT_EQ(changed.bytes, info.bytes);
      }
      EXPECT_INVALID(Call(), "expected");
      header[byte] = static_cast<char>(header[byte] ^ (1 << bit));
    }
  }
  EXPECT_OK(Call());
  const std::unique_ptr<Weights> one = weights.Of(0);
  EXPECT_INVALID(octet_gemm_grouped_packed_info(one->packed->data(), one->packed->size(), &info),
                 "packed does not begin with a header of groups", "octet_gemm_grouped_pack");
  octet_gemm_info single;
  EXPECT_INVALID(octet_gemm_packed_info(header, size, &single), "packed does not begin with a header");
  size_t bytes = 0;
  EXPECT_INVALID(octet_gemm_grouped_device_size(header, 63, &bytes), "packed is shorter than a header");
  EXPECT_INVALID(octet_gemm_grouped_device_size(header, size, nullptr), "bytes is null");
  EXPECT_OK(octet_gemm_grouped_device_size(header, size, &bytes));
  EXPECT_EQ(bytes, size_t{3} * (2 * 256 * 4 + 6 * 64 + 128));
}

TEST_F(GemmGroupedErrors, Packing) {
  const octet_grid& good = weights.all.grid();
  size_t bytes = 0;
  EXPECT_INVALID(octet_gemm_grouped_pack_size(weights.all.codes.dl(), OCTET_WEIGHTS_8_BIT, &bytes),
                 "weights has shape [18, 20]", "3 dimensions", "[G, N, K]");
  EXPECT_INVALID(octet_gemm_grouped_pack_size(weights.dl(), static_cast<octet_weight_format>(7), &bytes),
                 "format is 7");
  EXPECT_INVALID(octet_gemm_grouped_pack_size(weights.dl(), OCTET_WEIGHTS_8_BIT, nullptr), "bytes is null");
  EXPECT_INVALID(Pack(weights.dl(), good, OCTET_WEIGHTS_4_BIT), "half a byte", "-8..7");
  octet_grid bad = good;
  Tensor five(kF32, {5});
  bad.delta = five.dl();
  EXPECT_INVALID(Pack(weights.dl(), bad, OCTET_WEIGHTS_8_BIT), "grid.delta has 5 elements", "divisor of 18",
                 "weights as [G * N, K]");
  bad = good;
  bad.axis = 1;
  Tensor per_column(kF32, {20});
  bad.delta = per_column.dl();
  EXPECT_INVALID(Pack(weights.dl(), bad, OCTET_WEIGHTS_8_BIT), "grid.axis is 1");
  EXPECT_INVALID(octet_gemm_grouped_pack(weights.dl(), &good, OCTET_WEIGHTS_8_BIT, weights.packed->data(), 100),
                 "packed_bytes is 100");
  int64_t shape[] = {2, 1, 65794};
  DLTensor deep = *weights.dl();
  deep.shape = shape;
  EXPECT_INVALID(octet_gemm_grouped_pack_size(&deep, OCTET_WEIGHTS_8_BIT, &bytes), "[2, 1, 65794]", "65793");
  int64_t huge[] = {int64_t{1} << 30, int64_t{1} << 30, 1};
  deep.shape = huge;
  EXPECT_INVALID(octet_gemm_grouped_pack_size(&deep, OCTET_WEIGHTS_8_BIT, &bytes), "weights has shape", "2^60 bytes");
}

}  // namespace
}  // namespace test
}  // namespace octet
