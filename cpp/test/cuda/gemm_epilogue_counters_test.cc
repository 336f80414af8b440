// SPDX-License-Identifier: Apache-2.0
// What epilogues cost, held to a table: instructions of a thread for each element of the output that do not depend on
// K, which are those of the epilogue and a few of the start, as a line through two values of K gives them.
#include <gtest/gtest.h>

#include <cstdio>
#include <iterator>
#include <string>

#include "cuda/counters.h"
#include "cuda/gemm_on_device.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** What is done with the sums. */
struct Finish {
  const char* name;
  DLDataType out_type;
  octet_activation activation;
  /** Whether there is a residual, of the output's type, which is added before the activation. */
  bool residual;
};

constexpr Finish kFinishes[] = {
    {"codes", kS8, OCTET_ACTIVATION_NONE, false},
    {"relu, codes", kU8, OCTET_ACTIVATION_RELU, false},
    {"residual, relu, codes", kS8, OCTET_ACTIVATION_RELU, true},
    {"gelu, codes", kS8, OCTET_ACTIVATION_GELU_ERF, false},
    {"f16", kF16, OCTET_ACTIVATION_NONE, false},
    {"bf16", kBF16, OCTET_ACTIVATION_NONE, false},
    {"f32", kF32, OCTET_ACTIVATION_NONE, false},
    {"residual, f16", kF16, OCTET_ACTIVATION_NONE, true},
};
constexpr int kFinishCount = static_cast<int>(std::size(kFinishes));

/** Bounds of a kernel, in the order of kFinishes. */
struct Row {
  const char* kernel;
  /** Output of two tiles by two; swapped tiles have all activations. */
  int64_t m;
  int64_t n;
  double most[kFinishCount];
};

// Small tiles have as many instructions at the start as large ones, for fewer elements.
constexpr Row kRows[] = {
    {"256x128", 512, 256, {22.6, 22.6, 30.2, 80.0, 21.2, 21.2, 22.0, 33.9}},
    {"128x128", 256, 256, {19.8, 19.8, 27.8, 77.3, 18.0, 18.1, 19.1, 30.7}},
    {"64x64", 128, 128, {31.0, 31.0, 39.8, 88.9, 30.5, 30.5, 31.5, 43.1}},
    {"16x128_swapped", 16, 256, {48.0, 48.0, 57.0, 107.6, 50.1, 50.3, 51.2, 62.7}},
};

// Without instructions that convert two numbers at once.
constexpr Row kTuringRows[] = {
    {"turing_128x128", 256, 256, {25.6, 25.6, 33.4, 83.1, 25.3, 33.9, 25.7, 37.9}},
    {"turing_64x64", 128, 128, {34.7, 34.7, 42.6, 95.0, 37.9, 46.8, 38.4, 50.7}},
};

// Warps that wait at a barrier ask again and again: some more than was counted.
constexpr Row kHopperRows[] = {
    {"hopper_128x256", 256, 512, {23.0, 23.0, 33.2, 83.2, 24.6, 24.7, 27.6, 40.7}},
    {"hopper_128x256_half_bytes", 256, 512, {29.9, 29.9, 44.0, 90.4, 33.7, 33.8, 36.2, 49.7}},
    {"hopper_128x128_turns", 256, 256, {22.3, 22.3, 32.6, 82.6, 24.2, 24.3, 26.4, 40.0}},
};

constexpr WeightKind kHalfBytes = {kS8, OCTET_WEIGHTS_4_BIT, -8, 7, false, true};

int64_t Instructions(const Row& row, int64_t k, const Finish& finish) {
  const ForcedKernel forced(row.kernel, 1);
  const bool half_bytes = std::string(row.kernel).find("half_bytes") != std::string::npos;
  Weights weights(row.n, k, half_bytes ? kHalfBytes : kWeightKinds[0], 5);
  weights.Pack();
  const DeviceWeights on_device(weights);
  Tensor delta = Tensor::Scalar(0.01f);
  Tensor zero = Tensor::Scalar(3.0f);
  const octet_grid a_grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const bool is_signed = finish.out_type.code == kS8.code;
  const octet_grid grid = {
      delta.dl(), zero.dl(), is_signed ? -128.0f : 0.0f, is_signed ? 127.0f : 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const GemmRun run = {&weights, &on_device, &a_grid};
  Tensor a(kS8, {row.m, k});
  a.Fill(RandomCodes(a.count(), -128, 127, 3));
  Tensor bias(kF32, {row.n});
  bias.Fill(RandomValues(row.n, 1.0f, 4));
  Tensor residual(finish.out_type, {row.m, row.n});
  if (finish.out_type.bits == 8) {
    residual.Fill(RandomCodes(residual.count(), 0, 127, 6));
  } else {
    residual.Fill(RandomValues(residual.count(), 1.0f, 6));
  }
  Tensor out(finish.out_type, {row.m, row.n});
  OnDevice a_device(&a);
  OnDevice bias_device(&bias);
  OnDevice residual_device(&residual);
  OnDevice out_device(&out);
  octet_epilogue epilogue = {};
  epilogue.bias = bias_device.dl();
  epilogue.activation = finish.activation;
  if (finish.residual) {
    epilogue.residual = residual_device.dl();
    epilogue.residual_place = OCTET_RESIDUAL_BEFORE_ACTIVATION;
    epilogue.residual_grid = finish.out_type.bits == 8 ? &grid : nullptr;
  }
  epilogue.out_grid = finish.out_type.bits == 8 ? &grid : nullptr;
  TakeCounters();
  EXPECT_OK(RunWhereItIs(run, a_device.dl(), &epilogue, out_device.dl()));
  const Counters counters = TakeCounters();
  EXPECT_EQ(counters.conflicts, 0);
  return counters.warp_instructions;
}

/** Of a thread and element of the output. */
double Constant(const Row& row, const Finish& finish) {
  // Whole numbers of turns of the loop.
  const auto shorter = static_cast<double>(Instructions(row, 512, finish));
  const auto longer = static_cast<double>(Instructions(row, 1024, finish));
  return (2.0 * shorter - longer) * 32.0 / static_cast<double>(row.m * row.n);
}

void ExpectAtMost(const Row& row) {
  SCOPED_TRACE(row.kernel);
  for (int i = 0; i < kFinishCount; ++i) {
    const double instructions = Constant(row, kFinishes[i]);
    std::printf("%-22s %-22s %6.2f\n", row.kernel, kFinishes[i].name, instructions);
    EXPECT_LE(instructions, row.most[i]) << kFinishes[i].name;
  }
}

TEST(CudaGemmEpilogueCounters, ElementsCostWhatTheTableSays) {
  octet_cuda_properties properties;
  ASSERT_OK(octet_cuda_device_properties(0, &properties));
  if (std::string(properties.name).find("vgpu") == std::string::npos) {
    GTEST_SKIP() << properties.name << " does not count what kernels do";
  }
  std::printf("instructions of a thread for each element\n");
  if (properties.major < 8) {
    for (const Row& row : kTuringRows) ExpectAtMost(row);
    return;
  }
  for (const Row& row : kRows) ExpectAtMost(row);
  if (properties.major == 9) {
    for (const Row& row : kHopperRows) ExpectAtMost(row);
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
