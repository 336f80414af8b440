// SPDX-License-Identifier: Apache-2.0
// Matrix products in floats with packed weights: floats, and codes of 8 and 4 bits. Arguments are M, N, K and threads;
// GOP/s counts a multiplication and an addition as two. FmaLimit in matmul_bench.cc is what the machine could do at
// most.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

enum class WeightsOf { kFloats, kBytes, kHalfBytes };

void GemmFloat(benchmark::State& state, WeightsOf of) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  SetThreads(state, state.range(3));
  const Floats a(m * k), out(m * n);
  Tensor a_tensor(a.data(), {m, k}), out_tensor(out.data(), {m, n});
  size_t bytes = 0;
  std::unique_ptr<Block> packed;
  if (of == WeightsOf::kFloats) {
    const Floats weights(n * k);
    Tensor tensor(weights.data(), {n, k});
    Check(state, octet_gemm_float_pack_size(tensor.get(), &bytes));
    packed = std::make_unique<Block>(bytes);
    Check(state, octet_gemm_float_pack(tensor.get(), packed->data(), packed->size()));
  } else {
    const octet_weight_format format = of == WeightsOf::kBytes ? OCTET_WEIGHTS_8_BIT : OCTET_WEIGHTS_4_BIT;
    const Block weights(static_cast<size_t>(n * k));
    for (int64_t i = 0; format == OCTET_WEIGHTS_4_BIT && i < n * k; ++i) {
      weights.data()[i] = static_cast<char>(weights.data()[i] >> 4);
    }
    TypedTensor tensor(weights.data(), {n, k}, kS8);
    std::vector<float> scales(static_cast<size_t>(n), 0.01f);
    Tensor scale_tensor(scales.data(), {n});
    const octet_grid grid = {scale_tensor.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
    Check(state, octet_gemm_pack_size(tensor.get(), format, &bytes));
    packed = std::make_unique<Block>(bytes);
    Check(state, octet_gemm_pack(tensor.get(), &grid, format, packed->data(), packed->size()));
  }
  Check(state, octet_gemm_float_workspace_size(a_tensor.get(), packed->data(), packed->size(), &bytes));
  const Block workspace(bytes);
  for (auto _ : state) {
    if (!Check(state, octet_gemm_float(a_tensor.get(), nullptr, packed->data(), packed->size(), nullptr,
                                       out_tensor.get(), workspace.data(), workspace.size(), nullptr))) {
      break;
    }
  }
  SetGops(state, 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k));
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"m", "n", "k", "threads"});
  for (int64_t threads : {1, 2}) {
    benchmark->Args({1, 4096, 4096, threads})->Args({4, 4096, 4096, threads})->Args({16, 4096, 4096, threads});
    benchmark->Args({128, 1536, 384, threads})->Args({512, 512, 512, threads})->Args({1024, 1024, 1024, threads});
  }
}

BENCHMARK_CAPTURE(GemmFloat, f32, WeightsOf::kFloats)->Apply(Shapes);
BENCHMARK_CAPTURE(GemmFloat, s8, WeightsOf::kBytes)->Apply(Shapes);
BENCHMARK_CAPTURE(GemmFloat, s4, WeightsOf::kHalfBytes)->Apply(Shapes);

void Conv2dFloat(benchmark::State& state) {
  const int64_t size = state.range(0), in = state.range(1), out_channels = state.range(2), kernel = state.range(3);
  const auto groups = static_cast<int32_t>(state.range(4));
  SetThreads(state, state.range(5));
  const auto pad = static_cast<int32_t>(kernel / 2);
  const octet_conv2d_params params = {1, 1, pad, pad, pad, pad, 1, 1, groups};
  const Floats x(size * size * in), weights(out_channels * (in / groups) * kernel * kernel);
  const Floats out(size * size * out_channels);
  Tensor x_tensor(x.data(), {1, size, size, in}), out_tensor(out.data(), {1, size, size, out_channels});
  Tensor weight_tensor(weights.data(), {out_channels, in / groups, kernel, kernel});
  size_t bytes = 0;
  Check(state, octet_conv2d_float_pack_size(weight_tensor.get(), &params, &bytes));
  const Block packed(bytes);
  Check(state, octet_conv2d_float_pack(weight_tensor.get(), nullptr, &params, packed.data(), packed.size()));
  Check(state, octet_conv2d_float_workspace_size(x_tensor.get(), packed.data(), packed.size(), &bytes));
  const Block workspace(bytes);
  for (auto _ : state) {
    if (!Check(state, octet_conv2d_float(x_tensor.get(), nullptr, packed.data(), packed.size(), nullptr,
                                         out_tensor.get(), workspace.data(), workspace.size(), nullptr))) {
      break;
    }
  }
  SetGops(state, 2.0 * static_cast<double>(size * size * out_channels * (in / groups) * kernel * kernel));
}

void Images(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"size", "in", "out", "kernel", "groups", "threads"});
  for (int64_t threads : {1, 2}) {
    benchmark->Args({56, 64, 64, 3, 1, threads})->Args({14, 256, 256, 3, 1, threads});
    benchmark->Args({112, 3, 64, 7, 1, threads})->Args({56, 128, 128, 3, 128, threads});
    benchmark->Args({28, 128, 256, 1, 1, threads});
  }
}

BENCHMARK(Conv2dFloat)->Apply(Images);

}  // namespace
}  // namespace bench
}  // namespace octet
