// SPDX-License-Identifier: Apache-2.0
// Products in floats with f16 activations and outputs, by weights of f32, of 8 and of 4 bits. They keep the order of
// sums of the CPU, in f32 units; beside them cuBLASLt's of f16 on tensor cores.
#include "families.h"
#include "weights.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t m, n, k;
};

constexpr Shape kShapes[] = {{1, 4096, 4096}, {4, 4096, 4096}, {16, 4096, 4096}, {64, 4096, 4096}, {2048, 4096, 4096}};
constexpr Shape kSmallShapes[] = {{1, 64, 300}, {40, 70, 96}};

void Multiply(Bench* bench, int bits, const Shape& shape) {
  const auto [m, n, k] = shape;
  const GemmWeights weights(n, k, bits);
  const Tensor a(kF16, {m, k});
  const Tensor out(kF16, {m, n});
  size_t bytes = 0;
  BENCH_CHECK(octet_gemm_float_workspace_size(a.dl(), weights.handle(), weights.handle_bytes(), &bytes));
  const Memory workspace(bytes);
  const double products = static_cast<double>(m) * static_cast<double>(n * k);
  bench->Measure({a.bytes() + static_cast<double>(n * k) * bits / 8.0 + out.bytes(), 2.0 * products, Arithmetic::kF32},
                 [&] {
                   BENCH_CHECK(octet_gemm_float(a.dl(), nullptr, weights.handle(), weights.handle_bytes(), nullptr,
                                                out.dl(), workspace.data(), bytes, nullptr));
                 });
  bench->CompareWithLt({LtTypes::kF16, m, n, k});
}

}  // namespace

void FloatGemmRows(Bench* bench) {
  for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) {
    for (const int bits : {32, 8, 4}) {
      const std::string row = std::string("f16x") +
                              (bits == 32  ? "f32"
                               : bits == 8 ? "s8"
                                           : "s4") +
                              "-f16/" + ShapeText({shape.m, shape.n, shape.k});
      bench->Row("gemm_float", row, [&] { Multiply(bench, bits, shape); });
    }
  }
}

}  // namespace bench
}  // namespace octet
