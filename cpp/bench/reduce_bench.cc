// SPDX-License-Identifier: Apache-2.0
// Reductions: arguments are rows, columns and threads; over the rows (dimension 0) or the columns (1).
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

void Sum(benchmark::State& state, int32_t dim) {
  const int64_t rows = state.range(0);
  const int64_t columns = state.range(1);
  const Floats x_data(rows * columns);
  const Floats out_data(rows + columns);
  Tensor x(x_data.data(), {rows, columns});
  Tensor out(out_data.data(), {dim == 0 ? columns : rows});
  SetThreads(state, state.range(2));
  for (auto _ : state) {
    if (!Check(state, octet_reduce(OCTET_REDUCE_SUM, x.get(), nullptr, &dim, 1, out.get(), nullptr, nullptr))) {
      return;
    }
  }
  state.SetBytesProcessed(state.iterations() * rows * columns * 4);
}

void MaskedMean(benchmark::State& state) {
  const int64_t rows = state.range(0);
  const int64_t columns = state.range(1);
  const Floats x_data(rows * columns);
  const Floats mask_data(rows);
  const Floats out_data(columns);
  Tensor x(x_data.data(), {1, rows, columns});
  Tensor mask(mask_data.data(), {1, rows});
  Tensor out(out_data.data(), {1, columns});
  SetThreads(state, state.range(2));
  for (auto _ : state) {
    if (!Check(state, octet_masked_mean(x.get(), nullptr, mask.get(), 1e-9f, out.get(), nullptr, nullptr))) return;
  }
  state.SetBytesProcessed(state.iterations() * rows * columns * 4);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"rows", "columns", "threads"});
  for (int64_t threads : {1, 2}) benchmark->Args({128, 384, threads})->Args({2048, 2048, threads});
}

BENCHMARK_CAPTURE(Sum, over_rows, 0)->Apply(Shapes);
BENCHMARK_CAPTURE(Sum, over_columns, 1)->Apply(Shapes);
BENCHMARK(MaskedMean)->Apply(Shapes);

}  // namespace
}  // namespace bench
}  // namespace octet
