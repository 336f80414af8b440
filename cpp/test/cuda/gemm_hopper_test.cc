// SPDX-License-Identifier: Apache-2.0
// The sm_90a kernels, chosen by force: the heuristics take them for large products only.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cuda/gemm_case.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** A kind of weights that a kernel takes. */
const WeightKind& KindFor(const std::string& kernel, int number) {
  return kernel.find("half_bytes") != std::string::npos ? kWeightKinds[4 + number % 3] : kWeightKinds[number % 4];
}

class CudaGemmHopper : public testing::Test {
 protected:
  void SetUp() override {
    octet_cuda_properties properties;
    ASSERT_OK(octet_cuda_device_properties(0, &properties));
    multiprocessors_ = properties.multiprocessors;
    for (const std::string& name : GemmKernelNames()) {
      if (name.rfind("hopper", 0) == 0) names_.push_back(name);
    }
    if (properties.major != 9) {
      EXPECT_TRUE(names_.empty());
      GTEST_SKIP() << "kernels of sm_90a, and this is sm_" << properties.major << properties.minor;
    }
    EXPECT_FALSE(names_.empty());
  }

  int multiprocessors_ = 0;
  std::vector<std::string> names_;
};

TEST_F(CudaGemmHopper, ClustersNeedADeviceThatLaunchesThem) {
  const char* name = "hopper_128x256_cluster";
  const bool has = std::find(names_.begin(), names_.end(), name) != names_.end();
  // The emulator has none; on a device the other tests run this kernel too.
  EXPECT_EQ(octet_gemm_force_kernel(0, name, 0), has ? OCTET_OK : OCTET_INVALID_ARGUMENT);
  EXPECT_OK(octet_gemm_force_kernel(0, nullptr, 0));
}

TEST_F(CudaGemmHopper, EqualsTheCpuForAnyShape) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    int number = 0;
    for (int64_t m : {1, 7, 17, 127, 129}) {
      for (int64_t n : {1, 7, 17, 127, 129, 257}) {
        for (int64_t k : {0, 1, 7, 17, 127, 129}) {
          Case test;
          test.shape = {m, n, k};
          test.a_type = number % 2 == 0 ? kS8 : kU8;
          test.kind = KindFor(name, number);
          test.out_type = kAllTypes[number % 5];
          ++number;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST_F(CudaGemmHopper, GoesAroundTheStagesAnyNumberOfTimes) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (int64_t k : {128, 256, 384, 500, 512, 513, 640, 1000, 1030, 1290, 2100}) {
      Case test;
      test.shape = {130, 40, k};
      test.kind = KindFor(name, 0);
      test.a_type = k % 4 == 0 ? kS8 : kU8;
      ExpectSame(test);
    }
  }
}

TEST_F(CudaGemmHopper, BlocksGoFromTileToTile) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    // Blocks have one tile, two or three, with one stage and with more than there are.
    const int64_t rows = 128 * multiprocessors_;
    for (const Shape& shape : {Shape{rows * 2 + 300, 9, 70}, Shape{rows + 300, 20, 800}}) {
      Case test;
      test.shape = shape;
      test.a_type = shape.k == 70 ? kS8 : kU8;
      test.kind = KindFor(name, 2);
      test.out_type = kS8;
      ExpectSame(test);
    }
  }
}

TEST_F(CudaGemmHopper, PartsOfKAddUp) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    int number = 0;
    // As many stages as parts, one more, and parts of several stages; more parts than there are stages.
    for (int32_t parts : {2, 3, 5, 16}) {
      const ForcedKernel forced(name, parts);
      for (const Shape& shape : {Shape{1, 7, 640}, Shape{257, 300, 700}, Shape{129, 257, 2100}, Shape{64, 100, 100}}) {
        SCOPED_TRACE(parts);
        Case test;
        test.shape = shape;
        test.a_type = number % 2 == 0 ? kS8 : kU8;
        test.kind = KindFor(name, number);
        test.out_type = kAllTypes[number % 5];
        ++number;
        ExpectSame(test);
      }
    }
  }
}

TEST_F(CudaGemmHopper, BlocksGoFromPartToPart) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name, 3);
    // Units are between one and two for each block, with one stage or two.
    Case test;
    test.shape = {128 * (multiprocessors_ / 2) + 70, 9, 500};
    test.kind = KindFor(name, 1);
    test.out_type = kS8;
    ExpectSame(test);
  }
}

TEST_F(CudaGemmHopper, EveryEpilogueEqualsTheCpu) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
      for (DLDataType type : kAllTypes) {
        Case test;
        test.shape = {75, 147, 70};
        test.kind = KindFor(name, 0);
        test.activation = static_cast<octet_activation>(activation);
        test.out_type = type;
        test.residual_type = kAllTypes[(activation + type.bits / 8) % 5];
        test.place = activation % 2 == 0 ? OCTET_RESIDUAL_AFTER_ACTIVATION : OCTET_RESIDUAL_BEFORE_ACTIVATION;
        test.bias = type.bits != 16;
        ExpectSame(test);
      }
    }
  }
}

TEST_F(CudaGemmHopper, TakesRowsAtAnyStrideAndOffset) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (int64_t gap : {0, 1, 4, 16}) {
      for (int64_t shift : {0, 1, 8, 16}) {
        Case test;
        test.shape = {70, 144, 80};
        test.kind = KindFor(name, 2);
        test.out_type = shift % 2 == 0 ? kU8 : kBF16;
        test.residual_type = shift % 2 == 0 ? kF16 : kS8;
        test.gap = gap;
        test.shift = shift;
        ExpectSame(test);
      }
    }
  }
}

TEST_F(CudaGemmHopper, QuantizesFloatsByRows) {
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (DLDataType type : kFloatTypes) {
      for (int kind : {0, 2}) {
        Case test;
        test.shape = {133, 40, 300};
        test.a_type = type;
        test.kind = KindFor(name, kind);
        test.dynamic = true;
        ExpectSame(test);
      }
    }
  }
}

TEST_F(CudaGemmHopper, OneRowMayStandForAll) {
  const CodeGrid grid(kS8, 0.0078125f, 7.0f);
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    Weights weights(40, 64, KindFor(name, 0), 5);
    weights.Pack();
    const DeviceWeights on_device(weights);
    const GemmRun run = {&weights, &on_device, &grid.grid};
    Tensor a(kS8, {64});
    Fill(&a, 1);
    ExpectSameOnDevice({&a}, OneOutput(kF32, {70, 40}), [&](const Tensors& in, const Tensors& out) {
      int64_t shape[2] = {70, 64};
      int64_t strides[2] = {0, 1};
      DLTensor rows = *in[0];
      rows.ndim = 2;
      rows.shape = shape;
      rows.strides = strides;
      return RunWhereItIs(run, &rows, nullptr, out[0]);
    });
  }
}

TEST_F(CudaGemmHopper, SumsAreExactAtTheirLimits) {
  int number = 0;
  for (const std::string& name : names_) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    // Hundreds of stages: one end of the range for each kernel.
    const WeightKind& kind = KindFor(name, 0);
    const int32_t w = ++number % 2 == 0                    ? (kind.format == OCTET_WEIGHTS_4_BIT ? 7 : 127)
                      : kind.format == OCTET_WEIGHTS_4_BIT ? -8
                                                           : -128;
    Case test;
    test.shape = {2, 3, 65793};
    test.a_type = kU8;
    test.kind = {kS8, kind.format, w, w, false, false};
    ExpectSame(test);
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
