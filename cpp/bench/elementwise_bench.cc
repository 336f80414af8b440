// SPDX-License-Identifier: Apache-2.0
// Functions of one and two values, and a transposition: arguments are elements (log2) and threads.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

/** Two inputs and an output of floats, or of bytes on one grid. */
struct Operands {
  Operands(benchmark::State& state, bool codes, int64_t rows)
      : count(int64_t{1} << state.range(0)),
        a_data(count),
        b_data(count),
        out_data(count),
        a(a_data.data(), {rows, count / rows}),
        b(b_data.data(), {rows, count / rows}),
        out(out_data.data(), {rows, count / rows}),
        delta(&scale, {}),
        grid{delta.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1},
        codes_grid(codes ? &grid : nullptr) {
    if (codes) a.get()->dtype = b.get()->dtype = out.get()->dtype = {kDLInt, 8, 1};
    SetThreads(state, state.range(1));
  }

  int64_t count;
  Floats a_data, b_data, out_data;
  Tensor a, b, out;
  float scale = 0.02f;
  Tensor delta;
  octet_grid grid;
  const octet_grid* codes_grid;
};

void Add(benchmark::State& state, bool codes) {
  Operands o(state, codes, 1);
  for (auto _ : state) {
    if (!Check(state, octet_binary(OCTET_ADD, o.a.get(), o.codes_grid, o.b.get(), o.codes_grid, OCTET_ACTIVATION_RELU,
                                   o.out.get(), o.codes_grid, nullptr))) {
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * o.count);
}

/** 28 x 28 pixels of codes times a factor for each of 120 channels, as in MobileNetV3. */
void MultiplyChannels(benchmark::State& state) {
  constexpr int64_t kPixels = 28 * 28;
  constexpr int64_t kChannels = 120;
  Floats x_data(kPixels * kChannels), factor_data(kChannels), out_data(kPixels * kChannels);
  Tensor x(x_data.data(), {kPixels, kChannels});
  Tensor factors(factor_data.data(), {1, kChannels});
  Tensor out(out_data.data(), {kPixels, kChannels});
  x.get()->dtype = out.get()->dtype = {kDLUInt, 8, 1};
  float scale = 0.02f;
  Tensor delta(&scale, {});
  const octet_grid grid = {delta.get(), nullptr, 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  SetThreads(state, 1);
  for (auto _ : state) {
    if (!Check(state, octet_binary(OCTET_MUL, x.get(), &grid, factors.get(), nullptr, OCTET_ACTIVATION_NONE, out.get(),
                                   &grid, nullptr))) {
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * kPixels * kChannels);
}

void Unary(benchmark::State& state, octet_unary_function function, bool codes) {
  Operands o(state, codes, 1);
  for (auto _ : state) {
    if (!Check(state, octet_unary(function, 0, 0, o.a.get(), o.codes_grid, o.out.get(), o.codes_grid, nullptr))) return;
  }
  state.SetItemsProcessed(state.iterations() * o.count);
}

void Transpose(benchmark::State& state) {
  Operands o(state, false, int64_t{1} << (state.range(0) / 2));
  int64_t shape[2] = {o.out.get()->shape[1], o.out.get()->shape[0]};
  int64_t strides[2] = {1, o.a.get()->shape[1]};
  o.a.get()->shape = o.out.get()->shape = shape;
  o.a.get()->strides = strides;
  for (auto _ : state) {
    if (!Check(state, octet_copy(o.a.get(), o.out.get(), nullptr))) return;
  }
  state.SetBytesProcessed(state.iterations() * o.count * 8);
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"log2", "threads"})->ArgsProduct({{16, 22}, {1, 2}});
}

BENCHMARK_CAPTURE(Add, f32, false)->Apply(Sizes);
BENCHMARK_CAPTURE(Add, s8, true)->Apply(Sizes);
BENCHMARK(MultiplyChannels)->UseRealTime();
BENCHMARK_CAPTURE(Unary, gelu_f32, OCTET_GELU_ERF, false)->Apply(Sizes);
BENCHMARK_CAPTURE(Unary, gelu_s8, OCTET_GELU_ERF, true)->Apply(Sizes);
BENCHMARK_CAPTURE(Unary, requantize_s8, OCTET_IDENTITY, true)->Apply(Sizes);
BENCHMARK(Transpose)->Apply(Sizes);

}  // namespace
}  // namespace bench
}  // namespace octet
