// SPDX-License-Identifier: Apache-2.0
// Products of two computed matrices, and what the machine could do at most: a loop of fused multiply-adds on registers
// alone. Arguments are M, N, K, batch, instruction set (0: that in use) and threads; GOP/s counts a multiplication and
// an addition as two.
#include "tensors.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace octet {
namespace bench {
namespace {

#if defined(__x86_64__)
constexpr int kSums = 12;
constexpr int kPeakRounds = 100000;

// The empty assembly keeps the compiler from seeing that every round, and every sum, is the same.
__attribute__((target("avx512f"))) void PeakAvx512() {
  __m512 sums[kSums] = {};
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
  __m512 a = _mm512_set1_ps(1.0f);
  const __m512 b = _mm512_set1_ps(1.0f);
  for (int i = 0; i < kPeakRounds; ++i) {
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(a, b, sum);
    asm volatile("" : "+v"(a));
  }
  for (__m512& sum : sums) asm volatile("" : : "v"(sum));
}

__attribute__((target("avx2,fma"))) void PeakAvx2() {
  __m256 sums[kSums] = {};
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));
  __m256 a = _mm256_set1_ps(1.0f);
  const __m256 b = _mm256_set1_ps(1.0f);
  for (int i = 0; i < kPeakRounds; ++i) {
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(a, b, sum);
    asm volatile("" : "+x"(a));
  }
  for (__m256& sum : sums) asm volatile("" : : "x"(sum));
}

void FmaLimit(benchmark::State& state) {
  const auto isa = static_cast<octet_isa>(state.range(0));
  if (octet_isa_available(isa) == 0) return state.SkipWithError("not available");
  const bool wide = isa == OCTET_ISA_AVX512;
  for (auto _ : state) (wide ? PeakAvx512 : PeakAvx2)();
  SetGops(state, 2.0 * kSums * kPeakRounds * (wide ? 16 : 8));
  state.SetLabel(octet_isa_name(isa));
}
BENCHMARK(FmaLimit)->Arg(OCTET_ISA_AVX2)->Arg(OCTET_ISA_AVX512);
#endif

void Matmul(benchmark::State& state, DLDataType type, bool transpose_b) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2), batch = state.range(3);
  const octet_isa before = octet_get_isa();
  const auto isa = state.range(4) == 0 ? before : static_cast<octet_isa>(state.range(4));
  if (octet_set_isa(isa) != OCTET_OK) return state.SkipWithError("not available");
  SetThreads(state, state.range(5));
  const bool floats = type.bits == 32;
  const Floats a_floats(floats ? batch * m * k : 1), b_floats(floats ? batch * n * k : 1);
  const Block a_codes(static_cast<size_t>(batch * m * k)), b_codes(static_cast<size_t>(batch * n * k));
  TypedTensor a(floats ? static_cast<void*>(a_floats.data()) : a_codes.data(), {batch, m, k}, type);
  TypedTensor b(floats ? static_cast<void*>(b_floats.data()) : b_codes.data(),
                transpose_b ? std::vector<int64_t>{batch, n, k} : std::vector<int64_t>{batch, k, n}, type);
  float step = 0.01f;
  Tensor step_tensor(&step, {});
  const octet_grid grid = {step_tensor.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const octet_grid* const given = floats ? nullptr : &grid;
  const Floats out(batch * m * n);
  Tensor out_tensor(out.data(), {batch, m, n});
  size_t bytes = 0;
  Check(state, octet_matmul_workspace_size(a.get(), b.get(), transpose_b ? 1 : 0, &bytes));
  const Block workspace(bytes);
  for (auto _ : state) {
    if (!Check(state, octet_matmul(a.get(), given, b.get(), given, transpose_b ? 1 : 0, nullptr, out_tensor.get(),
                                   workspace.data(), workspace.size(), nullptr))) {
      break;
    }
  }
  SetGops(state, 2.0 * static_cast<double>(batch * m * n) * static_cast<double>(k));
  state.SetLabel(octet_isa_name(isa));
  octet_set_isa(before);
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"m", "n", "k", "batch", "isa", "threads"});
  for (int64_t isa : {OCTET_ISA_AVX2, OCTET_ISA_AVX512}) benchmark->Args({512, 512, 512, 1, isa, 1});
  for (int64_t threads : {1, 2}) {
    benchmark->Args({512, 512, 512, 1, 0, threads})->Args({1024, 1024, 1024, 1, 0, threads});
    benchmark->Args({128, 128, 32, 12, 0, threads})->Args({128, 64, 128, 12, 0, threads});
    benchmark->Args({1, 1024, 64, 12, 0, threads})->Args({128, 384, 384, 1, 0, threads});
  }
}

BENCHMARK_CAPTURE(Matmul, f32, kF32, false)->Apply(Shapes);
BENCHMARK_CAPTURE(Matmul, f32_transposed, kF32, true)->Apply(Shapes);
BENCHMARK_CAPTURE(Matmul, s8, kS8, false)->Apply(Shapes);
BENCHMARK_CAPTURE(Matmul, s8_transposed, kS8, true)->Apply(Shapes);

}  // namespace
}  // namespace bench
}  // namespace octet
