// SPDX-License-Identifier: Apache-2.0
// Attention on s8 codes on a CUDA device, heads within [batch, tokens, 3, heads, dim], to s8. TOPS counts the two
// products alone, a multiplication and an addition as two (with a causal mask those of half the scores); Gscores/s
// scores, whose exponentials are what the kernel is bound by (src/cuda/attention/PERFORMANCE.md). GB/s are keys and
// values, which are what takes the time of few queries: each of those shapes is timed with its keys in as many parts as
// the heuristics say, and in one.
#include <string>

#include "cuda_bench.h"

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
// A token after the other, and some at a time, of caches of several lengths.
constexpr Shape kFewQueries[] = {{1, 512, 12, 64, true, 1},   {1, 4096, 32, 128, true, 1},
                                 {1, 32768, 8, 128, true, 1}, {4, 16384, 8, 128, true, 1},
                                 {1, 8192, 8, 128, true, 8},  {16, 2048, 32, 128, true, 1}};
constexpr Shape kSmallShapes[] = {{1, 70, 2, 32, false}, {1, 130, 1, 64, true}};
constexpr Shape kSmallFewQueries[] = {{1, 600, 2, 32, true, 1}};

/** parts: of keys; 0: as the heuristics say. */
void Run(const Shape& shape, int32_t parts, bool timed, const Memory& cold) {
  const auto [batch, tokens, heads, dim, causal, few] = shape;
  const int64_t queries = few == 0 ? tokens : few;
  BENCH_CHECK(octet_gemm_force_kernel(0, nullptr, parts));
  const int64_t width = heads * dim;
  const Memory packed(static_cast<size_t>(batch * tokens * 3 * width));
  const Memory out_memory(static_cast<size_t>(batch * queries * width));
  int64_t sizes[4] = {batch, heads, tokens, dim};
  int64_t strides[4] = {tokens * 3 * width, dim, 3 * width, 1};
  int64_t query_sizes[4] = {batch, heads, queries, dim};
  int64_t out_strides[4] = {queries * width, dim, width, 1};
  DLTensor views[3];
  for (int i = 0; i < 3; ++i) {
    views[i] = {static_cast<char*>(packed.data()) + i * width, kDevice, 4, kS8, sizes, strides, 0};
  }
  views[0].shape = query_sizes;
  views[0].byte_offset = static_cast<uint64_t>((tokens - queries) * 3 * width);
  DLTensor out = {out_memory.data(), kDevice, 4, kS8, query_sizes, out_strides, 0};
  float scale = 0.02f;
  DLTensor delta = {&scale, kHost, 0, kF32, nullptr, nullptr, 0};
  const octet_grid grid = {&delta, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  octet_softmax_terms terms = {};
  terms.scale = 0.125f;
  terms.causal = causal ? 1 : 0;
  terms.causal_offset = tokens - queries;
  const octet_attention_inputs inputs = {&views[0], &grid, &views[1], &grid, &views[2], &grid, 0.0f, &terms, nullptr};
  size_t bytes = 0;
  BENCH_CHECK(octet_attention_workspace_size(&inputs, &bytes));
  const Memory workspace(bytes);
  const double time =
      Time(timed, cold, [&] { BENCH_CHECK(octet_attention(&inputs, &out, &grid, workspace.data(), bytes, nullptr)); });
  BENCH_CHECK(octet_gemm_force_kernel(0, nullptr, 0));
  std::printf("%6lld %7lld %6lld %6lld %6lld %6s %6s", static_cast<long long>(batch), static_cast<long long>(queries),
              static_cast<long long>(tokens), static_cast<long long>(heads), static_cast<long long>(dim),
              causal ? "yes" : "no", parts == 0 ? "chosen" : std::to_string(parts).c_str());
  if (!timed) {
    std::printf("  ran\n");
    return;
  }
  const auto keys = static_cast<double>(tokens);
  const double seen = causal ? keys - 0.5 * static_cast<double>(queries - 1) : keys;
  const double scores = static_cast<double>(batch * heads * queries) * seen;
  std::printf(" %10.1f us %8.1f TOPS %8.1f Gscores/s %8.1f GB/s\n", time,
              4.0 * static_cast<double>(dim) * scores / time * 1e-6, scores / time * 1e-3,
              static_cast<double>(2 * batch * tokens * width) / time * 1e-3);
}

}  // namespace

void AttentionBench(bool timed, const Memory& cold) {
  std::printf(" batch queries tokens  heads    dim causal  parts\n");
  const auto run_few = [&](const Shape& shape) {
    for (int32_t parts : {0, 1}) Run(shape, parts, timed, cold);
  };
  if (timed) {
    for (const Shape& shape : kShapes) Run(shape, 0, timed, cold);
    for (const Shape& shape : kFewQueries) run_few(shape);
  } else {
    for (const Shape& shape : kSmallShapes) Run(shape, 0, timed, cold);
    for (const Shape& shape : kSmallFewQueries) run_few(shape);
  }
}

}  // namespace bench
}  // namespace octet
