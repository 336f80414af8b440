// SPDX-License-Identifier: Apache-2.0
#include "cpu/multiply_channels.h"

#include <algorithm>
#include <cstring>

#include "cpu/row_kernels.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

constexpr int kOut = 0;
// Elements of a piece of work: about as long as waking a thread takes.
constexpr int64_t kPiece = 32 * kTileElements;

class ChannelProduct {
 public:
  /** Numbers of the operands in the loop. */
  ChannelProduct(const TileLoop& loop, int image, const Operand& x, int repeated, const Operand& factors,
                 const Operand& out, const RepeatedRows& rows)
      : loop_(loop),
        image_(image),
        repeated_(repeated),
        factors_(factors),
        rows_(rows),
        kernels_(CurrentRowKernels()),
        multiply_(kernels_.map.multiply_codes[IsUnsigned(x)][IsUnsigned(out)]),
        grids_{x.step, out.step, out.limits},
        piece_rows_(std::max<int64_t>(1, kPiece / rows.columns)) {}

  void Run() const {
    const int64_t pieces = (rows_.rows + piece_rows_ - 1) / piece_rows_;
    ParallelFor(rows_.images * pieces, [&](int64_t piece) {
      const int64_t first = piece % pieces * piece_rows_;
      RunPiece(piece / pieces * rows_.rows + first, std::min(piece_rows_, rows_.rows - first));
    });
  }

 private:
  static int IsUnsigned(const Operand& codes) { return codes.view.type == ElementType::kU8 ? 1 : 0; }

  /** Rows of one image. */
  void RunPiece(int64_t first_row, int64_t rows) const {
    for (int64_t column = 0; column < rows_.columns; column += kTileElements) {
      RunColumns(first_row * rows_.columns + column, rows, std::min(kTileElements, rows_.columns - column));
    }
  }

  /** Several rows at a time where they are short: the factors, again and again, are a tile. */
  void RunColumns(int64_t element, int64_t rows, int64_t columns) const {
    alignas(64) float factors[kTileElements];
    LoadFactors(element, columns, factors);
    const int64_t together = columns == rows_.columns ? std::min(rows, kTileElements / columns) : 1;
    for (int64_t r = 1; r < together; ++r) {
      std::memcpy(factors + r * columns, factors, static_cast<size_t>(columns) * sizeof(float));
    }
    const char* const x = loop_.Direct(image_, element, columns);
    char* const out = loop_.Direct(kOut, element, columns);
    for (int64_t r = 0; r < rows; r += together) {
      const int64_t at = r * rows_.columns;
      multiply_(x + at, factors, grids_, std::min(together, rows - r) * columns, out + at);
    }
  }

  void LoadFactors(int64_t element, int64_t columns, float* factors) const {
    const char* const from = loop_.At(repeated_, element);
    kernels_.convert.load[RowTypeIndex(factors_.view.type)](from, factors_.step, columns, factors);
  }

  const TileLoop& loop_;
  const int image_;
  const int repeated_;
  const Operand& factors_;
  const RepeatedRows rows_;
  const RowKernels& kernels_;
  void (*const multiply_)(const void* x, const void* factors, const CodeGrids& grids, int64_t count, void* out);
  const CodeGrids grids_;
  const int64_t piece_rows_;
};

}  // namespace

bool MultiplyChannels(const TileLoop& loop, const Operand& a, const Operand& b, const Operand& out) {
  constexpr int kA = 1;
  constexpr int kB = 2;
  if (!IsCode(out.view.type) || !loop.IsCompact(kOut)) return false;
  RepeatedRows rows;
  if (IsCode(a.view.type) && loop.IsCompact(kA) && loop.IsRepeated(kB, &rows)) {
    ChannelProduct(loop, kA, a, kB, b, out, rows).Run();
    return true;
  }
  if (IsCode(b.view.type) && loop.IsCompact(kB) && loop.IsRepeated(kA, &rows)) {
    ChannelProduct(loop, kB, b, kA, a, out, rows).Run();
    return true;
  }
  return false;
}

}  // namespace cpu
}  // namespace octet
