// SPDX-License-Identifier: Apache-2.0
// Rows of tables of floats, codes and half-byte codes. The bytes are those of the rows that are looked up, not of the
// table.
#include "families.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t table, width, tokens;
};

// BERT-base, and a language model of 8 billion weights: a batch, and a token.
constexpr Shape kShapes[] = {{30522, 768, 12288}, {128256, 4096, 4096}, {128256, 4096, 1}};
constexpr Shape kSmallShapes[] = {{20, 70, 9}};

struct Kind {
  const char* name;
  DLDataType table;
  /** Of a code; 0: floats. */
  int32_t bits;
  DLDataType out;
};

constexpr Kind kKinds[] = {
    {"f16-f16", kF16, 0, kF16}, {"s8-f16", kS8, 8, kF16}, {"s8-s8", kS8, 8, kS8}, {"s4-f16", kU8, 4, kF16}};

void LookUp(Bench* bench, const Shape& shape, const Kind& kind) {
  const auto [rows, width, tokens] = shape;
  const int64_t stored = kind.bits == 4 ? (width + 1) / 2 : width;
  const Tensor table(kind.table, {rows, stored});
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < tokens; ++i) numbers.push_back((i * 7919 + 17) % rows);
  const Tensor indices(kS64, {tokens}, numbers.data());
  const Tensor out(kind.out, {tokens, width});
  // A scale for each row.
  const std::vector<float> scales(static_cast<size_t>(rows), 0.01f);
  const Tensor delta(kF32, {rows}, scales.data());
  const float most = kind.bits == 4 ? 7.0f : 127.0f;
  const octet_grid grid = {delta.dl(), nullptr, -most - 1.0f, most, OCTET_SCALE_LINEAR, 1e-8f, 0};
  const Grid out_grid(kS8);
  const octet_embedding_table described = {table.dl(), kind.bits, 0, kind.bits == 0 ? nullptr : &grid};
  const double read = static_cast<double>(tokens * stored * kind.table.bits / 8);
  bench->Measure({indices.bytes() + read + out.bytes()}, [&] {
    BENCH_CHECK(octet_embedding(&described, indices.dl(), out.dl(), out_grid.For(kind.out), nullptr));
  });
}

}  // namespace

void EmbeddingRows(Bench* bench) {
  for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) {
    for (const Kind& kind : kKinds) {
      bench->Row("embedding",
                 std::string(kind.name) + "/table_" + ShapeText({shape.table, shape.width}) + "/tokens_" +
                     std::to_string(shape.tokens),
                 [&] { LookUp(bench, shape, kind); });
    }
  }
}

}  // namespace bench
}  // namespace octet
