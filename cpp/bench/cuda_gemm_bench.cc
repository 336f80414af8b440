// SPDX-License-Identifier: Apache-2.0
// Matrix products of s8 on a CUDA device, s8 out with a scale for each column and a bias, beside cuBLASLt's with one
// scale. TOPS counts a multiplication and an addition as two, GB/s each operand once.
#include "cublaslt.h"
#include "cuda_bench.h"
#include "cuda_timing.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t m, n, k;
};

constexpr Shape kShapes[] = {{1, 4096, 4096},    {8, 4096, 4096},    {16, 4096, 4096},    {17, 4096, 4096},
                             {32, 4096, 4096},   {64, 4096, 4096},   {128, 4096, 4096},   {512, 4096, 4096},
                             {1024, 8192, 8192}, {4096, 4096, 4096}, {1024, 8192, 21760}, {8192, 8192, 8192},
                             {4096, 384, 1536},  {12288, 768, 768},  {12288, 3072, 768}};
constexpr Shape kSmallShapes[] = {{1, 64, 128}, {16, 64, 128}, {32, 64, 128}, {70, 96, 192}};

void Run(const Shape& shape, bool timed, const Memory& cold, CublasLt* lt) {
  const auto [m, n, k] = shape;
  std::vector<int8_t> codes(static_cast<size_t>(n * k), 3);
  std::vector<float> scales(static_cast<size_t>(n), 0.01f);
  Matrix weights(codes.data(), kHost, kS8, n, k);
  Matrix delta(scales.data(), kHost, kF32, 1, n);
  delta.tensor.ndim = 1;
  delta.tensor.shape = delta.shape + 1;
  const octet_grid w_grid = {&delta.tensor, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
  size_t bytes = 0;
  BENCH_CHECK(octet_gemm_pack_size(&weights.tensor, OCTET_WEIGHTS_8_BIT, &bytes));
  std::vector<Line> packed(bytes / sizeof(Line) + 1);
  BENCH_CHECK(octet_gemm_pack(&weights.tensor, &w_grid, OCTET_WEIGHTS_8_BIT, packed.data(), bytes));
  size_t block_bytes = 0;
  BENCH_CHECK(octet_gemm_device_size(packed.data(), bytes, &block_bytes));
  const Memory block(block_bytes);
  Line handle;
  BENCH_CHECK(octet_gemm_to_device(packed.data(), bytes, 0, block.data(), block_bytes, &handle, nullptr));

  const Memory a_memory(static_cast<size_t>(m * k));
  const Memory out_memory(static_cast<size_t>(m * n));
  const Memory bias_memory(static_cast<size_t>(n) * 4);
  Matrix a(a_memory.data(), kDevice, kS8, m, k);
  Matrix out(out_memory.data(), kDevice, kS8, m, n);
  Matrix bias(bias_memory.data(), kDevice, kF32, 1, n);
  bias.tensor.ndim = 1;
  bias.tensor.shape = bias.shape + 1;
  float scale = 0.01f;
  Matrix one(&scale, kHost, kF32, 1, 1);
  one.tensor.ndim = 0;
  const octet_grid grid = {&one.tensor, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  octet_epilogue epilogue = {};
  epilogue.bias = &bias.tensor;
  epilogue.out_grid = &grid;
  size_t workspace_bytes = 0;
  BENCH_CHECK(octet_gemm_workspace_size(&a.tensor, &handle, sizeof(handle), &workspace_bytes));
  const Memory workspace(workspace_bytes);
  const double time = Time(timed, cold, [&] {
    BENCH_CHECK(octet_gemm(&a.tensor, &grid, &handle, sizeof(handle), &epilogue, &out.tensor, workspace.data(),
                           workspace_bytes, nullptr));
  });
  std::printf("%6lld %6lld %6lld", static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k));
  if (!timed) {
    std::printf("  ran\n");
    return;
  }
  const double operations = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double moved = static_cast<double>(m * k + n * k + m * n);
  std::printf(" %10.1f us %8.1f TOPS %8.1f GB/s", time, operations / time * 1e-6, moved / time * 1e-3);
  if (lt->missing() != nullptr || !lt->Plan(m, n, k)) {
    std::printf("  cuBLASLt: %s\n", lt->missing() != nullptr ? lt->missing() : "no kernel for the shape");
    return;
  }
  const Memory plain(static_cast<size_t>(n * k));
  const double theirs =
      Time(timed, cold, [&] { lt->Run(0.0001f, a_memory.data(), plain.data(), out_memory.data(), nullptr); });
  std::printf("  cuBLASLt %10.1f us, ratio %.2f\n", theirs, theirs / time);
}

}  // namespace

void GemmBench(bool timed, const Memory& cold) {
  std::printf("     M      N      K\n");
  CublasLt lt;
  if (timed) {
    for (const Shape& shape : kShapes) Run(shape, timed, cold, &lt);
  } else {
    for (const Shape& shape : kSmallShapes) Run(shape, timed, cold, &lt);
  }
}

}  // namespace bench
}  // namespace octet
