// SPDX-License-Identifier: Apache-2.0
#include "octet/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/gemm.h"
#include "support/grids.h"
#include "support/product.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** A tensor of which the last dimension has a neighbour it does not use, so that rows have gaps. */
class Matrices {
 public:
  Matrices(DLDataType type, std::vector<int64_t> shape, bool gaps)
      : shape_(std::move(shape)), whole_(type, Wider(gaps)) {
    strides_.assign(shape_.size(), 1);
    const std::vector<int64_t>& wide = whole_.shape();
    for (size_t d = shape_.size() - 1; d > 0; --d) strides_[d - 1] = strides_[d] * wide[d];
  }
  Matrices(Matrices&&) = default;

  DLTensor* dl() {
    dl_ = *whole_.dl();
    dl_.shape = shape_.data();
    dl_.strides = strides_.data();
    return &dl_;
  }
  int64_t count() const {
    int64_t count = 1;
    for (int64_t size : shape_) count *= size;
    return count;
  }
  const std::vector<int64_t>& shape() const { return shape_; }
  double Get(int64_t index) const { return whole_.Get(Place(index)); }
  void Set(int64_t index, double value) { whole_.Set(Place(index), value); }

 private:
  std::vector<int64_t> Wider(bool gaps) const {
    std::vector<int64_t> wide = shape_;
    if (gaps) wide.back() += 3;
    return wide;
  }
  int64_t Place(int64_t index) const {
    const int64_t columns = shape_.back();
    return columns == 0 ? 0 : index / columns * whole_.shape().back() + index % columns;
  }

  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  Tensor whole_;
  DLTensor dl_;
};

octet_status RunMatmul(const DLTensor* a, const octet_grid* a_grid, const DLTensor* b, const octet_grid* b_grid,
                       bool transpose_b, const octet_epilogue* epilogue, DLTensor* out) {
  size_t bytes = 0;
  const octet_status status = octet_matmul_workspace_size(a, b, transpose_b ? 1 : 0, &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  return octet_matmul(a, a_grid, b, b_grid, transpose_b ? 1 : 0, epilogue, out, workspace.data(), workspace.size(),
                      nullptr);
}

struct Case {
  std::vector<int64_t> a;
  /** [..., K, N] */
  std::vector<int64_t> b;
  bool transpose_b;
  bool gaps;
};

std::string Name(const Case& c) {
  std::string name = "[";
  for (int64_t size : c.a) name += std::to_string(size) + " ";
  name += "] x [";
  for (int64_t size : c.b) name += std::to_string(size) + " ";
  return name + (c.transpose_b ? "]^T" : "]") + (c.gaps ? " with gaps" : "");
}

/** Number of an operand's matrix for one of the output's. */
int64_t BatchOf(const std::vector<int64_t>& operand, const std::vector<int64_t>& out, int64_t batch) {
  int64_t index = 0;
  int64_t stride = 1;
  for (size_t d = 3; d <= out.size(); ++d) {
    const int64_t size = out[out.size() - d];
    const int64_t at = batch % size;
    batch /= size;
    if (d > operand.size()) continue;
    const int64_t own = operand[operand.size() - d];
    if (own != 1) index += at * stride;
    stride *= own;
  }
  return index;
}

std::vector<int64_t> OutShape(const Case& c) {
  std::vector<int64_t> out(std::max(c.a.size(), c.b.size()));
  for (size_t d = 1; d <= out.size(); ++d) {
    const int64_t of_a = d <= c.a.size() ? c.a[c.a.size() - d] : 1;
    const int64_t of_b = d <= c.b.size() ? c.b[c.b.size() - d] : 1;
    out[out.size() - d] = d == 1 ? of_b : d == 2 ? of_a : of_a == 1 ? of_b : of_a;
  }
  return out;
}

void Fill(Matrices* to, const TensorGrid& grid, DLDataType type, uint32_t seed) {
  const std::vector<float> values = RandomValues(to->count(), 1.0f, seed);
  for (int64_t i = 0; i < to->count(); ++i) {
    const float value = values[static_cast<size_t>(i)];
    to->Set(i, type.bits == 8 ? grid.CodeOf(value) : static_cast<double>(value));
  }
}

/** Runs a product of two types with bias to f32 on all paths and compares it with the formula. */
void CheckProduct(const Case& c, DLDataType a_type, DLDataType b_type) {
  SCOPED_TRACE(Name(c) + " " + TypeName(a_type) + " * " + TypeName(b_type));
  const int64_t m = c.a[c.a.size() - 2], k = c.a.back(), n = c.b.back();
  std::vector<int64_t> b_shape = c.b;
  if (c.transpose_b) std::swap(b_shape[b_shape.size() - 1], b_shape[b_shape.size() - 2]);
  const TensorGrid a_grid(a_type, 0.02f, 5.0f);
  const TensorGrid b_grid(b_type, 0.03f, b_type.code == kDLUInt ? 131.0f : -3.0f);
  Matrices a(a_type, c.a, c.gaps);
  Matrices b(b_type, b_shape, c.gaps);
  Fill(&a, a_grid, a_type, 3);
  Fill(&b, b_grid, b_type, 4);
  Tensor bias = Tensor::Of(RandomValues(n, 1.0f, 5));
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  const std::vector<int64_t> shape = OutShape(c);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, shape);
    EXPECT_OK(RunMatmul(a.dl(), a_grid.get(), b.dl(), b_grid.get(), c.transpose_b, &epilogue, out[0].dl()));
    return out;
  });
  const bool integer = a_type.bits == 8 && b_type.bits == 8;
  const int64_t a_zero = 5, b_zero = b_type.code == kDLUInt ? 131 : -3;
  for (int64_t i = 0; i < outputs[0].count(); ++i) {
    const int64_t column = i % n, row = i / n % m, batch = i / (n * m);
    const int64_t a_first = (BatchOf(c.a, shape, batch) * m + row) * k;
    const int64_t b_first = BatchOf(c.b, shape, batch) * k * n;
    const auto b_at = [&](int64_t j) { return b.Get(b_first + (c.transpose_b ? column * k + j : j * n + column)); };
    const float offset = static_cast<float>(bias.Get(column));
    float expected;
    if (integer) {
      int64_t sum = 0;
      for (int64_t j = 0; j < k; ++j) {
        sum += (static_cast<int64_t>(a.Get(a_first + j)) - a_zero) * (static_cast<int64_t>(b_at(j)) - b_zero);
      }
      expected = std::fma(static_cast<float>(sum), 0.02f * 0.03f, offset);
    } else {
      expected = NaiveProduct(
                     k, [&](int64_t j) { return static_cast<float>(a_grid.ValueOf(a.Get(a_first + j))); },
                     [&](int64_t j) { return static_cast<float>(b_grid.ValueOf(b_at(j))); }) +
                 offset;
    }
    ASSERT_EQ(outputs[0].Get(i), static_cast<double>(expected)) << "element " << i;
  }
}

TEST(Matmul, EqualsTheFormulaForAllTypes) {
  for (DLDataType a : kValueTypes) {
    for (DLDataType b : kValueTypes) {
      CheckProduct({{2, 9, 21}, {2, 21, 37}, false, false}, a, b);
      CheckProduct({{2, 9, 21}, {2, 21, 37}, true, true}, a, b);
    }
  }
}

TEST(Matmul, TakesShapesOfAnySize) {
  for (int64_t m : {0, 1, 2, 5, 7, 14, 15}) {
    for (int64_t n : {0, 1, 8, 15, 16, 17, 33}) {
      for (int64_t k : {0, 1, 3, 4, 9, 65}) {
        const bool transposed = (m + n + k) % 2 == 0;
        CheckProduct({{m, k}, {k, n}, transposed, k % 2 == 0}, kF32, kF32);
        CheckProduct({{m, k}, {k, n}, transposed, k % 2 == 0}, kU8, kS8);
      }
    }
  }
}

TEST(Matmul, BroadcastsWhatComesBeforeTheMatrices) {
  for (DLDataType type : {kF32, kS8}) {
    for (bool transposed : {false, true}) {
      CheckProduct({{3, 4, 6}, {6, 5}, transposed, false}, type, type);
      CheckProduct({{4, 6}, {3, 6, 5}, transposed, true}, type, type);
      CheckProduct({{2, 1, 4, 6}, {1, 3, 6, 5}, transposed, false}, type, type);
      CheckProduct({{2, 3, 4, 6}, {2, 1, 6, 5}, transposed, true}, type, type);
      CheckProduct({{0, 4, 6}, {6, 5}, transposed, false}, type, type);
      CheckProduct({{1, 1, 1, 1, 2, 3, 4, 5}, {2, 1, 1, 2, 1, 1, 5, 3}, transposed, false}, type, type);
    }
  }
}

TEST(Matmul, CutsLargeProductsIntoBlocks) {
  // Several blocks of rows and of k, parts of the workspace, panels packed in turns; items for all threads.
  CheckProduct({{260, 300}, {300, 70}, false, false}, kF32, kF32);
  CheckProduct({{130, 513}, {513, 33}, true, false}, kF32, kF16);
  CheckProduct({{2, 1100}, {1100, 1000}, true, false}, kF32, kF32);
  CheckProduct({{2, 40000}, {40000, 35}, false, false}, kF32, kF32);
  CheckProduct({{2, 33025}, {33025, 35}, false, false}, kU8, kU8);
  CheckProduct({{140, 300}, {300, 160}, true, false}, kS8, kU8);
}

TEST(Matmul, LargeProductsShareMatricesBetweenThreads) {
  CheckProduct({{12, 40, 32}, {12, 32, 40}, true, false}, kF32, kF32);
  CheckProduct({{12, 40, 32}, {12, 32, 40}, false, false}, kU8, kS8);
}

TEST(Matmul, ReadsRowsThatRepeat) {
  // Three rows of memory, each of them four times; b is shared, so that they become one matrix.
  Tensor rows(kF32, {3, 6});
  Tensor b(kF32, {6, 5});
  rows.Fill(RandomValues(rows.count(), 1.0f, 1));
  b.Fill(RandomValues(b.count(), 1.0f, 2));
  int64_t shape[] = {3, 4, 6};
  int64_t strides[] = {6, 0, 1};
  DLTensor a = *rows.dl();
  a.ndim = 3;
  a.shape = shape;
  a.strides = strides;
  Tensor out(kF32, {3, 4, 5});
  Tensor expected(kF32, {3, 5});
  ASSERT_OK(RunMatmul(&a, nullptr, b.dl(), nullptr, false, nullptr, out.dl()));
  ASSERT_OK(RunMatmul(rows.dl(), nullptr, b.dl(), nullptr, false, nullptr, expected.dl()));
  for (int64_t i = 0; i < out.count(); ++i) EXPECT_EQ(out.Get(i), expected.Get(i / 20 * 5 + i % 5)) << i;
}

TEST(Matmul, RunsInTheWorkspaceOfOneThread) {
  const KeepSettings keep;
  ASSERT_OK(octet_set_num_threads(1));
  Tensor a(kF32, {9, 20, 16});
  Tensor b(kF32, {9, 16, 24});
  a.Fill(RandomValues(a.count(), 1.0f, 1));
  b.Fill(RandomValues(b.count(), 1.0f, 2));
  size_t bytes = 0;
  ASSERT_OK(octet_matmul_workspace_size(a.dl(), b.dl(), 0, &bytes));
  const Aligned workspace(bytes);
  Tensor expected(kF32, {9, 20, 24});
  Tensor out(kF32, {9, 20, 24});
  ASSERT_OK(octet_matmul(a.dl(), nullptr, b.dl(), nullptr, 0, nullptr, expected.dl(), workspace.data(),
                         workspace.size(), nullptr));
  ASSERT_OK(octet_set_num_threads(4));
  ASSERT_OK(octet_matmul(a.dl(), nullptr, b.dl(), nullptr, 0, nullptr, out.dl(), workspace.data(), workspace.size(),
                         nullptr));
  EXPECT_TRUE(SameBits(out, expected));
}

TEST(Matmul, KeepsNanAndInfinityWhereTheyBelong) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Tensor a(kF32, {3, 300});
  Tensor b(kF32, {300, 40});
  a.Fill(RandomValues(a.count(), 1.0f, 1));
  b.Fill(RandomValues(b.count(), 1.0f, 2));
  a.Set(0 * 300 + 7, NAN);
  a.Set(1 * 300 + 299, static_cast<double>(kInfinity));
  b.Set(299 * 40 + 39, 0.0);
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF32, std::vector<int64_t>{3, 40});
    EXPECT_OK(RunMatmul(a.dl(), nullptr, b.dl(), nullptr, false, nullptr, out[0].dl()));
    return out;
  });
  for (int64_t column = 0; column < 40; ++column) {
    EXPECT_TRUE(std::isnan(outputs[0].Get(column)));
    const double infinite = outputs[0].Get(40 + column);
    if (column == 39) {
      EXPECT_TRUE(std::isnan(infinite));
    } else {
      EXPECT_EQ(infinite, std::copysign(static_cast<double>(kInfinity), b.Get(299 * 40 + column)));
    }
    EXPECT_TRUE(std::isfinite(outputs[0].Get(80 + column)));
  }
}

TEST(Matmul, RunsTheEpilogue) {
  for (DLDataType type : {kF32, kU8}) {
    for (DLDataType out_type : kValueTypes) {
      for (octet_residual_place place : {OCTET_RESIDUAL_AFTER_ACTIVATION, OCTET_RESIDUAL_BEFORE_ACTIVATION}) {
        SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type));
        const TensorGrid grid(type, 0.02f, 120.0f);
        const TensorGrid out_grid(out_type, 0.05f, 9.0f);
        Tensor a(type, {2, 5, 12});
        Tensor b(type, {2, 12, 19});
        Tensor residual(kF16, {2, 5, 19});
        for (Tensor* tensor : {&a, &b, &residual}) {
          const std::vector<float> values = RandomValues(tensor->count(), 1.0f, 6);
          for (int64_t i = 0; i < tensor->count(); ++i) {
            const float value = values[static_cast<size_t>(i)];
            tensor->Set(i, tensor->type().bits == 8 ? grid.CodeOf(value) : static_cast<double>(value));
          }
        }
        Tensor bias = Tensor::Of(RandomValues(19, 1.0f, 5));
        octet_epilogue epilogue = {};
        epilogue.bias = bias.dl();
        epilogue.activation = OCTET_ACTIVATION_RELU;
        epilogue.residual = residual.dl();
        epilogue.residual_place = place;
        epilogue.out_grid = out_grid.get();
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(out_type, std::vector<int64_t>{2, 5, 19});
          EXPECT_OK(RunMatmul(a.dl(), grid.get(), b.dl(), grid.get(), false, &epilogue, out[0].dl()));
          return out;
        });
        Tensor sums(kF32, {2, 5, 19});
        octet_epilogue plain = {};
        plain.bias = bias.dl();
        ASSERT_OK(RunMatmul(a.dl(), grid.get(), b.dl(), grid.get(), false, &plain, sums.dl()));
        Tensor rounded(out_type, {1});
        for (int64_t i = 0; i < sums.count(); ++i) {
          const float sum = static_cast<float>(sums.Get(i)), added = static_cast<float>(residual.Get(i));
          const float value =
              place == OCTET_RESIDUAL_AFTER_ACTIVATION ? std::fmax(sum, 0.0f) + added : std::fmax(sum + added, 0.0f);
          rounded.Set(0, out_grid.StoredOf(static_cast<double>(value)));
          ASSERT_EQ(outputs[0].Get(i), rounded.Get(0)) << i;
        }
      }
    }
  }
}

class MatmulErrors : public testing::Test {
 protected:
  octet_status Call(const DLTensor* left, const octet_grid* left_grid, const DLTensor* right,
                    const octet_grid* right_grid, DLTensor* to, int32_t transpose_b = 0) {
    return octet_matmul(left, left_grid, right, right_grid, transpose_b, nullptr, to, workspace.data(),
                        workspace.size(), nullptr);
  }

  Tensor a{kF32, {2, 4, 6}};
  Tensor b{kF32, {6, 5}};
  Tensor codes{kS8, {6, 5}};
  Tensor out{kF32, {2, 4, 5}};
  TensorGrid grid{kS8, 0.1f, 0.0f};
  Aligned workspace{1 << 20};
};

TEST_F(MatmulErrors, Operands) {
  EXPECT_OK(Call(a.dl(), nullptr, b.dl(), nullptr, out.dl()));
  EXPECT_INVALID(Call(nullptr, nullptr, b.dl(), nullptr, out.dl()), "octet_matmul", "a is null");
  EXPECT_INVALID(Call(a.dl(), nullptr, nullptr, nullptr, out.dl()), "b is null");
  Tensor vector(kF32, {6});
  EXPECT_INVALID(Call(vector.dl(), nullptr, b.dl(), nullptr, out.dl()), "a has shape [6]", "at least 2 dimensions");
  Tensor s32(kS32, {6, 5});
  EXPECT_INVALID(Call(a.dl(), nullptr, s32.dl(), nullptr, out.dl()), "b has dtype s32", "f32, f16, bf16, s8 or u8");
  EXPECT_INVALID(Call(a.dl(), nullptr, b.dl(), nullptr, out.dl(), 1), "b has shape [6, 5]", "6, as the last size of b");
  EXPECT_INVALID(Call(a.dl(), nullptr, b.dl(), nullptr, out.dl(), 2), "transpose_b is 2", "0 or 1");
  Tensor three(kF32, {3, 6, 5});
  EXPECT_INVALID(Call(a.dl(), nullptr, three.dl(), nullptr, out.dl()), "a has shape [2, 4, 6], b has shape [3, 6, 5]",
                 "equal, or 1");
  Tensor gaps(kF32, {6, 5}, Layout::kGaps);
  EXPECT_INVALID(Call(a.dl(), nullptr, gaps.dl(), nullptr, out.dl()), "b has strides", "last stride must be 1");
}

TEST_F(MatmulErrors, Grids) {
  EXPECT_OK(Call(a.dl(), nullptr, codes.dl(), grid.get(), out.dl()));
  EXPECT_INVALID(Call(a.dl(), nullptr, codes.dl(), nullptr, out.dl()), "b_grid is null", "b has dtype s8");
  EXPECT_INVALID(Call(a.dl(), grid.get(), b.dl(), nullptr, out.dl()), "a_grid is given", "a has dtype f32");
  Tensor left(kS8, {1, 33026});
  Tensor right(kS8, {33026, 1});
  Tensor one(kF32, {1, 1});
  EXPECT_OK(RunMatmul(left.dl(), grid.get(), right.dl(), grid.get(), false, nullptr, one.dl()));
  const TensorGrid moved(kS8, 0.1f, 1.0f);
  EXPECT_INVALID(RunMatmul(left.dl(), grid.get(), right.dl(), moved.get(), false, nullptr, one.dl()), "K = 33026",
                 "33025");
}

TEST_F(MatmulErrors, Outputs) {
  Tensor flat(kF32, {8, 5});
  EXPECT_INVALID(Call(a.dl(), nullptr, b.dl(), nullptr, flat.dl()), "out has shape [8, 5]", "expected [2, 4, 5]");
  Tensor square(kF32, {4, 4});
  EXPECT_INVALID(Call(square.dl(), nullptr, square.dl(), nullptr, square.dl()), "out shares memory with a");
  EXPECT_INVALID(octet_matmul(a.dl(), nullptr, b.dl(), nullptr, 0, nullptr, out.dl(), workspace.data(), 64, nullptr),
                 "workspace_bytes is 64");
  EXPECT_INVALID(octet_matmul(a.dl(), nullptr, b.dl(), nullptr, 0, nullptr, out.dl(), workspace.data(),
                              workspace.size(), &workspace),
                 "stream is");
  EXPECT_INVALID(octet_matmul_workspace_size(a.dl(), b.dl(), 0, nullptr), "bytes is null");
}

}  // namespace
}  // namespace test
}  // namespace octet
