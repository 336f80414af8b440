// SPDX-License-Identifier: Apache-2.0
// Fake quantization against a plain copy of the same size: arguments are elements (log2) and threads.
#include <atomic>
#include <cstring>
#include <thread>

#include "tensors.h"

namespace octet {
namespace bench {
namespace {

constexpr int64_t kChannels = 64;

int64_t Elements(const benchmark::State& state) { return int64_t{1} << state.range(0); }

void CountBytes(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * Elements(state) * 8); }

/** memcpy, each thread a part of its own. Threads live as long as the benchmark and meet at two counters. */
void Copy(benchmark::State& state) {
  const int64_t count = Elements(state);
  const Floats from(count);
  const Floats to(count);
  const int64_t threads = state.range(1);
  const size_t part = static_cast<size_t>(count / threads) * sizeof(float);
  std::atomic<int64_t> round{0};
  std::atomic<int64_t> done{0};
  std::vector<std::thread> helpers;
  for (int64_t t = 1; t < threads; ++t) {
    helpers.emplace_back([&, t] {
      for (int64_t seen = 1;; ++seen) {
        while (round.load(std::memory_order_acquire) < seen) {
        }
        if (round.load(std::memory_order_acquire) == INT64_MAX) return;
        const size_t offset = static_cast<size_t>(t) * part;
        std::memcpy(reinterpret_cast<char*>(to.data()) + offset, reinterpret_cast<char*>(from.data()) + offset, part);
        done.fetch_add(1, std::memory_order_release);
      }
    });
  }
  int64_t rounds = 0;
  for (auto _ : state) {
    round.store(++rounds, std::memory_order_release);
    std::memcpy(to.data(), from.data(), part);
    while (done.load(std::memory_order_acquire) < rounds * (threads - 1)) {
    }
    benchmark::ClobberMemory();
  }
  round.store(INT64_MAX, std::memory_order_release);
  for (std::thread& helper : helpers) helper.join();
  CountBytes(state);
}

void Quantize(benchmark::State& state, std::vector<int64_t> shape, int axis) {
  const int64_t count = Elements(state);
  const Floats x(count);
  const Floats out(count);
  const int64_t deltas = axis < 0 ? 1 : shape[static_cast<size_t>(axis)];
  std::vector<float> steps(static_cast<size_t>(deltas), 0.01f);
  Tensor x_tensor(x.data(), shape);
  Tensor out_tensor(out.data(), shape);
  Tensor delta(steps.data(), {deltas});
  const octet_grid grid = {delta.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, axis};
  SetThreads(state, state.range(1));
  for (auto _ : state) {
    if (!Check(state, octet_fake_quantize(&grid, x_tensor.get(), out_tensor.get(), nullptr))) return;
  }
  CountBytes(state);
}

void FakeQuantizePerTensor(benchmark::State& state) { Quantize(state, {Elements(state)}, -1); }

void FakeQuantizeFirstAxis(benchmark::State& state) { Quantize(state, {kChannels, Elements(state) / kChannels}, 0); }

void FakeQuantizeLastAxis(benchmark::State& state) { Quantize(state, {Elements(state) / kChannels, kChannels}, 1); }

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"log2", "threads"});
  benchmark->Args({10, 1})->Args({16, 1});
  for (int64_t threads : {1, 2}) benchmark->Args({18, threads})->Args({20, threads})->Args({25, threads});
}

BENCHMARK(Copy)->Apply(Sizes);
BENCHMARK(FakeQuantizePerTensor)->Apply(Sizes);
BENCHMARK(FakeQuantizeFirstAxis)->Apply(Sizes);
BENCHMARK(FakeQuantizeLastAxis)->Apply(Sizes);

}  // namespace
}  // namespace bench
}  // namespace octet
