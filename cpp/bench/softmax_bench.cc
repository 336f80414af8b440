// SPDX-License-Identifier: Apache-2.0
// Softmax: arguments are rows, length of a row, threads.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

void Softmax(benchmark::State& state, bool codes) {
  const int64_t count = state.range(0) * state.range(1);
  const std::vector<int64_t> shape = {state.range(0), state.range(1)};
  const Floats x_data(count);
  const Floats bias_data(state.range(1));
  const Floats out_data(count);
  Tensor x(x_data.data(), shape);
  Tensor bias(bias_data.data(), {state.range(1)});
  Tensor out(out_data.data(), shape);
  float scale = 1.0f / 255.0f;
  Tensor delta(&scale, {});
  const octet_grid grid = {delta.get(), nullptr, 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  if (codes) out.get()->dtype = {kDLUInt, 8, 1};
  octet_softmax_terms terms = {};
  terms.scale = 0.125f;
  terms.bias = bias.get();
  SetThreads(state, state.range(2));
  for (auto _ : state) {
    if (!Check(state, octet_softmax(x.get(), nullptr, &terms, out.get(), codes ? &grid : nullptr, nullptr))) return;
  }
  state.SetItemsProcessed(state.iterations() * count);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"rows", "length", "threads"});
  for (int64_t threads : {1, 2})
    benchmark->Args({1536, 128, threads})->Args({12, 16, threads})->Args({512, 4096, threads});
}

BENCHMARK_CAPTURE(Softmax, f32, false)->Apply(Shapes);
BENCHMARK_CAPTURE(Softmax, f32_to_u8, true)->Apply(Shapes);

}  // namespace
}  // namespace bench
}  // namespace octet
