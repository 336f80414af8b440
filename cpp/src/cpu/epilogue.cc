// SPDX-License-Identifier: Apache-2.0
#include "cpu/epilogue.h"

namespace octet {
namespace cpu {
namespace {

TileRows RowsOf(const RowsView& view, int rows, int columns, int64_t first_row, int64_t first_column) {
  TileRows tile;
  tile.data = view.data + first_row * view.stride + first_column * SizeOf(view.type);
  tile.stride = view.stride;
  tile.rows = rows;
  tile.columns = columns;
  return tile;
}

TileRows OutOf(const EpilogueView& epilogue, int rows, int columns, int64_t first_row, int64_t first_column) {
  TileRows out = RowsOf(epilogue.out, rows, columns, first_row, first_column);
  out.step = epilogue.out_step;
  out.limits = epilogue.out_limits;
  return out;
}

}  // namespace

// A step is a pass over the tile, which lies in the first-level cache: one function for every activation, residual and
// output type in place of one for each of their 240 combinations. Nothing but scales between sums and codes is the one
// combination with a function of its own: most layers of networks for images end with it (ReLU and ReLU6 are in the
// limits of the codes), and where K is small it takes as long as the product. Cycles for 16 values on Zen 5 (AVX-512):
// scaling 4, ReLU 2, SiLU 14, sigmoid 14, tanh 18, GELU 18 (tanh form) and 24 (erf form; 1.6 to 1.8 times as fast since
// it has no division), to f32 1, to s8 4; a product of K = 384 has 48 for the same values. Where an instruction set has
// it, calls with many of those outputs go through tile_codes.h instead.
void FinishTile(const EpilogueKernels& kernels, const EpilogueView& epilogue, const ScaleStep& step, int64_t first_row,
                int64_t first_column) {
  if (IsCode(epilogue.out.type) && epilogue.activation == numerics::Activation::kNone && epilogue.factor == nullptr &&
      epilogue.residual.data == nullptr) {
    kernels.scale_to_codes[epilogue.out.type == ElementType::kS8 ? 0 : 1](
        step, OutOf(epilogue, step.rows, step.columns, first_row, first_column));
    return;
  }
  alignas(64) float values[kMaxEpilogueRows * kTileColumns];
  kernels.scale(step, values);
  FinishValues(kernels, epilogue, step.rows, step.columns, first_row, first_column, values);
}

void FinishValues(const EpilogueKernels& kernels, const EpilogueView& epilogue, int rows, int columns,
                  int64_t first_row, int64_t first_column, float* values) {
  const auto activate = [&] {
    if (epilogue.activation != numerics::Activation::kNone) {
      kernels.activate[static_cast<int>(epilogue.activation)](values, rows, columns);
    }
    if (epilogue.factor != nullptr) kernels.multiply(epilogue.factor + first_column, rows, columns, values);
  };
  if (!epilogue.residual_first) activate();
  if (epilogue.residual.data != nullptr) {
    TileRows residual = RowsOf(epilogue.residual, rows, columns, first_row, first_column);
    residual.step = epilogue.residual_step;
    kernels.add[static_cast<int>(epilogue.residual.type)](residual, values);
  }
  if (epilogue.residual_first) activate();
  kernels.store[static_cast<int>(epilogue.out.type)](values, OutOf(epilogue, rows, columns, first_row, first_column));
}

}  // namespace cpu
}  // namespace octet
