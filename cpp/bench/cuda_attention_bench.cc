// SPDX-License-Identifier: Apache-2.0
// Attention on s8 codes on a CUDA device, heads within [batch, tokens, 3, heads, dim], to s8. TOPS counts the two
// products alone, a multiplication and an addition as two (with a causal mask those of half the scores); Gscores/s
// scores, whose exponentials are what the kernel is bound by (src/cuda/attention/PERFORMANCE.md).
#include "cuda_bench.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t batch, tokens, heads, dim;
  bool causal;
};

// all-MiniLM-L6-v2, BERT-base, and long sequences.
constexpr Shape kShapes[] = {{1, 128, 12, 32, false},  {32, 128, 12, 32, false},  {1, 384, 12, 64, false},
                             {32, 384, 12, 64, false}, {4, 2048, 32, 128, false}, {4, 2048, 32, 128, true},
                             {1, 16384, 16, 64, true}};
constexpr Shape kSmallShapes[] = {{1, 70, 2, 32, false}, {1, 130, 1, 64, true}};

void Run(const Shape& shape, bool timed, const Memory& cold) {
  const auto [batch, tokens, heads, dim, causal] = shape;
  const int64_t width = heads * dim;
  const Memory packed(static_cast<size_t>(batch * tokens * 3 * width));
  const Memory out_memory(static_cast<size_t>(batch * tokens * width));
  int64_t sizes[4] = {batch, heads, tokens, dim};
  int64_t strides[4] = {tokens * 3 * width, dim, 3 * width, 1};
  int64_t out_strides[4] = {tokens * width, dim, width, 1};
  DLTensor views[3];
  for (int i = 0; i < 3; ++i) {
    views[i] = {static_cast<char*>(packed.data()) + i * width, kDevice, 4, kS8, sizes, strides, 0};
  }
  DLTensor out = {out_memory.data(), kDevice, 4, kS8, sizes, out_strides, 0};
  float scale = 0.02f;
  DLTensor delta = {&scale, kHost, 0, kF32, nullptr, nullptr, 0};
  const octet_grid grid = {&delta, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  octet_softmax_terms terms = {};
  terms.scale = 0.125f;
  terms.causal = causal ? 1 : 0;
  const octet_attention_inputs inputs = {&views[0], &grid, &views[1], &grid, &views[2], &grid, 0.0f, &terms, nullptr};
  size_t bytes = 0;
  BENCH_CHECK(octet_attention_workspace_size(&inputs, &bytes));
  const Memory workspace(bytes);
  const double time =
      Time(timed, cold, [&] { BENCH_CHECK(octet_attention(&inputs, &out, &grid, workspace.data(), bytes, nullptr)); });
  std::printf("%6lld %6lld %6lld %6lld %6s", static_cast<long long>(batch), static_cast<long long>(tokens),
              static_cast<long long>(heads), static_cast<long long>(dim), causal ? "yes" : "no");
  if (!timed) {
    std::printf("  ran\n");
    return;
  }
  const double seen = causal ? 0.5 * static_cast<double>(tokens + 1) : static_cast<double>(tokens);
  const double scores = static_cast<double>(batch * heads * tokens) * seen;
  std::printf(" %10.1f us %8.1f TOPS %8.1f Gscores/s\n", time, 4.0 * static_cast<double>(dim) * scores / time * 1e-6,
              scores / time * 1e-3);
}

}  // namespace

void AttentionBench(bool timed, const Memory& cold) {
  std::printf(" batch tokens  heads    dim causal\n");
  if (timed) {
    for (const Shape& shape : kShapes) Run(shape, timed, cold);
  } else {
    for (const Shape& shape : kSmallShapes) Run(shape, timed, cold);
  }
}

}  // namespace bench
}  // namespace octet
