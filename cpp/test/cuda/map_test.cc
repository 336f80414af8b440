// SPDX-License-Identifier: Apache-2.0
// Functions of single elements, and copies.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0371f;

/** Values, or codes of all kinds. */
Tensor Filled(DLDataType type, std::vector<int64_t> shape, Layout layout, uint32_t seed) {
  Tensor tensor(type, std::move(shape), layout);
  const std::vector<float> values = MixedValues(tensor.count(), kScale, seed);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const auto code = static_cast<double>((i * 37 + seed) % 256);
    tensor.Set(i, type.bits != 8        ? static_cast<double>(values[static_cast<size_t>(i)])
                  : type.code == kDLInt ? code - 128.0
                                        : code);
  }
  return tensor;
}

TensorGrid GridOf(DLDataType type) { return TensorGrid(type, 0.043f, type.code == kDLInt ? -7.0f : 101.0f); }

TEST(CudaUnary, EqualsTheCpuForEveryFunction) {
  for (int function = OCTET_IDENTITY; function <= OCTET_MISH; ++function) {
    SCOPED_TRACE(function);
    Tensor x(kF32, {3, 339});
    std::vector<float> values = MixedValues(x.count(), kScale, 5);
    for (size_t i = 0; i < values.size(); i += 3) values[i] *= 40.0f;
    x.Fill(values);
    for (float first : {0.0f, 1.5f, 3.0f, -2.0f, 0.5f}) {
      ExpectSameOnDevice({&x}, OneOutput(kF32, x.shape(), Layout::kShifted),
                         [&](const Tensors& in, const Tensors& out) {
                           return octet_unary(static_cast<octet_unary_function>(function), first, 4.0f, in[0], nullptr,
                                              out[0], nullptr, nullptr);
                         });
      const bool has_first =
          function == OCTET_POW || function == OCTET_CLAMP || function == OCTET_LEAKY_RELU || function == OCTET_ELU;
      if (!has_first) break;
    }
  }
}

TEST(CudaUnary, EqualsTheCpuForEveryPairOfTypes) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType out_type : kValueTypes) {
      for (octet_unary_function function : {OCTET_IDENTITY, OCTET_SILU}) {
        SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type));
        Tensor x = Filled(type, {7, 83}, Layout::kShifted, 3);
        const TensorGrid grid = GridOf(type);
        const TensorGrid out_grid = GridOf(out_type);
        ExpectSameOnDevice(
            {&x}, OneOutput(out_type, x.shape(), Layout::kShifted), [&](const Tensors& in, const Tensors& out) {
              return octet_unary(function, 0.0f, 0.0f, in[0], grid.get(), out[0], out_grid.get(), nullptr);
            });
      }
    }
  }
}

TEST(CudaUnary, TakesAnyLayoutAndBroadcasts) {
  for (Layout in_layout : kDeviceInputLayouts) {
    for (Layout out_layout : kDeviceOutputLayouts) {
      Tensor x = Filled(kBF16, {4, 5, 33}, in_layout, 4);
      ExpectSameOnDevice({&x}, OneOutput(kF16, x.shape(), out_layout), [&](const Tensors& in, const Tensors& out) {
        return octet_unary(OCTET_TANH, 0.0f, 0.0f, in[0], nullptr, out[0], nullptr, nullptr);
      });
    }
  }
  Tensor row = Filled(kF32, {1, 33}, Layout::kCompact, 4);
  ExpectSameOnDevice({&row}, OneOutput(kF32, {2, 5, 33}), [&](const Tensors& in, const Tensors& out) {
    return octet_unary(OCTET_ABS, 0.0f, 0.0f, in[0], nullptr, out[0], nullptr, nullptr);
  });
}

TEST(CudaUnary, WorksInPlaceAndOnNothing) {
  Tensor x = Filled(kF32, {1000}, Layout::kShifted, 9);
  Tensor expected = Filled(kF32, {1000}, Layout::kShifted, 9);
  ASSERT_OK(octet_unary(OCTET_NEG, 0.0f, 0.0f, expected.dl(), nullptr, expected.dl(), nullptr, nullptr));
  OnDevice there(&x);
  ASSERT_OK(octet_unary(OCTET_NEG, 0.0f, 0.0f, there.dl(), nullptr, there.dl(), nullptr, nullptr));
  there.Fetch();
  EXPECT_TRUE(SameBits(x, expected));
  Tensor none(kF32, {3, 0});
  ExpectSameOnDevice({&none}, OneOutput(kF32, {3, 0}), [&](const Tensors& in, const Tensors& out) {
    return octet_unary(OCTET_NEG, 0.0f, 0.0f, in[0], nullptr, out[0], nullptr, nullptr);
  });
}

TEST(CudaBinary, EqualsTheCpuForEveryFunctionAndActivation) {
  Tensor a = Filled(kF32, {9, 71}, Layout::kCompact, 6);
  Tensor b = Filled(kF32, {9, 71}, Layout::kShifted, 7);
  for (int function = OCTET_ADD; function <= OCTET_MAX; ++function) {
    for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
      if (function != OCTET_ADD && activation > OCTET_ACTIVATION_RELU) continue;
      SCOPED_TRACE(std::to_string(function) + ", " + std::to_string(activation));
      ExpectSameOnDevice({&a, &b}, OneOutput(kF32, a.shape()), [&](const Tensors& in, const Tensors& out) {
        return octet_binary(static_cast<octet_binary_function>(function), in[0], nullptr, in[1], nullptr,
                            static_cast<octet_activation>(activation), out[0], nullptr, nullptr);
      });
    }
  }
}

TEST(CudaBinary, EqualsTheCpuForTypesLayoutsAndBroadcasts) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType out_type : kValueTypes) {
      SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type));
      Tensor a = Filled(type, {6, 5, 37}, Layout::kTransposed, 8);
      Tensor b = Filled(kS8, {37}, Layout::kShifted, 9);
      const TensorGrid a_grid = GridOf(type);
      const TensorGrid b_grid = GridOf(kS8);
      const TensorGrid out_grid = GridOf(out_type);
      ExpectSameOnDevice({&a, &b}, OneOutput(out_type, a.shape(), Layout::kGaps),
                         [&](const Tensors& in, const Tensors& out) {
                           return octet_binary(OCTET_ADD, in[0], a_grid.get(), in[1], b_grid.get(),
                                               OCTET_ACTIVATION_RELU, out[0], out_grid.get(), nullptr);
                         });
    }
  }
}

TEST(CudaCompare, EqualsTheCpu) {
  for (int comparison = OCTET_EQUAL; comparison <= OCTET_GREATER_EQUAL; ++comparison) {
    const auto which = static_cast<octet_comparison>(comparison);
    for (DLDataType type : kValueTypes) {
      Tensor a = Filled(type, {5, 67}, Layout::kShifted, 1);
      Tensor b = Filled(type, {5, 1}, Layout::kCompact, 2);
      const TensorGrid grid = GridOf(type);
      ExpectSameOnDevice({&a, &b}, OneOutput(kBool, a.shape(), Layout::kShifted),
                         [&](const Tensors& in, const Tensors& out) {
                           return octet_compare(which, in[0], grid.get(), in[1], grid.get(), out[0], nullptr);
                         });
    }
    for (DLDataType type : {kS32, kS64}) {
      Tensor a(type, {131}, Layout::kShifted);
      Tensor b(kS32, {131});
      for (int64_t i = 0; i < 131; ++i) {
        a.Set(i, static_cast<double>(i % 7 - 3));
        b.Set(i, static_cast<double>(i % 5 - 2));
      }
      ExpectSameOnDevice({&a, &b}, OneOutput(kU8, a.shape()), [&](const Tensors& in, const Tensors& out) {
        return octet_compare(which, in[0], nullptr, in[1], nullptr, out[0], nullptr);
      });
    }
  }
}

TEST(CudaWhere, EqualsTheCpuForEverySizeOfElements) {
  for (DLDataType type : {kU8, kBF16, kF32, kS64}) {
    Tensor mask(kBool, {7, 45}, Layout::kShifted);
    Tensor a(type, {7, 45});
    Tensor b(type, {7, 1});
    for (int64_t i = 0; i < mask.count(); ++i) mask.Set(i, i % 3 == 0 ? 1.0 : 0.0);
    for (int64_t i = 0; i < a.count(); ++i) a.Set(i, static_cast<double>(i % 100));
    for (int64_t i = 0; i < b.count(); ++i) b.Set(i, static_cast<double>(101 + i));
    ExpectSameOnDevice(
        {&mask, &a, &b}, OneOutput(type, a.shape(), Layout::kShifted),
        [&](const Tensors& in, const Tensors& out) { return octet_where(in[0], in[1], in[2], out[0], nullptr); });
  }
}

TEST(CudaCopy, TransposesPlanesOfAnySides) {
  // Sides about those of tiles: 32 elements of four and eight bytes, 64 of two, 128 of one.
  const std::vector<int64_t> planes[] = {{2, 8, 8},    {1, 129, 127}, {3, 66, 31},
                                         {1, 49, 260}, {2, 130, 9},   {1, 64, 128}};
  for (DLDataType type : {kU8, kBF16, kF32, kF64}) {
    for (const std::vector<int64_t>& shape : planes) {
      for (int64_t shift : {0, 1, 2, 4}) {
        SCOPED_TRACE(TypeName(type) + " " + std::to_string(shape[1]) + " x " + std::to_string(shape[2]) + ", " +
                     std::to_string(shift) + " elements in front");
        Placement placement;
        placement.dims = {{1, shift == 2 ? 1 : 0}, {2, shift}, {0}};
        placement.shift = shift * type.bits / 8;
        Tensor x(type, shape, placement);
        for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>((i * 7 + i / 251) % 251));
        ExpectSameOnDevice({&x}, OneOutput(type, shape, shift % 2 == 0 ? Layout::kCompact : Layout::kShifted),
                           [](const Tensors& in, const Tensors& out) { return octet_copy(in[0], out[0], nullptr); });
      }
    }
  }
}

TEST(CudaCopy, EqualsTheCpuForEverySizeOfElementsAndLayout) {
  for (DLDataType type : {kU8, kF16, kF32, kF64}) {
    for (Layout in_layout : kDeviceInputLayouts) {
      for (Layout out_layout : kDeviceOutputLayouts) {
        SCOPED_TRACE(TypeName(type) + ", " + std::to_string(static_cast<int>(in_layout)) + " to " +
                     std::to_string(static_cast<int>(out_layout)));
        Tensor x(type, {3, 41, 70}, in_layout);
        for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>(i % 251));
        ExpectSameOnDevice({&x}, OneOutput(type, x.shape(), out_layout),
                           [&](const Tensors& in, const Tensors& out) { return octet_copy(in[0], out[0], nullptr); });
      }
    }
  }
}

TEST(CudaCast, EqualsTheCpuForEveryPairOfTypes) {
  constexpr DLDataType kTypes[] = {kF32, kF16, kBF16, kS32, kS64, kBool};
  for (DLDataType type : kTypes) {
    for (DLDataType out_type : kTypes) {
      SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type));
      Tensor x(type, {4, 79}, Layout::kShifted);
      const std::vector<float> values = MixedValues(x.count(), kScale, 11);
      for (int64_t i = 0; i < x.count(); ++i) {
        const float value = values[static_cast<size_t>(i)];
        const bool is_float = type.code == kDLFloat || type.code == kDLBfloat;
        if (is_float) {
          x.Set(i, static_cast<double>(value));
        } else if (type.code == kDLBool) {
          x.Set(i, static_cast<double>(i % 3));
        } else {
          x.Set(i,
                std::isfinite(value) ? std::fmod(std::trunc(static_cast<double>(value) * 1000.0), 2e9) : 2147483647.0);
        }
      }
      ExpectSameOnDevice({&x}, OneOutput(out_type, x.shape(), Layout::kShifted),
                         [&](const Tensors& in, const Tensors& out) { return octet_cast(in[0], out[0], nullptr); });
    }
  }
}

TEST(CudaLookUp, EqualsTheCpu) {
  Tensor table(kU8, {256}, Layout::kShifted);
  for (int64_t i = 0; i < 256; ++i) table.Set(i, static_cast<double>((i * 91 + 3) % 256));
  for (Layout layout : kDeviceInputLayouts) {
    Tensor x = Filled(kS8, {11, 53}, layout, 1);
    ExpectSameOnDevice(
        {&table, &x}, OneOutput(kU8, x.shape(), Layout::kShifted),
        [&](const Tensors& in, const Tensors& out) { return octet_look_up(in[0], in[1], out[0], nullptr); });
  }
}

TEST(CudaConcat, EqualsTheCpu) {
  Tensor a = Filled(kS8, {3, 17, 5}, Layout::kCompact, 1);
  Tensor b = Filled(kS8, {3, 2, 5}, Layout::kGaps, 2);
  Tensor c = Filled(kF32, {3, 4, 5}, Layout::kShifted, 3);
  const TensorGrid grid = GridOf(kS8);
  const TensorGrid other(kS8, 0.1f, 3.0f);
  ExpectSameOnDevice({&a, &b, &c}, OneOutput(kS8, {3, 23, 5}), [&](const Tensors& in, const Tensors& out) {
    const DLTensor* inputs[] = {in[0], in[1], in[2]};
    const octet_grid* grids[] = {grid.get(), other.get(), nullptr};
    return octet_concat(inputs, grids, 3, 1, out[0], grid.get(), nullptr);
  });
}

}  // namespace
}  // namespace test
}  // namespace octet
