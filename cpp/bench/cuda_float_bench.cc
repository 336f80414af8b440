// SPDX-License-Identifier: Apache-2.0
// Products in floats with f16 activations and outputs, by weights of f32, of 8 and of 4 bits; and batches of products
// of computed matrices, of s8 and of f16, as attention has them. TFLOPS counts a multiplication and an addition as two,
// GB/s each operand once.
#include <cstdio>
#include <memory>
#include <vector>

#include "cuda_bench.h"
#include "octet/octet.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t m, n, k;
};

constexpr Shape kShapes[] = {{1, 4096, 4096}, {4, 4096, 4096}, {16, 4096, 4096}, {64, 4096, 4096}, {2048, 4096, 4096}};
constexpr Shape kSmallShapes[] = {{1, 64, 300}, {40, 70, 96}};

/** m x n x k, of so many matrices. */
struct BatchShape {
  int64_t count, m, n, k;
};
constexpr BatchShape kBatches[] = {{12, 128, 128, 64}, {384, 128, 128, 64}, {384, 128, 64, 128}, {16, 1024, 1024, 64}};
constexpr BatchShape kSmallBatches[] = {{3, 20, 36, 64}};

/** bits: 32 (f32), 8 or 4. */
struct PackedWeights {
  PackedWeights(int64_t n, int64_t k, int bits) {
    std::vector<char> values(static_cast<size_t>(n * k * (bits == 32 ? 4 : 1)), 1);
    std::vector<float> scales(static_cast<size_t>(n), 0.01f);
    Matrix weights(values.data(), kHost, bits == 32 ? kF32 : kS8, n, k);
    Matrix delta(scales.data(), kHost, kF32, 1, n);
    delta.tensor.ndim = 1;
    delta.tensor.shape = delta.shape + 1;
    const float most = bits == 4 ? 7.0f : 127.0f;
    const octet_grid grid = {&delta.tensor, nullptr, -most - 1.0f, most, OCTET_SCALE_LINEAR, 1e-8f, 0};
    const octet_weight_format format = bits == 4 ? OCTET_WEIGHTS_4_BIT : OCTET_WEIGHTS_8_BIT;
    size_t bytes = 0;
    size_t block_bytes = 0;
    if (bits == 32) {
      BENCH_CHECK(octet_gemm_float_pack_size(&weights.tensor, &bytes));
    } else {
      BENCH_CHECK(octet_gemm_pack_size(&weights.tensor, format, &bytes));
    }
    std::vector<Line> packed(bytes / sizeof(Line) + 1);
    if (bits == 32) {
      BENCH_CHECK(octet_gemm_float_pack(&weights.tensor, packed.data(), bytes));
      BENCH_CHECK(octet_gemm_float_device_size(packed.data(), bytes, &block_bytes));
    } else {
      BENCH_CHECK(octet_gemm_pack(&weights.tensor, &grid, format, packed.data(), bytes));
      BENCH_CHECK(octet_gemm_device_size(packed.data(), bytes, &block_bytes));
    }
    block = std::make_unique<Memory>(block_bytes);
    if (bits == 32) {
      BENCH_CHECK(octet_gemm_float_to_device(packed.data(), bytes, 0, block->data(), block_bytes, &handle, nullptr));
    } else {
      BENCH_CHECK(octet_gemm_to_device(packed.data(), bytes, 0, block->data(), block_bytes, &handle, nullptr));
    }
  }
  std::unique_ptr<Memory> block;
  Line handle;
};

void Print(bool timed, double time, double products, double bytes) {
  if (!timed) {
    std::printf("  ran\n");
    return;
  }
  std::printf(" %10.1f us %8.2f TFLOPS %8.1f GB/s\n", time, 2.0 * products / time * 1e-6, bytes / time * 1e-3);
}

void RunWeights(const Shape& shape, int bits, bool timed, const Memory& cold) {
  const auto [m, n, k] = shape;
  const PackedWeights weights(n, k, bits);
  const Memory a_memory(static_cast<size_t>(2 * m * k));
  const Memory out_memory(static_cast<size_t>(2 * m * n));
  Matrix a(a_memory.data(), kDevice, kF16, m, k);
  Matrix out(out_memory.data(), kDevice, kF16, m, n);
  size_t bytes = 0;
  BENCH_CHECK(octet_gemm_float_workspace_size(&a.tensor, &weights.handle, sizeof(Line), &bytes));
  const Memory workspace(bytes);
  const double time = Time(timed, cold, [&] {
    BENCH_CHECK(octet_gemm_float(&a.tensor, nullptr, &weights.handle, sizeof(Line), nullptr, &out.tensor,
                                 workspace.data(), bytes, nullptr));
  });
  std::printf("f16 x %2d bits %5lld %6lld %6lld", bits, static_cast<long long>(m), static_cast<long long>(n),
              static_cast<long long>(k));
  Print(timed, time, static_cast<double>(m * n * k), static_cast<double>(2 * m * (n + k) + n * k * bits / 8));
}

void RunBatch(const BatchShape& shape, DLDataType type, bool timed, const Memory& cold) {
  const auto [count, m, n, k] = shape;
  const int64_t size = type.bits / 8;
  const Memory a_memory(static_cast<size_t>(count * m * k * size));
  const Memory b_memory(static_cast<size_t>(count * n * k * size));
  const Memory out_memory(static_cast<size_t>(count * m * n * size));
  int64_t a_shape[] = {count, m, k};
  int64_t b_shape[] = {count, n, k};
  int64_t out_shape[] = {count, m, n};
  const DLTensor a = {a_memory.data(), kDevice, 3, type, a_shape, nullptr, 0};
  const DLTensor b = {b_memory.data(), kDevice, 3, type, b_shape, nullptr, 0};
  DLTensor out = {out_memory.data(), kDevice, 3, type, out_shape, nullptr, 0};
  float scale = 0.01f;
  Matrix one(&scale, kHost, kF32, 1, 1);
  one.tensor.ndim = 0;
  const octet_grid grid = {&one.tensor, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const octet_grid* grid_of_codes = type.bits == 8 ? &grid : nullptr;
  octet_epilogue epilogue = {};
  epilogue.out_grid = grid_of_codes;
  size_t bytes = 0;
  BENCH_CHECK(octet_matmul_workspace_size(&a, &b, 1, &bytes));
  const Memory workspace(bytes);
  const double time = Time(timed, cold, [&] {
    BENCH_CHECK(
        octet_matmul(&a, grid_of_codes, &b, grid_of_codes, 1, &epilogue, &out, workspace.data(), bytes, nullptr));
  });
  std::printf("%s a * b^T %lld of %lld x %lld x %lld", type.bits == 8 ? "s8 " : "f16", static_cast<long long>(count),
              static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k));
  Print(timed, time, static_cast<double>(count * m * n * k),
        static_cast<double>(count * (m * n + m * k + n * k) * size));
}

}  // namespace

void FloatBench(bool timed, const Memory& cold) {
  const auto run = [&](const Shape& shape) {
    for (int bits : {32, 8, 4}) RunWeights(shape, bits, timed, cold);
  };
  const auto run_batch = [&](const BatchShape& shape) {
    for (DLDataType type : {kS8, kF16}) RunBatch(shape, type, timed, cold);
  };
  if (timed) {
    for (const Shape& shape : kShapes) run(shape);
    for (const BatchShape& shape : kBatches) run_batch(shape);
  } else {
    for (const Shape& shape : kSmallShapes) run(shape);
    for (const BatchShape& shape : kSmallBatches) run_batch(shape);
  }
}

}  // namespace bench
}  // namespace octet
