// SPDX-License-Identifier: Apache-2.0
// LayerNorm: arguments are rows, length of a row, threads.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

enum class Kind { kFloats, kFloatsToCodes, kCodes, kFloatsWithResidual };

void LayerNorm(benchmark::State& state, Kind kind) {
  const int64_t count = state.range(0) * state.range(1);
  const std::vector<int64_t> shape = {state.range(0), state.range(1)};
  const Floats x_data(count);
  const Floats residual_data(count);
  const Floats weight_data(state.range(1));
  const Floats out_data(count);
  Tensor x(x_data.data(), shape);
  Tensor residual(residual_data.data(), shape);
  Tensor weight(weight_data.data(), {state.range(1)});
  Tensor bias(weight_data.data(), {state.range(1)});
  Tensor out(out_data.data(), shape);
  float scale = 0.02f;
  Tensor delta(&scale, {});
  const octet_grid grid = {delta.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const bool codes_in = kind == Kind::kCodes;
  const bool codes_out = codes_in || kind == Kind::kFloatsToCodes;
  if (codes_in) x.get()->dtype = {kDLInt, 8, 1};
  if (codes_out) out.get()->dtype = {kDLInt, 8, 1};
  octet_norm norm = {};
  norm.dims = 1;
  norm.eps = 1e-5f;
  norm.weight = weight.get();
  norm.bias = bias.get();
  if (kind == Kind::kFloatsWithResidual) norm.residual = residual.get();
  SetThreads(state, state.range(2));
  for (auto _ : state) {
    if (!Check(state, octet_layer_norm(x.get(), codes_in ? &grid : nullptr, &norm, out.get(),
                                       codes_out ? &grid : nullptr, nullptr))) {
      return;
    }
  }
  const int64_t bytes = (codes_in ? 1 : 4) + (codes_out ? 1 : 4) + (norm.residual != nullptr ? 4 : 0);
  state.SetBytesProcessed(state.iterations() * count * bytes);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"rows", "length", "threads"});
  for (int64_t threads : {1, 2}) {
    benchmark->Args({128, 384, threads})
        ->Args({4096, 384, threads})
        ->Args({128, 4096, threads})
        ->Args({65536, 384, threads});
  }
}

BENCHMARK_CAPTURE(LayerNorm, f32, Kind::kFloats)->Apply(Shapes);
BENCHMARK_CAPTURE(LayerNorm, f32_residual, Kind::kFloatsWithResidual)->Apply(Shapes);
BENCHMARK_CAPTURE(LayerNorm, f32_to_s8, Kind::kFloatsToCodes)->Apply(Shapes);
BENCHMARK_CAPTURE(LayerNorm, s8, Kind::kCodes)->Apply(Shapes);

}  // namespace
}  // namespace bench
}  // namespace octet
