// SPDX-License-Identifier: Apache-2.0
// Grouped products on a device, against the CPU's; offsets are there alone.
#include <gtest/gtest.h>

#include <numeric>

#include "cuda/counters.h"
#include "cuda/gemm_case.h"
#include "cuda/gemm_grouped_on_device.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

struct GroupedCase {
  std::vector<int> sizes;
  int64_t n;
  int64_t k;
  DLDataType a_type = kS8;
  WeightKind kind = kWeightKinds[0];
  bool dynamic = false;
  DLDataType out_type = kF32;
  bool full_epilogue = false;
  /** Rows that belong to no group. */
  int rest = 0;
  /** Elements after each row of a. */
  int64_t gap = 0;
  /** Not empty: what the device is given as offsets, which mean those of sizes. */
  std::vector<int> device_offsets = {};
};

void ExpectSame(const GroupedCase& test) {
  std::string words;
  for (int size : test.sizes) words += std::to_string(size) + " ";
  SCOPED_TRACE("groups of " + words + ", " + std::to_string(test.n) + " x " + std::to_string(test.k) + ", " +
               TypeName(test.a_type) + " * " + TypeName(test.kind.type) +
               (test.kind.format == OCTET_WEIGHTS_4_BIT ? " of 4 bits" : "") + " to " + TypeName(test.out_type) +
               (test.dynamic ? ", dynamic" : ""));
  const auto groups = static_cast<int64_t>(test.sizes.size());
  const int64_t m = std::accumulate(test.sizes.begin(), test.sizes.end(), test.rest);
  const CodeGrid a_grid(IsCodes(test.a_type) ? test.a_type : kU8, 0.0078125f, 7.0f);
  const CodeGrid out_grid(test.out_type, 0.31f, 5.0f);
  GroupedWeights weights(groups, test.n, test.k, test.kind, 5);
  for (int64_t i = 0; i < weights.all.delta.count(); ++i) weights.all.delta.Set(i, weights.all.delta.Get(i) / 16);
  weights.Pack();
  const DeviceGroups on_device(weights);
  Tensor whole(test.a_type, {m, test.k + test.gap});
  Fill(&whole, 17);
  Tensor offsets = OffsetsOf(test.sizes);
  Tensor odd_offsets(kS32, {groups});
  if (!test.device_offsets.empty()) odd_offsets.Fill(test.device_offsets);
  Tensor bias = Tensor::Of(RandomValues(groups * test.n, 1.0f, 3));
  Tensor factor = Tensor::Of(RandomValues(groups * test.n, 2.0f, 4));
  Tensor residual(kF16, {m, test.n});
  Fill(&residual, 8);
  ExpectSameOnDevice({&whole, &offsets, &odd_offsets, &bias, &factor, &residual}, OneOutput(test.out_type, {m, test.n}),
                     [&](const Tensors& in, const Tensors& out) {
                       octet_epilogue epilogue = {};
                       epilogue.bias = in[3];
                       if (test.full_epilogue) {
                         epilogue.activation = OCTET_ACTIVATION_GELU_TANH;
                         epilogue.factor = in[4];
                         epilogue.residual = in[5];
                       }
                       epilogue.out_grid = IsCodes(test.out_type) ? &out_grid.grid : nullptr;
                       int64_t shape[] = {m, test.k};
                       DLTensor a = *in[0];
                       a.shape = shape;
                       const bool odd = !test.device_offsets.empty() && a.device.device_type == kDLCUDA;
                       return RunWhereItIs(weights, on_device, &a, test.dynamic ? nullptr : &a_grid.grid,
                                           in[odd ? 2 : 1], &epilogue, out[0]);
                     });
}

/** Kernels that take groups, of those that the device has. */
std::vector<std::string> GroupedKernels() {
  std::vector<std::string> names;
  for (const std::string& name : GemmKernelNames()) {
    for (const char* taken : {"16x128_swapped", "64x64", "128x128", "turing_32x64_swapped", "turing_64x64"}) {
      if (name == taken) names.push_back(name);
    }
  }
  EXPECT_GE(names.size(), 2u);
  return names;
}

TEST(CudaGemmGrouped, EqualsTheCpuForGroupsOfAnySize) {
  int number = 0;
  for (const std::vector<int>& sizes : {std::vector<int>{0},
                                        {1},
                                        {0, 0, 3},
                                        {3, 0, 0},
                                        {1, 0, 1, 1, 0, 2},
                                        {16, 17, 15},
                                        {40, 1, 0, 70},
                                        {129, 5, 64}}) {
    for (int64_t n : {0, 1, 33, 130}) {
      GroupedCase test{sizes, n, number % 3 == 0 ? 64 : 75};
      test.a_type = number % 2 == 0 ? kS8 : kU8;
      test.kind = kWeightKinds[number % 7];
      test.out_type = kAllTypes[number % 5];
      test.rest = number % 4;
      ++number;
      ExpectSame(test);
    }
  }
  ExpectSame({{}, 5, 9});
  ExpectSame({{0, 0}, 5, 9});
  ExpectSame({{3, 2}, 5, 0});
}

TEST(CudaGemmGrouped, FindsTilesAmongManyGroups) {
  // More groups than lanes, several to many of them empty, and a tile in each of the others.
  std::vector<int> sizes(100);
  for (size_t i = 0; i < sizes.size(); ++i) sizes[i] = i % 7 == 0 ? 3 : i % 11 == 0 ? 20 : 0;
  ExpectSame({sizes, 24, 64});
  ExpectSame({std::vector<int>(65, 1), 24, 64, kU8, kWeightKinds[2]});
  std::vector<int> last(64, 0);
  last[32] = 2;
  last[63] = 17;
  ExpectSame({last, 24, 64});
}

TEST(CudaGemmGrouped, EqualsTheCpuWithEveryKernelAndKindOfWeights) {
  for (const std::string& name : GroupedKernels()) {
    SCOPED_TRACE(name);
    for (int32_t parts : {0, 3}) {
      const ForcedKernel forced(name, parts);
      for (const WeightKind& kind : kWeightKinds) {
        for (DLDataType type : {kS8, kU8}) {
          GroupedCase test{{5, 0, 37, 130}, 70, 200, type, kind};
          test.out_type = parts == 0 ? kF32 : kS8;
          test.rest = 2;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST(CudaGemmGrouped, BiasesAndFactorsAreThoseOfTheGroup) {
  for (const std::string& name : GroupedKernels()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (DLDataType type : kAllTypes) {
      GroupedCase test{{20, 3, 9}, 37, 96, kU8, kWeightKinds[2]};
      test.out_type = type;
      test.full_epilogue = true;
      ExpectSame(test);
    }
  }
}

TEST(CudaGemmGrouped, QuantizesFloatsOnOneGridAndByRows) {
  for (DLDataType type : kFloatTypes) {
    for (bool dynamic : {false, true}) {
      for (const WeightKind& kind : {kWeightKinds[0], kWeightKinds[2], kWeightKinds[4]}) {
        GroupedCase test{{7, 0, 18}, 21, 75, type, kind, dynamic};
        test.gap = 3;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemmGrouped, OffsetsThatDoNotRiseOrLeaveTheRowsAreTakenForTheNearest) {
  for (const std::string& name : GroupedKernels()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    // Beyond M, below 0, below another before.
    GroupedCase test{{10, 0, 20, 0, 5}, 33, 64};
    test.device_offsets = {10, -7, 30, 12, 2000000000};
    ExpectSame(test);
    test.sizes = {0, 0, 35};
    test.device_offsets = {-2147483647 - 1, -1, 2147483647};
    ExpectSame(test);
    test.sizes = {35, 0, 0};
    test.device_offsets = {36, 0, 35};
    ExpectSame(test);
  }
}

/** Of s8 rows in groups of these sizes, with weights of 64 channels. */
Counters Count(const std::vector<int>& sizes) {
  GroupedWeights weights(static_cast<int64_t>(sizes.size()), 64, 128, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceGroups on_device(weights);
  const CodeGrid a_grid(kS8, 0.1f, 0.0f);
  const int64_t m = std::accumulate(sizes.begin(), sizes.end(), 0);
  Tensor a(kS8, {m, 128});
  Fill(&a, 3);
  Tensor offsets = OffsetsOf(sizes);
  Tensor out(kF32, {m, 64});
  OnDevice device_a(&a), device_offsets(&offsets), device_out(&out);
  TakeCounters();
  EXPECT_OK(
      RunWhereItIs(weights, on_device, device_a.dl(), &a_grid.grid, device_offsets.dl(), nullptr, device_out.dl()));
  return TakeCounters();
}

TEST(CudaGemmGrouped, OneLaunchMakesTheTilesThatThereAre) {
  for (const std::string& name : GroupedKernels()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name, 1);
    const int rows = name == "16x128_swapped" ? 16 : name == "turing_32x64_swapped" ? 32 : name == "128x128" ? 128 : 64;
    const Counters two = Count({rows, 0, rows});
    if (!HasCounters()) GTEST_SKIP() << "the device does not count what kernels do";
    EXPECT_EQ(two.launches, 1);
    EXPECT_EQ(two.conflicts, 0);
    EXPECT_EQ(Count({0, 0, 2 * rows}).mma, two.mma);
    const Counters three = Count({rows - 1, 1, rows});
    EXPECT_EQ(three.launches, 1);
    EXPECT_EQ(three.mma * 2, two.mma * 3);
    EXPECT_EQ(three.warps, two.warps) << "blocks are launched for the most tiles that there can be";
  }
}

TEST(CudaGemmGrouped, MessagesNameWhatIsInTheWrongPlace) {
  GroupedWeights weights(2, 6, 20, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceGroups on_device(weights);
  const CodeGrid a_grid(kS8, 0.1f, 0.0f);
  Tensor a(kS8, {4, 20});
  Tensor offsets = OffsetsOf({1, 2});
  Tensor out(kF32, {4, 6});
  OnDevice device_a(&a);
  OnDevice device_out(&out);
  octet_epilogue none = {};
  EXPECT_INVALID(RunWhereItIs(weights, on_device, device_a.dl(), &a_grid.grid, offsets.dl(), &none, device_out.dl()),
                 "offsets is on cpu", "expected cuda:0");
  size_t bytes = 0;
  EXPECT_INVALID(
      octet_gemm_grouped_workspace_size(device_a.dl(), weights.packed->data(), weights.packed->size(), &bytes),
      "packed is in memory of the host", "octet_gemm_grouped_to_device");
  EXPECT_INVALID(octet_gemm_grouped_device_size(on_device.handle(), OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES, &bytes),
                 "packed is a handle of weights on cuda:0", "octet_gemm_grouped_pack");
  octet_gemm_grouped_info info;
  EXPECT_OK(octet_gemm_grouped_packed_info(on_device.handle(), OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES, &info));
  EXPECT_EQ(info.groups, 2);
  EXPECT_EQ(info.n, 6);
  EXPECT_EQ(info.k, 20);
}

}  // namespace
}  // namespace test
}  // namespace octet
