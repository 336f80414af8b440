// SPDX-License-Identifier: Apache-2.0
// Functions whose output is the memory of an input, of random tensors.
#include <gtest/gtest.h>

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

enum Function { kUnary, kBinaryFirst, kBinarySecond, kNormX, kNormResidual, kNormSum, kSoftmax, kL2, kFake, kCount };

TEST(CudaRandomInPlace, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    Random random(seed);
    const auto function = static_cast<Function>(random.Between(0, kCount - 1));
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", function " << function);
    const std::vector<int64_t> shape = random.Shape(1, 4, 3000);
    const DLDataType type = function == kFake ? random.Of(kFloatTypes) : random.Of(kValueTypes);
    const RandomGrid grid(&random, type), out_grid(&random, type), fake_grid(&random, kS8);
    const bool elementwise = function <= kBinarySecond || function == kFake;
    const Placement place = random.Output(shape, type, elementwise ? 0 : 1);
    const uint32_t values = random.Seed();
    const auto filled = [&] {
      std::vector<Tensor> outputs;
      outputs.emplace_back(type, shape, place);
      Random(values).Fill(&outputs[0], grid.scale());
      // What is not in place.
      outputs.emplace_back(type, shape);
      return outputs;
    };
    Tensor other = random.Filled(type, shape, elementwise ? 0 : 1, grid.scale());
    ExpectSameOnDevice({&other}, filled, [&](const Tensors& in, const Tensors& out) {
      octet_norm norm = {};
      norm.dims = 1;
      norm.eps = 1e-5f;
      const DLTensor* x = in[0];
      DLTensor* normalized = out[1];
      switch (function) {
        case kUnary:
          return octet_unary(OCTET_SILU, 0.0f, 0.0f, out[0], grid.get(), out[0], out_grid.get(), nullptr);
        case kBinaryFirst:
          return octet_binary(OCTET_SUB, out[0], grid.get(), in[0], grid.get(), OCTET_ACTIVATION_RELU, out[0],
                              out_grid.get(), nullptr);
        case kBinarySecond:
          return octet_binary(OCTET_DIV, in[0], grid.get(), out[0], grid.get(), OCTET_ACTIVATION_NONE, out[0],
                              out_grid.get(), nullptr);
        case kSoftmax:
          return octet_softmax(out[0], grid.get(), nullptr, out[0], out_grid.get(), nullptr);
        case kL2:
          return octet_l2_normalize(out[0], grid.get(), 1e-12f, out[0], out_grid.get(), nullptr);
        case kFake:
          return octet_fake_quantize(fake_grid.get(), out[0], out[0], nullptr);
        case kNormX:
          x = normalized = out[0];
          break;
        case kNormResidual:
          norm.residual = normalized = out[0];
          norm.residual_grid = grid.get();
          break;
        default:
          x = norm.sum = out[0];
          norm.sum_grid = out_grid.get();
          norm.residual = in[0];
          norm.residual_grid = grid.get();
          break;
      }
      return octet_layer_norm(x, grid.get(), &norm, normalized, out_grid.get(), nullptr);
    });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
