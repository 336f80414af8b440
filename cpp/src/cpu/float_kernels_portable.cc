// SPDX-License-Identifier: Apache-2.0
// The reference.
#include "core/packed_gemm.h"
#include "cpu/float_kernels.h"
#include "numerics/grid.h"
#include "numerics/product.h"

namespace octet {
namespace cpu {
namespace {

void Finish(float block, bool add, float* sum) { *sum = add ? *sum + block : block; }

const float* RowOf(const FloatTile& tile, int row) {
  return reinterpret_cast<const float*>(reinterpret_cast<const char*>(tile.a) + row * tile.a_stride);
}

void Tile(const FloatTile& tile) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      const float block = numerics::SumOfProducts(RowOf(tile, row), 1, tile.b + column, tile.columns, tile.k);
      Finish(block, tile.add, tile.sums + row * kPanelColumns + column);
    }
  }
}

float ValueAt(const CodePanel& panel, int64_t k, int column) {
  const int8_t code = panel.codes[(k / kGroup * panel.columns + column) * kGroup + k % kGroup];
  const float zero_point = panel.zero_points != nullptr ? static_cast<float>(panel.zero_points[column]) : 0.0f;
  return numerics::ValueOfCode(static_cast<float>(code), {panel.scales[column], zero_point});
}

void Dequantize(const CodePanel& panel, int64_t k, float* values) {
  for (int64_t i = 0; i < k; ++i) {
    for (int column = 0; column < panel.columns; ++column) *values++ = ValueAt(panel, i, column);
  }
}

void CodeTile(const FloatTile& tile, const CodePanel& panel) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      float block = 0.0f;
      for (int64_t i = 0; i < tile.k; ++i) {
        block = numerics::Fma(RowOf(tile, row)[i], ValueAt(panel, i, column), block);
      }
      Finish(block, tile.add, tile.sums + row * kPanelColumns + column);
    }
  }
}

void Depthwise(const FloatDepthwiseTile& tile) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      float block = 0.0f;
      for (int64_t tap = 0; tap < tile.taps; ++tap) {
        const char* pixel = tile.a + row * tile.a_stride + tile.tap_offsets[tap];
        block =
            numerics::Fma(reinterpret_cast<const float*>(pixel)[column], tile.b[tap * tile.columns + column], block);
      }
      Finish(block, tile.add, tile.sums + row * kPanelColumns + column);
    }
  }
}

constexpr FloatKernels kKernels = {kMaxFloatRows, Tile, 1, CodeTile, Dequantize, Depthwise};

}  // namespace

const FloatKernels& PortableFloatKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
