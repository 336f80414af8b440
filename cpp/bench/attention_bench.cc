// SPDX-License-Identifier: Apache-2.0
// Attention on s8 codes, heads within [batch, tokens, 3, heads, dim], to s8: arguments are batch, tokens, heads, dim,
// instruction set (0: that in use) and threads. GOP/s counts the two products alone, a multiplication and an addition
// as two.
#include <cstring>

#include "tensors.h"

namespace octet {
namespace bench {
namespace {

void Attention(benchmark::State& state, bool masked) {
  const int64_t batch = state.range(0), tokens = state.range(1), heads = state.range(2), dim = state.range(3);
  const int64_t width = heads * dim;
  const Floats packed(batch * tokens * 3 * width / 4 + 1);
  const Floats out_data(batch * tokens * width / 4 + 1);
  std::memset(out_data.data(), 0, static_cast<size_t>(batch * tokens * width));
  // The lower bytes of random floats are random bytes; the upper ones would be few different ones.
  auto* bytes = reinterpret_cast<unsigned char*>(packed.data());
  for (int64_t i = 0; i < batch * tokens * 3 * width; ++i)
    bytes[i] = static_cast<unsigned char>(bytes[i / 4 * 4 + 1] * (i % 4 + 1));
  float scale = 0.02f;
  Tensor delta(&scale, {});
  const octet_grid grid = {delta.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  int64_t shape[4] = {batch, heads, tokens, dim};
  int64_t strides[4] = {tokens * 3 * width, dim, 3 * width, 1};
  int64_t out_strides[4] = {tokens * width, dim, width, 1};
  DLTensor views[4];
  for (int i = 0; i < 4; ++i) {
    auto* data = reinterpret_cast<char*>(i < 3 ? packed.data() : out_data.data());
    views[i] = {
        data + (i < 3 ? i * width : 0), {kDLCPU, 0}, 4, {kDLInt, 8, 1}, shape, i < 3 ? strides : out_strides, 0};
  }
  const Floats bias_data(batch * tokens);
  Tensor bias(bias_data.data(), {batch, 1, 1, tokens});
  octet_softmax_terms terms = {};
  terms.scale = 0.125f;
  if (masked) terms.bias = bias.get();
  const octet_attention_inputs inputs = {&views[0], &grid, &views[1], &grid, &views[2], &grid, 0.0f, &terms, nullptr};
  const auto isa = static_cast<octet_isa>(state.range(4));
  const octet_isa before = octet_get_isa();
  if (state.range(4) != 0 && !Check(state, octet_set_isa(isa))) return;
  SetThreads(state, state.range(5));
  size_t workspace_bytes = 0;
  if (!Check(state, octet_attention_workspace_size(&inputs, &workspace_bytes))) return;
  const Floats workspace(static_cast<int64_t>(workspace_bytes / 4));
  for (auto _ : state) {
    if (!Check(state, octet_attention(&inputs, &views[3], &grid, workspace.data(), workspace_bytes, nullptr))) break;
  }
  octet_set_isa(before);
  state.counters["GOP/s"] = benchmark::Counter(4e-9 * static_cast<double>(batch * heads * tokens * tokens * dim),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"batch", "tokens", "heads", "dim", "isa", "threads"});
  benchmark->Unit(benchmark::kMicrosecond);
  // all-MiniLM-L6-v2 and BERT-base.
  for (int64_t threads : {1, 2}) {
    for (int64_t batch : {1, 32}) {
      for (int64_t tokens : {16, 128}) benchmark->Args({batch, tokens, 12, 32, 0, threads});
    }
    for (int64_t tokens : {128, 384}) benchmark->Args({1, tokens, 12, 64, 0, threads});
    benchmark->Args({1, 4096, 2, 64, 0, threads});
  }
  for (int64_t isa : {OCTET_ISA_AVX2, OCTET_ISA_AVX512, OCTET_ISA_AVX_VNNI}) {
    benchmark->Args({1, 128, 12, 32, isa, 1})->Args({1, 384, 12, 64, isa, 1});
  }
}

BENCHMARK_CAPTURE(Attention, plain, false)->Apply(Shapes);
BENCHMARK_CAPTURE(Attention, with_bias, true)
    ->Args({1, 128, 12, 32, 0, 1})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace bench
}  // namespace octet
