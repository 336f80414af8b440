// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>

#include "cuda/gemm_on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kAllTypes[] = {kF32, kF16, kBF16, kS8, kU8};
constexpr const char* kKernels[] = {"float_vector", "float_64x64", "float_128x128"};

/** What a product is made of; each field has the value of a plain one. */
struct Case {
  int64_t m, n, k;
  DLDataType a_type = kF32;
  /** -1: floats; else one of kWeightKinds. */
  int kind = -1;
  DLDataType out_type = kF32;
  octet_activation activation = OCTET_ACTIVATION_NONE;
  bool bias = true;
  /** Bits 0: none. */
  DLDataType residual_type = {kDLFloat, 0, 1};
  octet_residual_place place = OCTET_RESIDUAL_AFTER_ACTIVATION;
  /** Elements of gaps after rows, and before the first one. */
  int64_t gap = 0;
  int64_t shift = 0;
  /** Whether there are NaNs, infinities, denormals and zeros of both signs. */
  bool edges = false;
};

/** The rows of a tensor [m + 1, columns + gap], shifted. */
struct RowsOf {
  RowsOf(const DLTensor& whole, const Case& test, int64_t columns)
      : shape{test.m, columns}, strides{columns + test.gap, 1}, dl(whole) {
    dl.ndim = 2;
    dl.shape = shape;
    dl.strides = strides;
    dl.byte_offset += static_cast<uint64_t>(test.shift * (whole.dtype.bits / 8));
  }
  int64_t shape[2];
  int64_t strides[2];
  DLTensor dl;
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
  const int64_t m = test.m, n = test.n, k = test.k;
  SCOPED_TRACE(std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k) + ", " +
               TypeName(test.a_type) + " * kind " + std::to_string(test.kind) + " to " + TypeName(test.out_type) +
               ", activation " + std::to_string(test.activation) + ", gap " + std::to_string(test.gap) + ", shift " +
               std::to_string(test.shift));
  const FloatOrCodes weights =
      test.kind < 0 ? FloatOrCodes(n, k, test.edges ? MixedValues(n * k, 1.0f, 9) : RandomValues(n * k, 1.0f, 9))
                    : FloatOrCodes(n, k, kWeightKinds[test.kind]);
  const TensorGrid a_grid(test.a_type, 0.0078125f, 7.0f);
  const TensorGrid out_grid(test.out_type, 0.31f, 5.0f);
  const TensorGrid residual_grid(test.residual_type, 0.05f, 9.0f);
  const auto room = [&](int64_t columns) { return std::vector<int64_t>{(m + 1) * (columns + test.gap) + test.shift}; };
  Tensor a(test.a_type, room(k));
  Fill(&a, test.edges, 17);
  Tensor bias = Tensor::Of(RandomValues(n, 1.0f, 3));
  const bool has_residual = test.residual_type.bits != 0;
  Tensor residual(has_residual ? test.residual_type : kF32, room(n));
  Fill(&residual, false, 8);
  ExpectSameOnDevice({&a, &bias, &residual}, OneOutput(test.out_type, room(n)),
                     [&](const Tensors& in, const Tensors& out) {
                       octet_epilogue epilogue = {};
                       epilogue.bias = test.bias ? in[1] : nullptr;
                       epilogue.activation = test.activation;
                       RowsOf residual_rows(*in[2], test, n);
                       epilogue.residual = has_residual ? &residual_rows.dl : nullptr;
                       epilogue.residual_place = test.place;
                       epilogue.residual_grid = has_residual ? residual_grid.get() : nullptr;
                       epilogue.out_grid = out_grid.get();
                       RowsOf a_rows(*in[0], test, k);
                       RowsOf out_rows(*out[0], test, n);
                       return RunWhereItIs(weights, &a_rows.dl, a_grid.get(), &epilogue, &out_rows.dl);
                     });
}

TEST(CudaGemmFloat, EqualsTheCpuForAnyShape) {
  int number = 0;
  for (int64_t m : {0, 1, 7, 17, 66, 129}) {
    for (int64_t n : {0, 1, 7, 66, 129}) {
      for (int64_t k : {0, 1, 7, 17, 130, 257}) {
        Case test = {m, n, k};
        test.a_type = kAllTypes[number % 5];
        test.kind = number % 8 - 1;
        test.out_type = kAllTypes[number / 3 % 5];
        ++number;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemmFloat, EqualsTheCpuWithEveryKernelAndKindOfWeights) {
  for (const char* name : kKernels) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (int kind = -1; kind < 7; ++kind) {
      for (DLDataType type : {kF32, kBF16, kU8}) {
        Case test = {type.bits == 32 ? 31 : 5, 140, 300};
        test.a_type = type;
        test.kind = kind;
        test.out_type = kind % 2 == 0 ? kS8 : kF32;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemmFloat, EqualsTheCpuForAnyNumberOfBlocksOfKAndParts) {
  for (const char* name : kKernels) {
    for (int32_t parts : {1, 2, 100}) {
      SCOPED_TRACE(std::string(name) + ", parts " + std::to_string(parts));
      const ForcedKernel forced(name, parts);
      for (int64_t k : {256, 272, 1029}) {
        for (int kind : {-1, 2, 4}) {
          Case test = {9, 70, k};
          test.kind = kind;
          test.out_type = kF16;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST(CudaGemmFloat, TakesRowsAtAnyStrideAndOffset) {
  for (const char* name : kKernels) {
    const ForcedKernel forced(name);
    for (int64_t gap : {0, 1, 4}) {
      for (int64_t shift : {0, 1, 4}) {
        for (DLDataType type : {kF32, kF16, kS8}) {
          Case test = {10, 80, 48};
          test.a_type = type;
          test.out_type = shift % 2 == 0 ? type : kBF16;
          test.residual_type = shift % 2 == 0 ? kF16 : kS8;
          test.gap = gap;
          test.shift = shift;
          ExpectSame(test);
        }
      }
    }
  }
}

TEST(CudaGemmFloat, EveryEpilogueEqualsTheCpu) {
  for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
    for (DLDataType type : kAllTypes) {
      for (octet_residual_place place : {OCTET_RESIDUAL_AFTER_ACTIVATION, OCTET_RESIDUAL_BEFORE_ACTIVATION}) {
        Case test = {activation % 2 == 0 ? 35 : 6, 49, 70};
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

TEST(CudaGemmFloat, NanInfinityDenormalsAndZerosOfBothSigns) {
  for (const char* name : kKernels) {
    SCOPED_TRACE(name);
    for (int32_t parts : {1, 2}) {
      const ForcedKernel forced(name, parts);
      for (int64_t k : {3, 5, 300}) {
        Case test = {21, 37, k};
        test.edges = true;
        test.bias = false;
        ExpectSame(test);
        test.kind = 2;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaGemmFloat, SumsKeepTheSignOfZero) {
  // Products that are too small for f32 and below zero leave -0, which what fills up K must not change.
  for (const char* name : kKernels) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    const FloatOrCodes weights(3, 5, std::vector<float>(15, -1e-30f));
    Tensor a(kF32, {2, 5});
    a.Fill(std::vector<float>(10, 1e-30f));
    ExpectSameOnDevice({&a}, OneOutput(kF32, {2, 3}), [&](const Tensors& in, const Tensors& out) {
      return RunWhereItIs(weights, in[0], nullptr, nullptr, out[0]);
    });
    Tensor out(kF32, {2, 3});
    ASSERT_OK(RunWhereItIs(weights, a.dl(), nullptr, nullptr, out.dl()));
    EXPECT_EQ(out.Bits(0), 0x80000000u);
  }
}

TEST(CudaGemmFloat, MessagesNameWhatIsInTheWrongPlace) {
  const FloatOrCodes weights(8, 16, RandomValues(128, 1.0f, 1));
  const FloatOrCodes codes(8, 16, kWeightKinds[0]);
  Tensor a(kF32, {2, 16});
  a.Fill(RandomValues(32, 1.0f, 1));
  OnDevice a_device(&a);
  size_t bytes = 0;
  EXPECT_EQ(octet_gemm_float_workspace_size(a.dl(), weights.packed(true), 64, &bytes), OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "weights on cuda:0"), nullptr) << octet_last_error();
  EXPECT_EQ(octet_gemm_float_workspace_size(a_device.dl(), weights.packed(false), weights.bytes(false), &bytes),
            OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "octet_gemm_float_to_device"), nullptr) << octet_last_error();
  EXPECT_EQ(octet_gemm_float_device_size(codes.packed(false), codes.bytes(false), &bytes), OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "octet_gemm_to_device"), nullptr) << octet_last_error();
  Aligned handle(64);
  EXPECT_EQ(octet_gemm_float_to_device(weights.packed(true), 64, 0, nullptr, 0, handle.data(), nullptr),
            OCTET_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace test
}  // namespace octet
