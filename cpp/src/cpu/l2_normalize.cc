// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cpu/reduce.h"
#include "cpu/row_source.h"
#include "cpu/rows.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Elements of a piece of work.
constexpr int64_t kPiece = 32768;

}  // namespace

void L2Normalize(const Operand& x, float eps, const Operand& out) {
  if (x.view.count == 0) return;
  const RowKernels& kernels = CurrentRowKernels();
  const int64_t length = x.view.shape[x.view.ndim - 1];
  const int64_t rows = x.view.count / length;
  const Rows x_rows(x.view, 1);
  const Rows out_rows(out.view, 1);
  const int64_t per_piece = std::max<int64_t>(1, kPiece / length);
  ParallelFor((rows + per_piece - 1) / per_piece, [&](int64_t piece) {
    RowBuffer buffer;
    const int64_t end = std::min(rows, (piece + 1) * per_piece);
    for (int64_t row = piece * per_piece; row < end; ++row) {
      const RowSource source(kernels.convert, RowOf(x, x_rows.At(row)), OperandRow(), length, &buffer);
      numerics::BlockTotal squares = numerics::StartTotal(length);
      source.ForEachBlock([&](const void* values, int64_t, int64_t count) {
        numerics::AddBlock(kernels.norm.squares(values, 0.0f, count), &squares);
      });
      const auto norm = static_cast<float>(__builtin_sqrt(numerics::TotalOf(squares)));
      const float divisor = norm > eps || numerics::IsNan(norm) ? norm : eps;
      const OperandRow to_row = RowOf(out, out_rows.At(row));
      alignas(64) float block[numerics::kBlock];
      source.ForEachBlock([&](const void* values, int64_t start, int64_t count) {
        StoreThrough(kernels.convert, to_row, start, count, block,
                     [&](void* to) { kernels.reduce.divide(values, divisor, count, to); });
      });
    }
  });
}

}  // namespace cpu
}  // namespace octet
