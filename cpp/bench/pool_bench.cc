// SPDX-License-Identifier: Apache-2.0
// Pooling of ResNets: arguments are images, height and width, channels, and threads.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

octet_grid CodeGrid(Tensor* step) { return {step->get(), nullptr, 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1}; }

/** The first layer's: windows of 3x3, every second pixel. */
void MaxPool(benchmark::State& state, DLDataType type, bool channels_first) {
  const int64_t n = state.range(0), size = state.range(1), channels = state.range(2);
  const int64_t item = type.bits / 8;
  const Block x_data(static_cast<size_t>(n * size * size * channels * item));
  const Block out_data(static_cast<size_t>(n * (size / 2) * (size / 2) * channels * item));
  TypedTensor x(x_data.data(), {n, size, size, channels}, type);
  TypedTensor out(out_data.data(), {n, size / 2, size / 2, channels}, type);
  int64_t strides[4] = {size * size * channels, size, 1, size * size};
  if (channels_first) x.get()->strides = strides;
  const octet_pool2d_params params = {3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 0};
  SetThreads(state, state.range(3));
  for (auto _ : state) {
    if (!Check(state, octet_max_pool2d(x.get(), &params, out.get(), nullptr))) return;
  }
  state.SetBytesProcessed(state.iterations() * n * size * size * channels * item * 5 / 4);
}

/** The last layer's: the mean of an image. */
void GlobalMean(benchmark::State& state, bool as_reduction) {
  const int64_t n = state.range(0), size = state.range(1), channels = state.range(2);
  const Block x_data(static_cast<size_t>(n * size * size * channels));
  const Block out_data(static_cast<size_t>(n * channels));
  TypedTensor x(x_data.data(), {n, size, size, channels}, kU8);
  TypedTensor out(out_data.data(), {n, 1, 1, channels}, kU8);
  float step = 0.01f;
  Tensor step_tensor(&step, {});
  const octet_grid grid = CodeGrid(&step_tensor);
  const int32_t dims[] = {1, 2};
  SetThreads(state, state.range(3));
  for (auto _ : state) {
    const octet_status status =
        as_reduction ? octet_reduce(OCTET_REDUCE_MEAN, x.get(), &grid, dims, 2, out.get(), &grid, nullptr)
                     : octet_adaptive_avg_pool2d(x.get(), &grid, out.get(), &grid, nullptr);
    if (!Check(state, status)) return;
  }
  state.SetBytesProcessed(state.iterations() * n * size * size * channels);
}

void First(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"n", "size", "channels", "threads"});
  for (int64_t threads : {1, 2}) benchmark->Args({1, 112, 64, threads})->Args({8, 112, 64, threads});
}

void Last(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"n", "size", "channels", "threads"});
  for (int64_t n : {1, 8}) benchmark->Args({n, 7, 512, 1});
}

BENCHMARK_CAPTURE(MaxPool, u8, kU8, false)->Apply(First);
BENCHMARK_CAPTURE(MaxPool, f32, kF32, false)->Apply(First);
BENCHMARK_CAPTURE(MaxPool, u8_channels_first, kU8, true)->Apply(First);
BENCHMARK_CAPTURE(GlobalMean, pool, false)->Apply(Last);
BENCHMARK_CAPTURE(GlobalMean, reduction, true)->Apply(Last);

}  // namespace
}  // namespace bench
}  // namespace octet
