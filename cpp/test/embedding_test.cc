// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>

#include "support/grids.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr int64_t kRows = 12;

/** 64-bit indices, compact. */
class LongIndices {
 public:
  explicit LongIndices(std::vector<int64_t> values) : values_(std::move(values)), shape_(1) {
    shape_[0] = static_cast<int64_t>(values_.size());
    dl_ = {values_.data(), {kDLCPU, 0}, 1, {kDLInt, 64, 1}, shape_.data(), nullptr, 0};
  }
  LongIndices(const LongIndices&) = delete;
  DLTensor* dl() { return &dl_; }

 private:
  std::vector<int64_t> values_;
  std::vector<int64_t> shape_;
  DLTensor dl_;
};

/** Indices [2, 5], and what a value of the table is. */
class EmbeddingTest : public testing::Test {
 protected:
  EmbeddingTest() {
    for (int64_t i = 0; i < indices.count(); ++i) indices.Set(i, static_cast<double>(i * 7 % kRows));
  }

  /** Looks all up and compares with `value(row, column)`. */
  template <typename Value>
  void Check(const octet_embedding_table& table, int64_t length, DLDataType out_type, const Value& value) {
    const TensorGrid out_grid(out_type, 0.05f, out_type.code == kDLUInt ? 100.0f : 3.0f);
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> out;
      out.emplace_back(out_type, std::vector<int64_t>{2, 5, length});
      EXPECT_OK(octet_embedding(&table, indices.dl(), out[0].dl(), out_grid.get(), nullptr));
      return out;
    });
    Tensor expected(out_type, {1});
    for (int64_t i = 0; i < outputs[0].count(); ++i) {
      const auto row = static_cast<int64_t>(indices.Get(i / length));
      expected.Set(0, out_grid.StoredOf(value(row, i % length)));
      ASSERT_EQ(outputs[0].Get(i), expected.Get(0)) << "row " << row << ", column " << i % length;
    }
  }

  Tensor indices{kS32, {2, 5}, Layout::kTransposed};
};

TEST_F(EmbeddingTest, Floats) {
  for (DLDataType type : kFloatTypes) {
    for (DLDataType out_type : kValueTypes) {
      for (int64_t length : {1, 16, 33, 3000}) {
        Tensor rows(type, {kRows, length}, Layout::kMisaligned);
        rows.Fill(RandomValues(rows.count(), 2.0f, 1));
        SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type));
        Check({rows.dl(), 0, 0, nullptr}, length, out_type,
              [&](int64_t row, int64_t column) { return rows.Get(row * length + column); });
      }
    }
  }
}

TEST_F(EmbeddingTest, CodesWithAGridForAllRowsAndGroups) {
  for (DLDataType type : {kS8, kU8}) {
    for (DLDataType out_type : kValueTypes) {
      for (int64_t groups : {int64_t{1}, int64_t{3}, kRows}) {
        for (bool asymmetric : {false, true}) {
          const int64_t length = 100;
          Tensor rows(type, {kRows, length});
          for (int64_t i = 0; i < rows.count(); ++i) {
            rows.Set(i, static_cast<double>(i * 37 % 256) - (type.code == kDLInt ? 128.0 : 0.0));
          }
          Tensor delta(kF32, {groups});
          Tensor zero(kF32, {groups});
          for (int64_t g = 0; g < groups; ++g) {
            delta.Set(g, 0.01 * static_cast<double>(g + 1));
            zero.Set(g, static_cast<double>(g * 5));
          }
          const bool is_signed = type.code == kDLInt;
          const octet_grid grid = {delta.dl(),
                                   asymmetric ? zero.dl() : nullptr,
                                   is_signed ? -128.0f : 0.0f,
                                   is_signed ? 127.0f : 255.0f,
                                   OCTET_SCALE_LINEAR,
                                   1e-8f,
                                   groups == 1 ? -1 : 0};
          Check({rows.dl(), 8, 0, &grid}, length, out_type, [&](int64_t row, int64_t column) {
            const int64_t g = row / (kRows / groups);
            const auto code = static_cast<float>(rows.Get(row * length + column));
            const float zero_point = asymmetric ? static_cast<float>(zero.Get(g)) : 0.0f;
            return static_cast<double>(static_cast<float>(delta.Get(g)) * (code - zero_point));
          });
        }
      }
    }
  }
}

TEST_F(EmbeddingTest, FourBits) {
  for (DLDataType type : {kS8, kU8}) {
    for (int64_t length : {1, 2, 31, 384, 2049}) {
      const bool is_signed = type.code == kDLInt;
      Tensor codes(type, {kRows, length}, Layout::kTransposed);
      for (int64_t i = 0; i < codes.count(); ++i) {
        codes.Set(i, static_cast<double>(i * 11 % 16) - (is_signed ? 8.0 : 0.0));
      }
      Tensor packed(kU8, {kRows, (length + 1) / 2});
      ASSERT_OK(octet_embedding_pack(codes.dl(), packed.dl()));
      Tensor delta(kF32, {kRows});
      for (int64_t row = 0; row < kRows; ++row) delta.Set(row, 0.1 * static_cast<double>(row + 1));
      const octet_grid grid = {
          delta.dl(), nullptr, is_signed ? -8.0f : 0.0f, is_signed ? 7.0f : 15.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
      Check({packed.dl(), 4, 0, &grid}, length, kF32, [&](int64_t row, int64_t column) {
        const auto code = static_cast<float>(codes.Get(row * length + column));
        return static_cast<double>(static_cast<float>(delta.Get(row)) * code);
      });
    }
  }
}

TEST_F(EmbeddingTest, LongTablesInPieces) {
  Tensor rows(kF32, {4, 20000});
  rows.Fill(RandomValues(rows.count(), 1.0f, 2));
  LongIndices many({3, 0, 1, 2, 2, 1, 0, 3});
  const octet_embedding_table table = {rows.dl(), 0, 0, nullptr};
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> out;
    out.emplace_back(kF16, std::vector<int64_t>{8, 20000});
    EXPECT_OK(octet_embedding(&table, many.dl(), out[0].dl(), nullptr, nullptr));
    return out;
  });
  Tensor expected(kF16, {1});
  for (int64_t i = 0; i < 20000; ++i) {
    expected.Set(0, rows.Get(60000 + i));
    ASSERT_EQ(outputs[0].Get(i), expected.Get(0));
  }
}

TEST_F(EmbeddingTest, IndicesOutsideTheTable) {
  Tensor rows(kF32, {3, 2});
  rows.Fill(RandomValues(6, 1.0f, 1));
  const octet_embedding_table table = {rows.dl(), 0, 0, nullptr};
  Tensor out(kF32, {4, 2});
  for (int64_t i = 0; i < 8; ++i) out.Set(i, 77.0);
  for (int64_t wrong : {int64_t{3}, int64_t{-1}, INT64_MIN, INT64_MAX, int64_t{1} << 32}) {
    LongIndices wrong_indices({0, 2, wrong, 1});
    EXPECT_INVALID(octet_embedding(&table, wrong_indices.dl(), out.dl(), nullptr, nullptr), "octet_embedding: indices",
                   std::to_string(wrong), "place 2", "0 to 2");
    for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(out.Get(i), 77.0);
  }
  Tensor empty(kF32, {0, 2});
  LongIndices any({0});
  Tensor one(kF32, {1, 2});
  const octet_embedding_table no_rows = {empty.dl(), 0, 0, nullptr};
  EXPECT_INVALID(octet_embedding(&no_rows, any.dl(), one.dl(), nullptr, nullptr), "place 0");
}

TEST_F(EmbeddingTest, IndicesFromTheEnd) {
  Tensor rows(kF32, {3, 2});
  rows.Fill(RandomValues(6, 1.0f, 1));
  const octet_embedding_table table = {rows.dl(), 0, 1, nullptr};
  LongIndices some({-1, 2, -3, 0});
  const int64_t expected[] = {2, 2, 0, 0};
  Tensor out(kF32, {4, 2});
  ASSERT_OK(octet_embedding(&table, some.dl(), out.dl(), nullptr, nullptr));
  for (int64_t i = 0; i < 8; ++i) ASSERT_EQ(out.Get(i), rows.Get(expected[i / 2] * 2 + i % 2));
  for (int64_t wrong : {int64_t{3}, int64_t{-4}, INT64_MIN, INT64_MAX}) {
    LongIndices wrong_indices({0, -1, wrong, 1});
    EXPECT_INVALID(octet_embedding(&table, wrong_indices.dl(), out.dl(), nullptr, nullptr), std::to_string(wrong),
                   "place 2", "-3 to 2");
  }
}

TEST_F(EmbeddingTest, EmptyTensors) {
  Tensor rows(kF32, {3, 2});
  Tensor narrow(kF32, {3, 0});
  LongIndices none({});
  LongIndices some({0, 1});
  Tensor out(kF32, {0, 2});
  Tensor narrow_out(kF32, {2, 0});
  const octet_embedding_table table = {rows.dl(), 0, 0, nullptr};
  const octet_embedding_table narrow_table = {narrow.dl(), 0, 0, nullptr};
  EXPECT_OK(octet_embedding(&table, none.dl(), out.dl(), nullptr, nullptr));
  EXPECT_OK(octet_embedding(&narrow_table, some.dl(), narrow_out.dl(), nullptr, nullptr));
}

TEST_F(EmbeddingTest, WrongArguments) {
  Tensor rows(kF32, {kRows, 6});
  Tensor codes(kU8, {kRows, 6});
  Tensor out(kF32, {2, 5, 6});
  Tensor wide(kF32, {2, 5, 7});
  const TensorGrid grid(kU8, 0.1f, 0.0f);
  octet_embedding_table table = {rows.dl(), 0, 0, nullptr};
  const auto call = [&](Tensor* to) { return octet_embedding(&table, indices.dl(), to->dl(), nullptr, nullptr); };
  EXPECT_OK(call(&out));
  EXPECT_INVALID(call(&wide), "out has shape [2, 5, 7]", "[2, 5]", "[12, 6]");
  EXPECT_INVALID(octet_embedding(nullptr, indices.dl(), out.dl(), nullptr, nullptr), "table is null");
  EXPECT_INVALID(octet_embedding(&table, rows.dl(), out.dl(), nullptr, nullptr), "indices has dtype f32", "s32 or s64");
  table.wrap = 2;
  EXPECT_INVALID(call(&out), "table.wrap is 2", "0 or 1");
  table.wrap = 0;
  table.bits = 8;
  EXPECT_INVALID(call(&out), "table.bits is 8", "f32");
  table = {rows.dl(), 0, 0, grid.get()};
  EXPECT_INVALID(call(&out), "table.grid is given", "f32");
  table = {codes.dl(), 8, 0, nullptr};
  EXPECT_INVALID(call(&out), "table.grid is null");
  table = {codes.dl(), 8, 0, grid.get()};
  EXPECT_OK(call(&out));
  table.bits = 4;
  EXPECT_INVALID(call(&out), "table.grid reaches from 0 to 255", "4 bits");
  Tensor packed(kU8, {kRows, 3});
  codes.Set(7, 16.0);
  EXPECT_INVALID(octet_embedding_pack(codes.dl(), packed.dl()), "octet_embedding_pack: codes", "row ", "0 to 15");
  EXPECT_INVALID(octet_embedding_pack(codes.dl(), codes.dl()), "packed has shape [12, 6]", "[12, 3]");
}

}  // namespace
}  // namespace test
}  // namespace octet
