// SPDX-License-Identifier: Apache-2.0
// Batches of products of computed matrices, a * b^T, as attention has them: of codes on tensor cores, and of f16 in f32
// units, in the CPU's order of sums.
#include "families.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t count, m, n, k;
};

constexpr Shape kShapes[] = {
    {12, 128, 128, 64}, {384, 128, 128, 64}, {384, 128, 64, 128}, {16, 1024, 1024, 64}, {16, 1024, 64, 1024}};
constexpr Shape kSmallShapes[] = {{3, 20, 36, 64}};

struct Types {
  DLDataType in, out;
};

constexpr Types kTypes[] = {{kS8, kS8}, {kS8, kF16}, {kF16, kF16}};

LtTypes PeerOf(const Types& types) {
  if (types.in.bits == 16) return LtTypes::kF16;
  return types.out.bits == 8 ? LtTypes::kS8ToS8 : LtTypes::kS8ToS32;
}

void Multiply(Bench* bench, const Types& types, const Shape& shape) {
  const auto [count, m, n, k] = shape;
  const Tensor a(types.in, {count, m, k});
  const Tensor b(types.in, {count, n, k});
  const Tensor out(types.out, {count, m, n});
  const Grid grid(kS8);
  octet_epilogue epilogue = {};
  epilogue.out_grid = grid.For(types.out);
  size_t bytes = 0;
  BENCH_CHECK(octet_matmul_workspace_size(a.dl(), b.dl(), 1, &bytes));
  const Memory workspace(bytes);
  const double products = static_cast<double>(count * m) * static_cast<double>(n * k);
  const Arithmetic arithmetic = types.in.bits == 8 ? Arithmetic::kInt8 : Arithmetic::kF32;
  bench->Measure({a.bytes() + b.bytes() + out.bytes(), 2.0 * products, arithmetic}, [&] {
    BENCH_CHECK(octet_matmul(a.dl(), grid.For(types.in), b.dl(), grid.For(types.in), 1, &epilogue, out.dl(),
                             workspace.data(), bytes, nullptr));
  });
  bench->CompareWithLt({PeerOf(types), m, n, k, count});
}

}  // namespace

void MatmulRows(Bench* bench) {
  for (const Types& types : kTypes) {
    for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) {
      bench->Row("matmul",
                 NameOf(types.in) + 'x' + NameOf(types.in) + '-' + NameOf(types.out) + '/' +
                     std::to_string(shape.count) + "_of_" + ShapeText({shape.m, shape.n, shape.k}),
                 [&] { Multiply(bench, types, shape); });
    }
  }
}

}  // namespace bench
}  // namespace octet
