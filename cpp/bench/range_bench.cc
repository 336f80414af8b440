// SPDX-License-Identifier: Apache-2.0
// Range estimation: arguments are elements (log2), threads, and for searches the number of candidates.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

int64_t Elements(const benchmark::State& state) { return int64_t{1} << state.range(0); }

void MinMax(benchmark::State& state) {
  const Floats x(Elements(state));
  float results[2];
  Tensor x_tensor(x.data(), {Elements(state)});
  Tensor least(&results[0], {1});
  Tensor greatest(&results[1], {1});
  SetThreads(state, state.range(1));
  for (auto _ : state) {
    if (!Check(state, octet_min_max(x_tensor.get(), -1, least.get(), greatest.get(), nullptr))) return;
  }
  state.SetBytesProcessed(state.iterations() * Elements(state) * 4);
}

void Percentile(benchmark::State& state) {
  const Floats x(Elements(state));
  float results[2];
  Tensor x_tensor(x.data(), {Elements(state)});
  Tensor low(&results[0], {1});
  Tensor high(&results[1], {1});
  SetThreads(state, state.range(1));
  size_t bytes = 0;
  if (!Check(state, octet_percentile_workspace_size(x_tensor.get(), -1, &bytes))) return;
  const Floats workspace(static_cast<int64_t>(bytes / 4));
  for (auto _ : state) {
    if (!Check(state, octet_percentile(x_tensor.get(), -1, 0.1, 99.9, low.get(), high.get(), workspace.data(), bytes,
                                       nullptr))) {
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * Elements(state));
}

void RangeMse(benchmark::State& state) {
  const int64_t candidates = state.range(2);
  const Floats x(Elements(state));
  std::vector<float> mins(static_cast<size_t>(candidates));
  std::vector<float> maxs(static_cast<size_t>(candidates));
  for (size_t i = 0; i < mins.size(); ++i) {
    maxs[i] = static_cast<float>(i + 1) / static_cast<float>(candidates);
    mins[i] = -maxs[i];
  }
  std::vector<double> losses(static_cast<size_t>(candidates));
  Tensor x_tensor(x.data(), {Elements(state)});
  Tensor min_tensor(mins.data(), {candidates});
  Tensor max_tensor(maxs.data(), {candidates});
  Tensor loss(losses.data(), {1, candidates});
  loss.get()->dtype.bits = 64;
  const octet_range_mse_options options = {OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f};
  SetThreads(state, state.range(1));
  for (auto _ : state) {
    if (!Check(state, octet_range_mse(x_tensor.get(), -1, &options, min_tensor.get(), max_tensor.get(), loss.get(),
                                      nullptr))) {
      return;
    }
  }
  // An item is an element under a candidate.
  state.SetItemsProcessed(state.iterations() * Elements(state) * candidates);
}

BENCHMARK(MinMax)->UseRealTime()->ArgNames({"log2", "threads"})->ArgsProduct({{16, 20, 25}, {1, 2}});
BENCHMARK(Percentile)->UseRealTime()->ArgNames({"log2", "threads"})->ArgsProduct({{16, 20, 24}, {1, 2}});
BENCHMARK(RangeMse)
    ->UseRealTime()
    ->ArgNames({"log2", "threads", "candidates"})
    ->Args({20, 1, 100})
    ->Args({20, 2, 100})
    ->Args({20, 2, 5000});

}  // namespace
}  // namespace bench
}  // namespace octet
