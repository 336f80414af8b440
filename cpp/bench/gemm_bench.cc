// SPDX-License-Identifier: Apache-2.0
// Matrix products, and what the machine could do at most: a loop of products on registers alone. Arguments are M, N, K,
// instruction set (0: that in use) and threads; GOP/s counts a multiplication and an addition as two.
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
__attribute__((target("avx512f,avx512vnni"))) void PeakAvx512Vnni() {
  __m512i sums[kSums] = {};
  for (__m512i& sum : sums) asm volatile("" : "+v"(sum));
  __m512i a = _mm512_set1_epi8(1);
  const __m512i b = _mm512_set1_epi8(1);
  for (int i = 0; i < kPeakRounds; ++i) {
    for (__m512i& sum : sums) sum = _mm512_dpbusd_epi32(sum, a, b);
    asm volatile("" : "+v"(a));
  }
  for (__m512i& sum : sums) asm volatile("" : : "v"(sum));
}

__attribute__((target("amx-tile,amx-int8"))) void PeakAmxInt8() {
  struct alignas(64) {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } shapes;
  asm volatile("" : "+m"(shapes));
  _tile_loadconfig(&shapes);
  for (int i = 0; i < kPeakRounds * kSums / 4; ++i) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}

__attribute__((target("avx2,avxvnni"))) void PeakAvxVnni() {
  __m256i sums[kSums] = {};
  for (__m256i& sum : sums) asm volatile("" : "+x"(sum));
  __m256i a = _mm256_set1_epi8(1);
  const __m256i b = _mm256_set1_epi8(1);
  for (int i = 0; i < kPeakRounds; ++i) {
    for (__m256i& sum : sums) sum = _mm256_dpbusd_avx_epi32(sum, a, b);
    asm volatile("" : "+x"(a));
  }
  for (__m256i& sum : sums) asm volatile("" : : "x"(sum));
}

__attribute__((target("avx512f,avx512bw"))) void PeakAvx512() {
  __m512i sums[kSums] = {};
  for (__m512i& sum : sums) asm volatile("" : "+v"(sum));
  __m512i a = _mm512_set1_epi16(1);
  const __m512i b = _mm512_set1_epi16(1);
  for (int i = 0; i < kPeakRounds; ++i) {
    for (__m512i& sum : sums) {
      asm volatile("" : "+v"(a));
      sum = _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
    }
  }
  for (__m512i& sum : sums) asm volatile("" : : "v"(sum));
}

__attribute__((target("avx2"))) void PeakAvx2() {
  __m256i sums[kSums] = {};
  for (__m256i& sum : sums) asm volatile("" : "+x"(sum));
  __m256i a = _mm256_set1_epi16(1);
  const __m256i b = _mm256_set1_epi16(1);
  for (int i = 0; i < kPeakRounds; ++i) {
    for (__m256i& sum : sums) {
      asm volatile("" : "+x"(a));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    }
  }
  for (__m256i& sum : sums) asm volatile("" : : "x"(sum));
}
#endif

struct Peak {
  void (*run)();
  int products;
};

Peak PeakOf(octet_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case OCTET_ISA_AMX_INT8:
      return {PeakAmxInt8, 16 * 16 * 64};
    case OCTET_ISA_AVX512_VNNI:
      return {PeakAvx512Vnni, 64};
    case OCTET_ISA_AVX_VNNI:
      return {PeakAvxVnni, 32};
    case OCTET_ISA_AVX512:
      return {PeakAvx512, 32};
    case OCTET_ISA_AVX2:
      return {PeakAvx2, 16};
#endif
    default:
      return {nullptr, 0};
  }
}

void InstructionSetLimit(benchmark::State& state) {
  const auto isa = static_cast<octet_isa>(state.range(0));
  const Peak peak = PeakOf(isa);
  if (octet_isa_available(isa) == 0) return state.SkipWithError("not available");
  for (auto _ : state) peak.run();
  SetGops(state, 2.0 * kSums * kPeakRounds * peak.products);
  state.SetLabel(octet_isa_name(isa));
}

struct Variant {
  DLDataType a;
  DLDataType out;
  bool dynamic;
  octet_weight_format format;
  octet_activation activation;
  /** Whether each product has other weights than the one before, so that they come from beyond the first caches. */
  bool cold = false;
};

/** More than second-level caches hold, as the weights of a model. */
constexpr size_t kColdBytes = size_t{24} << 20;

void Gemm(benchmark::State& state, Variant variant) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const octet_isa before = octet_get_isa();
  const auto isa = state.range(3) == 0 ? before : static_cast<octet_isa>(state.range(3));
  if (octet_set_isa(isa) != OCTET_OK) return state.SkipWithError("not available");
  SetThreads(state, state.range(4));
  const Block weights(static_cast<size_t>(n * k));
  if (variant.format == OCTET_WEIGHTS_4_BIT) {
    for (int64_t i = 0; i < n * k; ++i) weights.data()[i] = static_cast<char>(weights.data()[i] >> 4);
  }
  TypedTensor weight_tensor(weights.data(), {n, k}, kS8);
  std::vector<float> scales(static_cast<size_t>(n), 0.01f);
  std::vector<float> bias(static_cast<size_t>(n), 0.5f);
  Tensor scale_tensor(scales.data(), {n});
  Tensor bias_tensor(bias.data(), {n});
  const octet_grid weight_grid = {scale_tensor.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
  size_t bytes = 0;
  Check(state, octet_gemm_pack_size(weight_tensor.get(), variant.format, &bytes));
  const size_t packed_bytes = bytes;
  const size_t copies = variant.cold ? kColdBytes / packed_bytes + 1 : 1;
  const Block packed(packed_bytes * copies);
  for (size_t i = 0; i < copies; ++i) {
    Check(state, octet_gemm_pack(weight_tensor.get(), &weight_grid, variant.format, packed.data() + i * packed_bytes,
                                 packed_bytes));
  }

  const Floats floats(variant.a.bits == 32 ? m * k : 1);
  const Block codes(variant.a.bits == 8 ? static_cast<size_t>(m * k) : 1);
  TypedTensor a(variant.a.bits == 32 ? static_cast<void*>(floats.data()) : codes.data(), {m, k}, variant.a);
  float step = 0.01f, out_step = 0.5f;
  Tensor step_tensor(&step, {});
  Tensor out_step_tensor(&out_step, {});
  float least = -128.0f, greatest = 127.0f;
  if (variant.a.code == kDLUInt) least = 0.0f, greatest = 255.0f;
  const octet_grid a_grid = {step_tensor.get(), nullptr, least, greatest, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const octet_grid out_grid = {out_step_tensor.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const Block out(static_cast<size_t>(m * n) * 4);
  TypedTensor out_tensor(out.data(), {m, n}, variant.out);
  octet_epilogue epilogue = {};
  epilogue.bias = bias_tensor.get();
  epilogue.activation = variant.activation;
  if (variant.out.bits == 8) epilogue.out_grid = &out_grid;
  Check(state, octet_gemm_workspace_size(a.get(), packed.data(), packed_bytes, &bytes));
  const Block workspace(bytes);
  size_t copy = 0;
  for (auto _ : state) {
    const char* const w = packed.data() + copy * packed_bytes;
    copy = (copy + 1) % copies;
    const octet_status status = variant.dynamic
                                    ? octet_gemm_dynamic(a.get(), 8, 1e-8f, w, packed_bytes, &epilogue,
                                                         out_tensor.get(), workspace.data(), workspace.size(), nullptr)
                                    : octet_gemm(a.get(), &a_grid, w, packed_bytes, &epilogue, out_tensor.get(),
                                                 workspace.data(), workspace.size(), nullptr);
    if (!Check(state, status)) break;
  }
  SetGops(state, 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k));
  if (m <= 4) state.SetBytesProcessed(state.iterations() * n * k / (variant.format == OCTET_WEIGHTS_8_BIT ? 1 : 2));
  state.SetLabel(octet_isa_name(isa));
  octet_set_isa(before);
}

void Limits(benchmark::internal::Benchmark* benchmark) {
  for (int64_t isa :
       {OCTET_ISA_AVX2, OCTET_ISA_AVX512, OCTET_ISA_AVX_VNNI, OCTET_ISA_AVX512_VNNI, OCTET_ISA_AMX_INT8}) {
    benchmark->Arg(isa);
  }
}

void Shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"m", "n", "k", "isa", "threads"});
  for (int64_t isa :
       {OCTET_ISA_AVX2, OCTET_ISA_AVX512, OCTET_ISA_AVX_VNNI, OCTET_ISA_AVX512_VNNI, OCTET_ISA_AMX_INT8}) {
    benchmark->Args({1024, 1024, 1024, isa, 1});
  }
  for (int64_t threads : {1, 2}) {
    benchmark->Args({1024, 1024, 1024, 0, threads})->Args({2048, 2048, 2048, 0, threads});
    benchmark->Args({1024, 768, 768, 0, threads})->Args({128, 384, 384, 0, threads});
    benchmark->Args({128, 1536, 384, 0, threads})->Args({128, 384, 1536, 0, threads});
    benchmark->Args({16, 1536, 384, 0, threads})->Args({64, 4096, 4096, 0, threads});
    benchmark->Args({1, 1024, 1024, 0, threads})->Args({1, 4096, 4096, 0, threads})->Args({1, 8192, 8192, 0, threads});
    benchmark->Args({4, 4096, 4096, 0, threads});
  }
}

constexpr octet_weight_format k8 = OCTET_WEIGHTS_8_BIT;
constexpr octet_weight_format k4 = OCTET_WEIGHTS_4_BIT;

BENCHMARK(InstructionSetLimit)->Apply(Limits);
BENCHMARK_CAPTURE(Gemm, u8_f32, Variant{kU8, kF32, false, k8, OCTET_ACTIVATION_NONE})->Apply(Shapes);
BENCHMARK_CAPTURE(Gemm, u8_s8_cold, Variant{kU8, kS8, false, k8, OCTET_ACTIVATION_NONE, true})->Apply(Shapes);
BENCHMARK_CAPTURE(Gemm, f32_f32, Variant{kF32, kF32, false, k8, OCTET_ACTIVATION_NONE})->Apply(Shapes);
BENCHMARK_CAPTURE(Gemm, f32_dynamic_f32, Variant{kF32, kF32, true, k8, OCTET_ACTIVATION_NONE})->Apply(Shapes);
BENCHMARK_CAPTURE(Gemm, s8_gelu_s8, Variant{kS8, kS8, false, k8, OCTET_ACTIVATION_GELU_ERF})->Apply(Shapes);
BENCHMARK_CAPTURE(Gemm, s8_4bit_f32, Variant{kS8, kF32, false, k4, OCTET_ACTIVATION_NONE})->Apply(Shapes);

}  // namespace
}  // namespace bench
}  // namespace octet
