// SPDX-License-Identifier: Apache-2.0
// As gemm.cc does it: rows of the left operand are made ready in the workspace some at a time, as f32 at a stride that
// does not put them in each other's way, then the output is cut into items, blocks of rows by groups of panels.
//
// Measured on a shared core of a Xeon with AVX-512 (bench/matmul_bench.cc, CPU time, two computed matrices 512 x 512 x
// 512, packing included), in GFLOP/s beside a loop of fused multiply-adds on registers alone:
//
//     AVX2 74 of 91 (82 %)   AVX-512 142 of 172 (83 %)
//
// With packed weights, one row by 4096 x 4096, AVX-512: floats 6.6 ms, codes of 8 bits 3.7, of 4 bits 2.7.
#include "cpu/float_product.h"

#include <algorithm>

#include "cpu/epilogue.h"
#include "cpu/float_kernels.h"
#include "cpu/gemm_activations.h"
#include "cpu/gemm_kernels.h"
#include "cpu/parts.h"
#include "cpu/row_kernels.h"
#include "numerics/product.h"

namespace octet {
namespace cpu {
namespace {

using numerics::kProductBlock;

static_assert(kTileColumns == kPanelColumns && kMaxEpilogueRows >= kMaxFloatRows, "tiles fit the epilogue");
static_assert(kProductBlock % (2 * kGroup) == 0, "blocks of codes are whole groups");

// Rows that share a panel: a whole number of tiles of 14 and of 6. A block of them is 129 KB in the second-level cache.
constexpr int64_t kBlockRows = 126;
// Rows in the workspace: at least a block, and no more than this many bytes.
constexpr int64_t kReadyBytes = int64_t{4} << 20;
constexpr int64_t kReadyRows = 1024;
// Products that are worth a thread's time, some 10 microseconds; an item has about as many where there are enough.
constexpr int64_t kItemProducts = int64_t{1} << 18;
/** Elements that are made ready as one item. */
constexpr int64_t kItemElements = 16384;

int64_t StrideOf(int64_t k) { return ReadyStride(k, sizeof(float)); }

int64_t ReadyRowsOf(int64_t m, int64_t k) {
  return std::min(m, std::max(kBlockRows, std::min(kReadyRows, kReadyBytes / StrideOf(k))));
}

/** Some rows of the output, whose activations are ready. */
class Product {
 public:
  Product(const FloatWeights& weights, const EpilogueView& epilogue, const char* ready, int64_t first_row, int64_t rows)
      : weights_(weights),
        epilogue_(epilogue),
        ready_(ready),
        stride_(StrideOf(weights.k())),
        first_row_(first_row),
        rows_(rows),
        kernels_(CurrentFloatKernels()),
        epilogue_kernels_(CurrentEpilogueKernels()),
        unpack4_(CurrentGemmKernels().unpack4),
        panels_(PartsOf(weights.n(), kPanelColumns)),
        blocks_(PartsOf(rows, kBlockRows)) {
    const int64_t panel_products = std::max<int64_t>(1, rows / blocks_ * weights.k() * kPanelColumns);
    const int64_t group = std::min(panels_, std::max<int64_t>(1, kItemProducts / panel_products));
    panel_groups_ = PartsOf(panels_, group);
  }

  int64_t items() const { return blocks_ * panel_groups_; }

  void RunItem(int64_t item) const {
    const int64_t block = item / panel_groups_;
    const int64_t group = item % panel_groups_;
    const int64_t begin = PartStart(rows_, blocks_, block);
    const int64_t end = PartStart(rows_, blocks_, block + 1);
    const int64_t last = PartStart(panels_, panel_groups_, group + 1);
    for (int64_t panel = PartStart(panels_, panel_groups_, group); panel < last; ++panel) {
      RunPanel(begin, end - begin, panel);
    }
  }

 private:
  void RunPanel(int64_t begin, int64_t rows, int64_t panel) const {
    // With one block of k a tile's sums are used up at once, and the first ones serve all tiles.
    alignas(64) float sums[kBlockRows * kPanelColumns];
    alignas(64) float values[kProductBlock * kPanelColumns];
    alignas(64) int8_t unpacked[kProductBlock * kPanelColumns];
    const int64_t k = weights_.k();
    const bool as_codes = weights_.codes != nullptr && rows <= kernels_.code_rows;
    const int64_t tiles = as_codes ? 1 : PartsOf(rows, kernels_.max_rows);
    FloatTile tile;
    tile.a_stride = stride_;
    tile.columns = static_cast<int>(PanelColumnsOf(weights_.n(), panel));
    int64_t first = 0;
    do {
      tile.k = std::min(kProductBlock, k - first);
      tile.add = first != 0;
      const bool last = first + tile.k == k;
      CodePanel codes;
      if (weights_.codes == nullptr) {
        tile.b = weights_.floats->Panel(panel) + first * tile.columns;
      } else {
        codes = CodesOf(panel, first, tile, unpacked);
        if (!as_codes) {
          kernels_.dequantize(codes, tile.k, values);
          tile.b = values;
        }
      }
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t row = PartStart(rows, tiles, t);
        tile.rows = static_cast<int>(PartStart(rows, tiles, t + 1) - row);
        tile.a = reinterpret_cast<const float*>(ready_ + (begin + row) * stride_) + first;
        tile.sums = sums + (tile.add || !last ? row * kPanelColumns : 0);
        if (as_codes) {
          kernels_.code_tile(tile, codes);
        } else {
          kernels_.tile(tile);
        }
        if (last) Finish(tile, begin + row, panel * kPanelColumns);
      }
      first += tile.k;
    } while (first < k);
  }

  CodePanel CodesOf(int64_t panel, int64_t first, const FloatTile& tile, int8_t* unpacked) const {
    const PackedGemm& packed = *weights_.codes;
    const uint8_t* from = packed.panels + panel * packed.panel_bytes;
    CodePanel codes;
    codes.columns = tile.columns;
    codes.scales = packed.scales + panel * kPanelColumns;
    if (packed.zero_points != nullptr) codes.zero_points = packed.zero_points + panel * kPanelColumns;
    if (packed.bits == 8) {
      codes.codes = reinterpret_cast<const int8_t*>(from) + first * tile.columns;
    } else {
      unpack4_(from + first / 2 * tile.columns, (tile.k + 2 * kGroup - 1) / (2 * kGroup), tile.columns, unpacked);
      codes.codes = unpacked;
    }
    return codes;
  }

  void Finish(const FloatTile& tile, int64_t row, int64_t column) const {
    const int columns = static_cast<int>(std::min(kPanelColumns, weights_.n() - column));
    if (epilogue_.bias != nullptr) epilogue_kernels_.add_bias(epilogue_.bias + column, tile.rows, columns, tile.sums);
    FinishValues(epilogue_kernels_, epilogue_, tile.rows, columns, first_row_ + row, column, tile.sums);
  }

  const FloatWeights& weights_;
  const EpilogueView& epilogue_;
  const char* const ready_;
  const int64_t stride_;
  const int64_t first_row_;
  const int64_t rows_;
  const FloatKernels& kernels_;
  const EpilogueKernels& epilogue_kernels_;
  void (*const unpack4_)(const uint8_t* from, int64_t groups_of_eight, int columns, int8_t* to);
  const int64_t panels_;
  const int64_t blocks_;
  int64_t panel_groups_ = 1;
};

}  // namespace

size_t FloatGemmWorkspaceSize(int64_t m, int64_t k) { return static_cast<size_t>(ReadyRowsOf(m, k) * StrideOf(k)); }

void FloatGemm(const FloatActivations& a, const FloatWeights& weights, const EpilogueView& epilogue, bool alone,
               char* workspace) {
  const int64_t n = weights.n();
  const int64_t k = weights.k();
  if (a.m == 0 || n == 0) return;
  const auto load = CurrentRowKernels().convert.load[RowTypeIndex(a.rows.type)];
  const int64_t stride = StrideOf(k);
  const int64_t parts = PartsOf(a.m, ReadyRowsOf(a.m, k));
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t begin = PartStart(a.m, parts, part);
    const int64_t rows = PartStart(a.m, parts, part + 1) - begin;
    const int64_t pieces = PartsOf(rows, std::max<int64_t>(1, kItemElements / std::max<int64_t>(1, k)));
    ForItems(pieces, alone || pieces < 4, [&](int64_t piece) {
      const int64_t end = PartStart(rows, pieces, piece + 1);
      for (int64_t row = PartStart(rows, pieces, piece); row < end; ++row) {
        load(a.rows.data + (begin + row) * a.rows.stride, a.step, k, workspace + row * stride);
      }
    });
    const Product product(weights, epilogue, workspace, begin, rows);
    const bool little = rows * k * n < kItemProducts / 2;
    ForItems(product.items(), alone || little, [&product](int64_t item) { product.RunItem(item); });
  }
}

}  // namespace cpu
}  // namespace octet
