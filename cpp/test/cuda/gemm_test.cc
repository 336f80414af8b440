// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cuda/gemm_case.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr int64_t kSizes[] = {0, 1, 7, 17, 127, 129};

TEST(CudaGemm, EqualsTheCpuForAnyShape) {
  int number = 0;
  for (int64_t m : kSizes) {
    for (int64_t n : kSizes) {
      for (int64_t k : kSizes) {
        Case test;
        test.shape = {m, n, k};
        test.a_type = number % 2 == 0 ? kS8 : kU8;
        test.kind = kWeightKinds[number % 7];
        test.out_type = kAllTypes[number % 5];
        ++number;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemm, EqualsTheCpuWithEveryKernelAndKindOfWeights) {
  for (const std::string& name : GemmKernelNames()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (const Shape& shape : {Shape{5, 75, 160}, Shape{40, 70, 64}, Shape{150, 140, 200}}) {
      if (name == "matrix_vector" && shape.m > 8) continue;
      for (const WeightKind& kind : kWeightKinds) {
        for (DLDataType type : {kS8, kU8}) {
          Case test;
          test.shape = shape;
          test.a_type = type;
          test.kind = kind;
          test.out_type = shape.m == 40 ? kS8 : kF32;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST(CudaGemm, EqualsTheCpuForEveryPipelineLength) {
  // From fewer tiles of K than stages to several times around.
  for (const std::string& name : GemmKernelNames()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (int64_t k : {1, 63, 64, 65, 128, 191, 320, 512, 575, 640, 1100}) {
      Case test;
      test.shape = {name == "matrix_vector" ? 3 : 19, 33, k};
      test.a_type = kU8;
      test.kind = kWeightKinds[k % 2 == 0 ? 0 : 5];
      ExpectSame(test);
    }
  }
}

TEST(CudaGemm, EqualsTheCpuWithPartsOfK) {
  for (const std::string& name : GemmKernelNames()) {
    if (name == "matrix_vector") continue;
    SCOPED_TRACE(name);
    for (int32_t parts : {2, 3, 7}) {
      const ForcedKernel forced(name, parts);
      for (const WeightKind& kind : {kWeightKinds[2], kWeightKinds[4]}) {
        Case test;
        test.shape = {37, 150, 450};
        test.kind = kind;
        test.out_type = kS8;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemm, TakesRowsAtAnyStrideAndOffset) {
  for (int64_t m : {3, 37}) {
    for (int64_t gap : {0, 1, 4, 16}) {
      for (int64_t shift : {0, 1, 8, 16}) {
        for (DLDataType type : {kS8, kF16}) {
          Case test;
          test.shape = {m, 80, 48};
          test.a_type = type;
          test.kind = kWeightKinds[2];
          test.out_type = shift % 2 == 0 ? kU8 : kBF16;
          test.residual_type = shift % 2 == 0 ? kF16 : kS8;
          test.gap = gap;
          test.shift = shift;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST(CudaGemm, QuantizesFloatsOfEveryTypeOnOneGridAndByRows) {
  for (DLDataType type : kFloatTypes) {
    for (bool dynamic : {false, true}) {
      for (int64_t m : {2, 21, 70}) {
        for (int64_t k : {75, 160, 1300}) {
          Case test;
          test.shape = {m, 40, k};
          test.a_type = type;
          test.kind = kWeightKinds[m == 21 ? 2 : 0];
          test.dynamic = dynamic;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST(CudaGemm, EveryEpilogueEqualsTheCpu) {
  for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
    for (DLDataType type : kAllTypes) {
      for (octet_residual_place place : {OCTET_RESIDUAL_AFTER_ACTIVATION, OCTET_RESIDUAL_BEFORE_ACTIVATION}) {
        Case test;
        test.shape = {activation % 2 == 0 ? 35 : 6, 49, 70};
        test.activation = static_cast<octet_activation>(activation);
        test.out_type = type;
        test.residual_type = kAllTypes[(activation + type.bits / 8) % 5];
        test.place = place;
        test.bias = place == OCTET_RESIDUAL_AFTER_ACTIVATION;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemm, ResidualMayBeTheOutput) {
  for (int64_t m : {4, 20, 70}) {
    Weights weights(96, 64, kWeightKinds[0], 5);
    weights.Pack();
    const DeviceWeights on_device(weights);
    const CodeGrid grid(kS8, 0.0078125f, 7.0f);
    const GemmRun run = {&weights, &on_device, &grid.grid};
    Tensor a(kS8, {m, 64});
    Fill(&a, 1);
    const auto outputs = [m] {
      std::vector<Tensor> out;
      out.emplace_back(kF32, std::vector<int64_t>{m, 96});
      out[0].Fill(RandomValues(m * 96, 2.0f, 6));
      return out;
    };
    ExpectSameOnDevice({&a}, outputs, [&](const Tensors& in, const Tensors& out) {
      octet_epilogue epilogue = {};
      epilogue.residual = out[0];
      return RunWhereItIs(run, in[0], &epilogue, out[0]);
    });
  }
}

TEST(CudaGemm, NanAndInfinityInRows) {
  for (int64_t m : {5, 40}) {
    Weights weights(20, 70, kWeightKinds[0], 5);
    weights.Pack();
    const DeviceWeights on_device(weights);
    const GemmRun run = {&weights, &on_device, nullptr};
    Tensor a(kF32, {m, 70});
    Fill(&a, 1);
    a.Set(70 + 3, NAN);
    a.Set(2 * 70 + 69, INFINITY);
    a.Set(3 * 70, -INFINITY);
    Tensor out(kF32, {m, 20});
    Tensor expected(kF32, {m, 20});
    ASSERT_OK(RunWhereItIs(run, a.dl(), nullptr, expected.dl()));
    OnDevice a_device(&a);
    OnDevice out_device(&out);
    ASSERT_OK(RunWhereItIs(run, a_device.dl(), nullptr, out_device.dl()));
    out_device.Fetch();
    // NaNs differ in sign and payload: those of a device have a value of their own.
    for (int64_t i = 0; i < out.count(); ++i) {
      if (i / 20 >= 1 && i / 20 <= 3) {
        EXPECT_TRUE(std::isnan(out.Get(i)) && std::isnan(expected.Get(i))) << i;
      } else {
        EXPECT_EQ(out.Get(i), expected.Get(i)) << i;
      }
    }
  }
}

TEST(CudaGemm, SumsAreExactAtTheirLimits) {
  for (int w : {-128, 127}) {
    Case test;
    test.shape = {2, 3, 65793};
    test.a_type = kU8;
    test.kind = {kS8, OCTET_WEIGHTS_8_BIT, w, w, false, false};
    ExpectSame(test);
  }
  for (int64_t m : {2, 10}) {
    // Half bytes that are bytes on the device.
    Case test;
    test.shape = {m, 2, 65800};
    test.kind = kWeightKinds[4];
    ExpectSame(test);
  }
}

TEST(CudaGemm, MessagesNameWhatIsInTheWrongPlace) {
  Weights weights(8, 16, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceWeights on_device(weights);
  const CodeGrid grid(kS8, 0.01f, 0.0f);
  Tensor a(kS8, {2, 16});
  Fill(&a, 1);
  Tensor out(kF32, {2, 8});
  OnDevice a_device(&a);
  size_t bytes = 0;
  EXPECT_EQ(octet_gemm_workspace_size(a.dl(), on_device.handle(), 64, &bytes), OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "weights on cuda:0"), nullptr) << octet_last_error();
  EXPECT_EQ(octet_gemm_workspace_size(a_device.dl(), weights.packed->data(), weights.packed->size(), &bytes),
            OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "octet_gemm_to_device"), nullptr) << octet_last_error();
  octet_gemm_info info;
  ASSERT_OK(octet_gemm_packed_info(on_device.handle(), 64, &info));
  EXPECT_EQ(info.n, 8);
  EXPECT_EQ(info.k, 16);
  Aligned handle(64);
  EXPECT_EQ(octet_gemm_to_device(on_device.handle(), 64, 0, nullptr, 0, handle.data(), nullptr),
            OCTET_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace test
}  // namespace octet
