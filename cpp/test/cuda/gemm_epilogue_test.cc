// SPDX-License-Identifier: Apache-2.0
// Epilogues of tiles, which have loops of their own for what is common: each makes the CPU's bits.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cuda/gemm_case.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kNone = {kDLFloat, 0, 1};

bool HasTiles(const std::string& kernel) { return kernel != "matrix_vector"; }

TEST(CudaGemmEpilogue, CommonOnesEqualTheCpuWithEveryKernel) {
  for (const std::string& name : GemmKernelNames()) {
    if (!HasTiles(name)) continue;
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    int number = 0;
    for (DLDataType out_type : kAllTypes) {
      for (octet_activation activation :
           {OCTET_ACTIVATION_NONE, OCTET_ACTIVATION_RELU, OCTET_ACTIVATION_RELU6, OCTET_ACTIVATION_GELU_ERF}) {
        for (DLDataType residual_type : {kNone, kS8, kU8, out_type}) {
          // Whole quads and, in turn, whole 16 bytes of rows.
          Case test;
          test.shape = {number % 3 == 0 ? 16 : 37, number % 2 == 0 ? 144 : 36, 64};
          test.out_type = out_type;
          test.activation = activation;
          test.residual_type = residual_type;
          test.place = number % 4 < 2 ? OCTET_RESIDUAL_BEFORE_ACTIVATION : OCTET_RESIDUAL_AFTER_ACTIVATION;
          test.bias = number % 5 != 0;
          test.gap = number % 7 == 0 ? 16 : 0;
          if (number % 11 == 0) {
            test.a_type = kF32;
            test.dynamic = true;
          }
          ++number;
          ExpectSame(test);
        }
      }
    }
  }
}

/** A product with weights and a grid of codes from nothing but biases: activations are 0. */
void ExpectSameCodes(const std::vector<float>& biases, float scale, float zero_point, DLDataType out_type,
                     octet_activation activation) {
  SCOPED_TRACE(testing::Message() << "scale " << scale << ", activation " << activation);
  constexpr int64_t kRows = 17;
  constexpr int64_t kDepth = 16;
  const auto columns = static_cast<int64_t>(biases.size());
  Weights weights(columns, kDepth, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceWeights on_device(weights);
  const CodeGrid a_grid(kS8, 1.0f, 0.0f);
  CodeGrid out_grid(out_type, scale, zero_point);
  out_grid.grid.eps = 1e-45f;
  const GemmRun run = {&weights, &on_device, &a_grid.grid};
  Tensor a(kS8, {kRows, kDepth});
  a.Fill(std::vector<int>(static_cast<size_t>(kRows * kDepth), 0));
  Tensor bias = Tensor::Of(biases);
  ExpectSameOnDevice({&a, &bias}, OneOutput(out_type, {kRows, columns}), [&](const Tensors& in, const Tensors& out) {
    octet_epilogue epilogue = {};
    epilogue.bias = in[1];
    epilogue.activation = activation;
    epilogue.out_grid = &out_grid.grid;
    return RunWhereItIs(run, in[0], &epilogue, out[0]);
  });
}

/** Next to the ties of all codes of a grid, and to 0; a multiple of 16 of them. */
std::vector<float> ValuesAroundTies(float scale) {
  std::vector<float> values = {0.0f, -0.0f, 1e-45f, -1e-39f, 3e38f, -3e38f, 6.0f, 5.9999995f};
  for (int k = -260; k <= 259; k += 3) {
    const float tie = (static_cast<float>(k) + 0.5f) * scale;
    values.insert(values.end(), {std::nextafter(tie, -INFINITY), tie, std::nextafter(tie, INFINITY)});
  }
  while (values.size() % 16 != 0) values.push_back(scale);
  return values;
}

TEST(CudaGemmEpilogue, CodesAroundTiesAreThoseOfTrueDivisions) {
  // Powers of two, some whose significands have a place where a code changes too near, and those at the ends of what is
  // done without divisions.
  std::vector<float> scales = {
      1.0f,           0.5f,           3.0f,   1.0f / 255.0f, 0x1.000002p0f,   0x1.00000ep0f, 0x1.00001p0f, 0x1.08p0f,
      0x1.7ffff2p-3f, 0x1.7ffff0p-3f, 1e-38f, 0x1p-60f,      0x1.fffffep-61f, 0x1p60f,       1e30f};
  for (float scale : RandomValues(12, 1.0f, 9)) scales.push_back(std::abs(scale) + 1e-6f);
  int number = 0;
  for (float scale : scales) {
    const DLDataType type = number % 2 == 0 ? kS8 : kU8;
    const float zero_point = static_cast<float>(number * 5 % 120);
    ExpectSameCodes(ValuesAroundTies(scale), scale, zero_point, type,
                    number % 3 == 0 ? OCTET_ACTIVATION_RELU6 : OCTET_ACTIVATION_NONE);
    ++number;
  }
}

TEST(CudaGemmEpilogue, ValuesThatAreNotFiniteHaveTheCodesOfTheCpu) {
  std::vector<float> values = RandomValues(160, 4.0f, 3);
  for (int kind = 0; kind < 3; ++kind) {
    const float special = kind == 0 ? NAN : kind == 1 ? INFINITY : -INFINITY;
    values[static_cast<size_t>(3 + kind * 50)] = special;
    for (octet_activation activation : {OCTET_ACTIVATION_NONE, OCTET_ACTIVATION_RELU, OCTET_ACTIVATION_RELU6}) {
      ExpectSameCodes(values, 0.031f, 11.0f, kU8, activation);
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
