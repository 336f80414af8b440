// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cuda/gemm_on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Order of the dimensions of an operand in memory. */
enum class Order { kPlain, kBatchInside, kGaps, kShifted };

/** Dimensions [..., rows, columns] of a tensor in memory in some order; strides for DLTensors over it. */
struct Placed {
  Placed(DLDataType type, const std::vector<int64_t>& wanted, Order order) : shape(wanted), strides(wanted.size()) {
    const size_t dims = shape.size();
    const int64_t gap = order == Order::kGaps ? 3 : 0;
    shift = order == Order::kShifted ? 1 : 0;
    // The dimension before the rows changes faster than rows do: heads that lie side by side.
    std::vector<size_t> from_inside;
    from_inside.push_back(dims - 1);
    const bool exchanged = order == Order::kBatchInside && dims > 2;
    from_inside.push_back(exchanged ? dims - 3 : dims - 2);
    if (exchanged) from_inside.push_back(dims - 2);
    for (size_t d = dims - from_inside.size(); d-- > 0;) from_inside.push_back(d);
    int64_t stride = 1;
    for (size_t i = 0; i < dims; ++i) {
      strides[from_inside[i]] = stride;
      stride *= shape[from_inside[i]] + (i == 0 ? gap : 0);
    }
    memory = std::make_unique<Tensor>(type, std::vector<int64_t>{stride + shift});
  }

  void Fill(uint32_t seed) {
    const DLDataType type = memory->type();
    if (type.bits == 8) {
      const int least = type.code == kDLUInt ? 0 : -128;
      memory->Fill(RandomCodes(memory->count(), least, least + 255, seed));
    } else {
      memory->Fill(RandomValues(memory->count(), 1.0f, seed));
    }
  }

  DLTensor Of(const DLTensor& whole) {
    DLTensor tensor = whole;
    tensor.ndim = static_cast<int32_t>(shape.size());
    tensor.shape = shape.data();
    tensor.strides = strides.data();
    tensor.byte_offset += static_cast<uint64_t>(shift * (whole.dtype.bits / 8));
    return tensor;
  }

  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  int64_t shift;
  std::unique_ptr<Tensor> memory;
};

/** What a product is made of; each field has the value of a plain one. */
struct Case {
  std::vector<int64_t> a;
  /** [..., K, N]. */
  std::vector<int64_t> b;
  bool transpose_b = false;
  DLDataType a_type = kS8;
  DLDataType b_type = kS8;
  DLDataType out_type = kF32;
  float b_zero_point = 0.0f;
  Order order = Order::kPlain;
  Order out_order = Order::kPlain;
  octet_activation activation = OCTET_ACTIVATION_NONE;
  /** Bits 0: none. */
  DLDataType residual_type = {kDLFloat, 0, 1};
};

std::string Words(const std::vector<int64_t>& shape) {
  std::string words = "[";
  for (int64_t size : shape) words += std::to_string(size) + " ";
  return words + "]";
}

std::vector<int64_t> OutShape(const Case& test) {
  std::vector<int64_t> out(std::max(test.a.size(), test.b.size()));
  for (size_t d = 1; d <= out.size(); ++d) {
    const int64_t of_a = d <= test.a.size() ? test.a[test.a.size() - d] : 1;
    const int64_t of_b = d <= test.b.size() ? test.b[test.b.size() - d] : 1;
    out[out.size() - d] = d == 1 ? of_b : d == 2 ? of_a : of_a == 1 ? of_b : of_a;
  }
  return out;
}

void ExpectSame(const Case& test) {
  SCOPED_TRACE(Words(test.a) + " x " + Words(test.b) + (test.transpose_b ? "^T, " : ", ") + TypeName(test.a_type) +
               " * " + TypeName(test.b_type) + " to " + TypeName(test.out_type) + ", orders " +
               std::to_string(static_cast<int>(test.order)) + " and " +
               std::to_string(static_cast<int>(test.out_order)));
  std::vector<int64_t> b_shape = test.b;
  if (test.transpose_b) std::swap(b_shape[b_shape.size() - 1], b_shape[b_shape.size() - 2]);
  Placed a(test.a_type, test.a, test.order);
  Placed b(test.b_type, b_shape, test.order);
  a.Fill(17);
  b.Fill(18);
  const std::vector<int64_t> shape = OutShape(test);
  Placed out(test.out_type, shape, test.out_order);
  const bool has_residual = test.residual_type.bits != 0;
  Placed residual(has_residual ? test.residual_type : kF32, shape, test.out_order);
  residual.Fill(4);
  Tensor bias = Tensor::Of(RandomValues(shape.back(), 1.0f, 3));
  const TensorGrid a_grid(test.a_type, 0.02f, 5.0f);
  const TensorGrid b_grid(test.b_type, 0.015625f, test.b_zero_point);
  const TensorGrid out_grid(test.out_type, 0.31f, 5.0f);
  const TensorGrid residual_grid(test.residual_type, 0.05f, 9.0f);
  ExpectSameOnDevice(
      {a.memory.get(), b.memory.get(), &bias, residual.memory.get()}, OneOutput(test.out_type, out.memory->shape()),
      [&](const Tensors& in, const Tensors& to) {
        DLTensor a_dl = a.Of(*in[0]);
        DLTensor b_dl = b.Of(*in[1]);
        DLTensor residual_dl = residual.Of(*in[3]);
        DLTensor out_dl = out.Of(*to[0]);
        octet_epilogue epilogue = {};
        epilogue.bias = in[2];
        epilogue.activation = test.activation;
        epilogue.residual = has_residual ? &residual_dl : nullptr;
        epilogue.residual_grid = has_residual ? residual_grid.get() : nullptr;
        epilogue.out_grid = out_grid.get();
        return RunWhereItIs({a_grid.get(), b_grid.get(), test.transpose_b}, &a_dl, &b_dl, &epilogue, &out_dl);
      });
}

constexpr DLDataType kAllTypes[] = {kF32, kF16, kBF16, kS8, kU8};
constexpr int64_t kSizes[] = {0, 1, 7, 17, 66, 129};

TEST(CudaMatmul, IntegersEqualTheCpuForAnyShape) {
  int number = 0;
  for (int64_t m : kSizes) {
    for (int64_t n : kSizes) {
      for (int64_t k : kSizes) {
        Case test;
        const int64_t count = number % 3 + 1;
        test.a = {count, m, k};
        test.b = {count, k, n};
        test.transpose_b = number % 2 == 0;
        test.a_type = number % 4 < 2 ? kS8 : kU8;
        test.b_type = number % 8 < 4 ? kS8 : kU8;
        test.b_zero_point = number % 5 == 0 ? 131.0f : test.b_type.code == kDLUInt ? 128.0f : 0.0f;
        test.out_type = kAllTypes[number % 5];
        ++number;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaMatmul, IntegersEqualTheCpuWithEveryKernel) {
  for (const std::string& name : GemmKernelNames()) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    for (DLDataType type : {kS8, kU8}) {
      Case test;
      test.a = {3, 2, 37, 80};
      test.b = {3, 2, 80, 150};
      test.transpose_b = type.code == kDLUInt;
      test.a_type = type;
      test.b_type = type;
      test.b_zero_point = 3.0f;
      test.out_type = kS8;
      ExpectSame(test);
    }
  }
}

TEST(CudaMatmul, IntegersOfFewRowsEqualTheCpu) {
  for (const char* name : {"matrix_vector", ""}) {
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    int number = 0;
    for (int64_t m : {1, 2, 3, 5, 8}) {
      // With and without several warps for the same columns, and K that is no multiple of 16.
      for (int64_t k : {0, 16, 200, 1031}) {
        Case test;
        test.a = {3, 2, m, k};
        test.b = {3, number % 3 == 0 ? 1 : 2, k, number % 2 == 0 ? 37 : 260};
        test.a_type = number % 4 < 2 ? kS8 : kU8;
        test.b_type = number % 8 < 4 ? kS8 : kU8;
        test.b_zero_point = number % 5 == 0 ? 131.0f : test.b_type.code == kDLUInt ? 128.0f : 0.0f;
        test.transpose_b = number % 2 == 1;
        test.out_type = kAllTypes[number % 5];
        test.residual_type = kAllTypes[(number + 1) % 5];
        test.order = static_cast<Order>(number % 4);
        test.out_order = static_cast<Order>(number / 2 % 4);
        ++number;
        ExpectSame(test);
      }
    }
  }
}

/** Shapes of all kinds of broadcasting: the left one, the right one, dimensions of both. */
const Case kBatches[] = {
    {{3, 4, 40}, {40, 21}},
    {{4, 40}, {3, 40, 21}},
    {{2, 1, 4, 40}, {1, 3, 40, 21}},
    {{2, 3, 4, 40}, {2, 1, 40, 21}},
    {{2, 1, 4, 40}, {2, 3, 40, 21}},
    {{2, 3, 1, 40}, {1, 1, 40, 21}},
    {{1, 1, 1, 1, 2, 3, 4, 40}, {2, 1, 1, 2, 1, 1, 40, 21}},
    {{3, 2, 1, 2, 5, 16}, {1, 2, 2, 1, 16, 9}},
    {{0, 4, 40}, {40, 21}},
};

TEST(CudaMatmul, IntegersOfFewRowsBroadcast) {
  const ForcedKernel forced("matrix_vector");
  for (const Case& shapes : kBatches) {
    Case test = shapes;
    test.order = test.out_order = Order::kBatchInside;
    test.b_zero_point = 3.0f;
    ExpectSame(test);
  }
}

TEST(CudaMatmul, IntegersBroadcastInAnyOrderOfDimensions) {
  for (const Case& shapes : kBatches) {
    for (bool transposed : {false, true}) {
      for (Order order : {Order::kPlain, Order::kBatchInside, Order::kGaps, Order::kShifted}) {
        Case test = shapes;
        test.transpose_b = transposed;
        test.order = order;
        test.out_order = order;
        test.b_zero_point = transposed ? 3.0f : 0.0f;
        test.out_type = order == Order::kPlain ? kF32 : kS8;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaMatmul, IntegersOfHeadsThatLieSideBySide) {
  // Codes are read where they are: queries and keys of 64, rows of which are 4 * 64 apart.
  Case scores;
  scores.a = {2, 4, 33, 64};
  scores.b = {2, 4, 64, 45};
  scores.transpose_b = true;
  scores.order = Order::kBatchInside;
  ExpectSame(scores);
  Case context;
  context.a = {2, 4, 33, 45};
  context.b = {2, 4, 45, 64};
  context.out_order = Order::kBatchInside;
  context.out_type = kS8;
  ExpectSame(context);
}

TEST(CudaMatmul, IntegersAreReadInBoxesOfAnyBatch) {
  for (const std::string& name : GemmKernelNames()) {
    if (name.rfind("hopper", 0) != 0 || name.find("half_bytes") != std::string::npos) continue;
    SCOPED_TRACE(name);
    const ForcedKernel forced(name);
    int number = 0;
    for (const Case& shapes : kBatches) {
      for (Order order : {Order::kPlain, Order::kBatchInside, Order::kGaps}) {
        Case test = shapes;
        test.transpose_b = true;
        test.order = order;
        test.out_order = order;
        test.b_zero_point = number % 3 == 0 ? 3.0f : 0.0f;
        test.out_type = number % 2 == 0 ? kF32 : kS8;
        ++number;
        ExpectSame(test);
      }
    }
    // Several tiles and stages of each matrix; codes of heads are read where they are.
    for (Order order : {Order::kPlain, Order::kBatchInside}) {
      Case test;
      test.a = {2, 3, 150, 320};
      test.b = {2, 3, 320, 270};
      test.transpose_b = true;
      test.order = order;
      test.out_order = order;
      test.out_type = kS8;
      ExpectSame(test);
      test.a = {2, 4, 33, 64};
      test.b = {2, 4, 64, 45};
      test.a_type = kU8;
      ExpectSame(test);
      // A matrix whose rows are further apart than they are long.
      test.a = {1, 1, 130, 64};
      test.b = {1, 4, 64, 45};
      ExpectSame(test);
    }
  }
}

TEST(CudaMatmul, IntegersHaveEveryEpilogue) {
  int number = 0;
  for (int activation = OCTET_ACTIVATION_NONE; activation <= OCTET_ACTIVATION_HARDSIGMOID; ++activation) {
    for (DLDataType type : kAllTypes) {
      Case test;
      test.a = {2, 3, 19, 24};
      test.b = {2, 3, 24, 36};
      test.activation = static_cast<octet_activation>(activation);
      test.out_type = type;
      test.residual_type = kAllTypes[number % 5];
      test.out_order = number % 2 == 0 ? Order::kBatchInside : Order::kPlain;
      ++number;
      ExpectSame(test);
    }
  }
}

TEST(CudaMatmul, FloatsEqualTheCpuForAnyShape) {
  int number = 0;
  for (int64_t m : kSizes) {
    for (int64_t n : kSizes) {
      for (int64_t k : kSizes) {
        Case test;
        const int64_t count = number % 3 + 1;
        test.a = {count, m, k};
        test.b = {count, k, n};
        test.transpose_b = number % 2 == 0;
        test.a_type = kAllTypes[number % 5];
        test.b_type = kAllTypes[test.a_type.bits == 8 ? number % 3 : number / 5 % 5];
        test.out_type = kAllTypes[number / 2 % 5];
        ++number;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaMatmul, FloatsEqualTheCpuWithEveryKernelAndParts) {
  for (const char* name : {"float_64x64", "float_128x128"}) {
    for (int32_t parts : {1, 2, 3}) {
      SCOPED_TRACE(std::string(name) + ", parts " + std::to_string(parts));
      const ForcedKernel forced(name, parts);
      for (bool transposed : {false, true}) {
        Case test;
        test.a = {3, 2, 37, 600};
        test.b = {3, 1, 600, 150};
        test.a_type = kF32;
        test.b_type = kF16;
        test.transpose_b = transposed;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaMatmul, FloatsBroadcastInAnyOrderOfDimensions) {
  for (const Case& shapes : kBatches) {
    for (bool transposed : {false, true}) {
      for (Order order : {Order::kPlain, Order::kBatchInside, Order::kGaps, Order::kShifted}) {
        Case test = shapes;
        test.transpose_b = transposed;
        test.order = order;
        test.out_order = order;
        test.a_type = order == Order::kGaps ? kBF16 : kF32;
        test.b_type = transposed ? kF32 : kF16;
        test.out_type = order == Order::kPlain ? kF32 : kS8;
        test.residual_type = transposed ? kF16 : kF32;
        ExpectSame(test);
      }
    }
  }
}

TEST(CudaMatmul, MessagesNameWhatIsInTheWrongPlace) {
  Tensor a(kS8, {2, 16});
  Tensor b(kS8, {16, 8});
  a.Fill(RandomCodes(a.count(), -128, 127, 1));
  OnDevice a_device(&a);
  size_t bytes = 0;
  EXPECT_EQ(octet_matmul_workspace_size(a_device.dl(), b.dl(), 0, &bytes), OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(octet_last_error(), "b is on cpu"), nullptr) << octet_last_error();
}

}  // namespace
}  // namespace test
}  // namespace octet
