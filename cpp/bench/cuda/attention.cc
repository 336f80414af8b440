// SPDX-License-Identifier: Apache-2.0
// Attention on s8 codes, heads within [batch, tokens, 3, heads, dim], to s8. TOPS counts the two products alone (with a
// causal mask those of the scores that take part); what the kernel is bound by are the scores' exponentials
// (src/cuda/attention/PERFORMANCE.md), so that its share of the roofline is small. Few queries are run with their keys
// in as many parts as the heuristics say, and in one.
#include "families.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t batch, tokens, heads, dim;
  bool causal;
  /** The last ones of the tokens; 0: all. */
  int64_t queries = 0;
};

// all-MiniLM-L6-v2, BERT-base, and long sequences.
constexpr Shape kShapes[] = {{1, 128, 12, 32, false},  {32, 128, 12, 32, false},  {1, 384, 12, 64, false},
                             {32, 384, 12, 64, false}, {4, 2048, 32, 128, false}, {4, 2048, 32, 128, true},
                             {1, 16384, 16, 64, true}};
constexpr Shape kSmallShapes[] = {{1, 70, 2, 32, false}, {1, 130, 1, 64, true}};
// A token after the other, and some at a time, of caches of several lengths.
constexpr Shape kFewQueries[] = {{1, 512, 12, 64, true, 1},   {1, 4096, 32, 128, true, 1},
                                 {1, 32768, 8, 128, true, 1}, {4, 16384, 8, 128, true, 1},
                                 {1, 8192, 8, 128, true, 8},  {16, 2048, 32, 128, true, 1}};
constexpr Shape kSmallFewQueries[] = {{1, 600, 2, 32, true, 1}};

/** parts: of keys; 0: as the heuristics say. */
void Attend(Bench* bench, const Shape& shape, int32_t parts) {
  const auto [batch, tokens, heads, dim, causal, few] = shape;
  const ForcedParts forced(bench->options(), parts);
  const int64_t queries = few == 0 ? tokens : few;
  const int64_t width = heads * dim;
  const Tensor packed(kS8, {batch, tokens, 3, heads, dim});
  Tensor out(kS8, {batch, queries, heads, dim});
  out.View({batch, heads, queries, dim}, {queries * width, dim, width, 1});
  int64_t sizes[4] = {batch, heads, tokens, dim};
  int64_t query_sizes[4] = {batch, heads, queries, dim};
  int64_t strides[4] = {tokens * 3 * width, dim, 3 * width, 1};
  DLTensor views[3];
  for (int64_t i = 0; i < 3; ++i) {
    views[i] = {static_cast<char*>(packed.data()) + i * width, kDevice, 4, kS8, sizes, strides, 0};
  }
  views[0].shape = query_sizes;
  views[0].byte_offset = static_cast<uint64_t>((tokens - queries) * 3 * width);
  const Grid grid(kS8, 0.02f);
  octet_softmax_terms terms = {};
  terms.scale = 0.125f;
  terms.causal = causal ? 1 : 0;
  terms.causal_offset = tokens - queries;
  const octet_attention_inputs inputs = {&views[0],  grid.get(), &views[1], grid.get(), &views[2],
                                         grid.get(), 0.0f,       &terms,    nullptr};
  size_t bytes = 0;
  BENCH_CHECK(octet_attention_workspace_size(&inputs, &bytes));
  const Memory workspace(bytes);
  const double seen = static_cast<double>(tokens) - (causal ? 0.5 * static_cast<double>(queries - 1) : 0.0);
  const double scores = static_cast<double>(batch * heads * queries) * seen;
  const auto keys_and_values = static_cast<double>(2 * batch * tokens * width);
  bench->Measure({keys_and_values + 2.0 * out.bytes(), 4.0 * static_cast<double>(dim) * scores}, [&] {
    BENCH_CHECK(octet_attention(&inputs, out.dl(), grid.get(), workspace.data(), bytes, nullptr));
  });
}

void Row(Bench* bench, const Shape& shape, int32_t parts) {
  const int64_t queries = shape.queries == 0 ? shape.tokens : shape.queries;
  bench->Row("attention",
             "s8-s8/batch_" + std::to_string(shape.batch) + "/heads_" + ShapeText({shape.heads, shape.dim}) +
                 "/queries_" + std::to_string(queries) + "_of_" + std::to_string(shape.tokens) +
                 (shape.causal ? "/causal" : "") + (parts == 0 ? "" : "/parts_" + std::to_string(parts)),
             [&] { Attend(bench, shape, parts); });
}

}  // namespace

void AttentionRows(Bench* bench) {
  for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) Row(bench, shape, 0);
  for (const Shape& shape : bench->Choose(kFewQueries, kSmallFewQueries)) {
    for (const int32_t parts : {0, 1}) Row(bench, shape, parts);
  }
}

}  // namespace bench
}  // namespace octet
