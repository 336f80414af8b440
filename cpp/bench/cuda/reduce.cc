// SPDX-License-Identifier: Apache-2.0
// Reductions, places of greatest elements, means over tokens and normalization to length 1.
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

// Logits: of a batch, and of a token.
constexpr Matrix kLogits[] = {{512, 32000}, {1, 128256}};
constexpr Matrix kSmallLogits[] = {{2, 300}};
// Embeddings of sentences.
constexpr Matrix kSentences[] = {{8192, 384}};
constexpr Matrix kSmallSentences[] = {{3, 70}};

struct Tokens {
  int64_t batch, tokens, width;
};

constexpr Tokens kTokens[] = {{32, 128, 384}, {32, 384, 768}};
constexpr Tokens kSmallTokens[] = {{2, 5, 70}};

void Reduce(Bench* bench, const Matrix& shape, octet_reduction reduction, int32_t dim, DLDataType type) {
  const auto [rows, columns] = shape;
  const Tensor x(type, {rows, columns});
  const Tensor out(kF32, {dim == 0 ? columns : rows});
  const Grid grid(kS8);
  bench->Measure({x.bytes() + out.bytes()}, [&] {
    BENCH_CHECK(octet_reduce(reduction, x.dl(), grid.For(type), &dim, 1, out.dl(), nullptr, nullptr));
  });
}

void ArgMax(Bench* bench, const Matrix& shape, DLDataType type) {
  const auto [rows, columns] = shape;
  const Tensor x(type, {rows, columns});
  const Tensor out(kS64, {rows});
  bench->Measure({x.bytes() + out.bytes()}, [&] { BENCH_CHECK(octet_argmax(x.dl(), 1, out.dl(), nullptr)); });
}

void MaskedMean(Bench* bench, const Tokens& shape, DLDataType type) {
  const auto [batch, tokens, width] = shape;
  const Tensor x(type, {batch, tokens, width});
  const std::vector<int64_t> ones(static_cast<size_t>(batch * tokens), 1);
  const Tensor mask(kS64, {batch, tokens}, ones.data());
  const Tensor out(kF32, {batch, width});
  const Grid grid(kS8);
  bench->Measure({x.bytes() + mask.bytes() + out.bytes()}, [&] {
    BENCH_CHECK(octet_masked_mean(x.dl(), grid.For(type), mask.dl(), 1e-9f, out.dl(), nullptr, nullptr));
  });
}

void Normalize(Bench* bench, const Matrix& shape, DLDataType type) {
  const auto [rows, columns] = shape;
  const Tensor x(type, {rows, columns});
  const Tensor out(type, {rows, columns});
  const Grid grid(kS8);
  bench->Measure({x.bytes() + out.bytes()}, [&] {
    BENCH_CHECK(octet_l2_normalize(x.dl(), grid.For(type), 1e-12f, out.dl(), grid.For(type), nullptr));
  });
}

}  // namespace

void ReduceRows(Bench* bench) {
  for (const DLDataType type : {kF32, kF16, kS8}) {
    for (const Matrix& shape : bench->Choose(kMatrices, kSmallMatrices)) {
      for (const int32_t dim : {0, 1}) {
        const std::string name = std::string(dim == 0 ? "columns/" : "rows/") + NameOf(type) + "-f32/" +
                                 ShapeText({shape.rows, shape.columns});
        bench->Row("reduce", "sum_of_" + name, [&] { Reduce(bench, shape, OCTET_REDUCE_SUM, dim, type); });
        bench->Row("reduce", "max_of_" + name, [&] { Reduce(bench, shape, OCTET_REDUCE_MAX, dim, type); });
      }
    }
    for (const Matrix& shape : bench->Choose(kLogits, kSmallLogits)) {
      bench->Row("argmax", NameOf(type) + "-s64/" + ShapeText({shape.rows, shape.columns}),
                 [&] { ArgMax(bench, shape, type); });
    }
    for (const Tokens& shape : bench->Choose(kTokens, kSmallTokens)) {
      bench->Row("masked_mean", NameOf(type) + "-f32/" + ShapeText({shape.batch, shape.tokens, shape.width}),
                 [&] { MaskedMean(bench, shape, type); });
    }
    for (const Matrix& shape : bench->Choose(kSentences, kSmallSentences)) {
      bench->Row("l2_normalize", NameOf(type) + '-' + NameOf(type) + '/' + ShapeText({shape.rows, shape.columns}),
                 [&] { Normalize(bench, shape, type); });
    }
  }
}

}  // namespace bench
}  // namespace octet
