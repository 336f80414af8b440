// SPDX-License-Identifier: Apache-2.0
#include "cpu/gemm_product.h"

#include <algorithm>

#include "cpu/epilogue.h"
#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

static_assert(kTileColumns == kPanelColumns && kMaxEpilogueRows >= kMaxTileRows, "tiles fit the epilogue");

// Rows that share a panel of weights while it is in the second-level cache: ten tiles of 14, so that 128 tokens do not
// become two blocks.
constexpr int64_t kBlockRows = 140;
// k that are summed up at a time: a panel of 64 KB and a block of rows of 280 KB stay in a second-level cache of 512
// KB.
constexpr int64_t kDepth = 2048;
// Half bytes are unpacked to the stack: less at a time, 16 KB.
constexpr int64_t kDepthUnpacked = 512;
// Rows in the workspace: at least a block, and no more than this many bytes of codes.
constexpr int64_t kReadyBytes = int64_t{4} << 20;
constexpr int64_t kReadyRows = 1024;
// Outputs that do not stay in a second-level cache.
constexpr int64_t kFetchedOutput = int64_t{1} << 20;

/** Whether kernels can read rows where they lie: rows at strides that share few places in a cache are copied instead.
 */
bool AreReady(const GemmActivations& a, int64_t k, int bits) {
  return !a.dynamic && a.rows.type == ElementType::kU8 && k % (bits == 8 ? kGroup : 2 * kGroup) == 0 &&
         a.rows.stride >= k && (a.rows.stride % 1024 != 0 || a.m == 1);
}

/** Rows of a block, the last one of which may have fewer. */
int64_t BlockRows(int64_t rows, int64_t whole_rows) {
  const int64_t blocks = PartsOf(rows, kBlockRows / whole_rows * whole_rows);
  return RoundUp(PartsOf(rows, blocks), whole_rows);
}

/** Bytes of codes of ready rows, sums and scales follow. */
int64_t CodeBytes(int64_t rows, int64_t k) { return rows * ReadyStride(k, 2); }

}  // namespace

int64_t ReadyRowsOf(int64_t m, int64_t k) {
  const int64_t fitting = kReadyBytes / ReadyStride(k, 1);
  return std::min(m, std::max(kBlockRows, std::min(kReadyRows, fitting)));
}

int64_t ReadyParts::Bytes(int64_t m, int64_t k) {
  // For the instruction set that needs most: it may be changed between this call and the product.
  const int64_t rows = ReadyRowsOf(m, k);
  return CodeBytes(rows, k) + RoundUp(rows * 8, kPackAlignment);
}

ReadyParts::ReadyParts(const GemmKernels& kernels, const GemmActivations& a, int64_t k, int bits, bool with_sums,
                       char* workspace)
    : kernels_(kernels), a_(a), k_(k), with_sums_(with_sums) {
  const int64_t most = ReadyRowsOf(a.m, k);
  ready_.codes = workspace;
  ready_.stride = ReadyStride(k, kernels.wide_activations ? 2 : 1);
  ready_.sums = reinterpret_cast<int32_t*>(workspace + CodeBytes(most, k));
  ready_.scales = reinterpret_cast<float*>(ready_.sums + most);
  as_they_are_ = !kernels.wide_activations && !with_sums && AreReady(a, k, bits);
  if (as_they_are_) {
    ready_.codes = a.rows.data;
    ready_.stride = a.rows.stride;
  }
  parts_ = as_they_are_ ? 1 : PartsOf(a.m, most);
}

int64_t ReadyParts::Start(int64_t part) const { return PartStart(a_.m, parts_, part); }

void ReadyParts::Make(int64_t part, bool alone) const {
  if (as_they_are_) return;
  const int64_t begin = Start(part);
  const int64_t rows = Start(part + 1) - begin;
  // Some 16 K elements an item, which take some microseconds to quantize.
  const int64_t together = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, k_));
  const int64_t pieces = PartsOf(rows, together);
  ForItems(pieces, alone || pieces < 4, [&](int64_t piece) {
    const int64_t end = PartStart(rows, pieces, piece + 1);
    for (int64_t row = PartStart(rows, pieces, piece); row < end; ++row) {
      ReadyRow(kernels_, a_, k_, begin + row, ready_, row, with_sums_);
    }
  });
}

ReadyRows ReadyParts::From(int64_t row) const {
  return {ready_.codes + row * ready_.stride, ready_.stride, ready_.sums + row, ready_.scales + row};
}

GemmProduct::GemmProduct(const GemmKernels& kernels, const GemmActivations& a, const PackedGemm& weights,
                         const EpilogueView& epilogue, const ReadyRows& ready, int64_t first_row, int64_t rows)
    : a_(a),
      weights_(weights),
      epilogue_(epilogue),
      ready_(ready),
      first_row_(first_row),
      rows_(rows),
      kernels_(kernels),
      epilogue_kernels_(CurrentEpilogueKernels()),
      codes_(epilogue_kernels_, epilogue, a.step.scale, ReadyZeroPoint(a), rows * weights.n),
      groups_(RoundUp(weights.k, kGroup) / kGroup),
      a_zero_(ReadyZeroPoint(a)),
      panels_((weights.n + kPanelColumns - 1) / kPanelColumns),
      block_rows_(BlockRows(rows, kernels.whole_rows)),
      blocks_(PartsOf(rows, block_rows_)),
      fetch_output_(rows * epilogue.out.stride >= kFetchedOutput) {
  const int64_t panel_products = std::max<int64_t>(1, std::min(rows, block_rows_) * weights.k * kPanelColumns);
  const int64_t group = std::min(panels_, std::max<int64_t>(1, kernels.item_products / panel_products));
  panel_groups_ = PartsOf(panels_, group);
}

void GemmProduct::RunItem(int64_t item) const {
  const int64_t block = item / panel_groups_;
  const int64_t group = item % panel_groups_;
  const int64_t begin = block * block_rows_;
  const int64_t end = std::min(rows_, begin + block_rows_);
  const int64_t last = PartStart(panels_, panel_groups_, group + 1);
  const GemmUse use(kernels_);
  const bool as_half_bytes = weights_.bits == 4 && end - begin <= kernels_.half_byte_rows;
  for (int64_t panel = PartStart(panels_, panel_groups_, group); panel < last; ++panel) {
    if (as_half_bytes) {
      RunHalfBytes(begin, end - begin, panel);
    } else {
      RunPanel(begin, end - begin, panel);
    }
  }
}

void GemmProduct::RunPanel(int64_t begin, int64_t rows, int64_t panel) const {
  // With one part of k sums are used up soon, and the first ones serve all tiles.
  alignas(64) int32_t sums[kBlockRows * kPanelColumns];
  alignas(64) int8_t unpacked[kDepthUnpacked * kPanelColumns];
  const int64_t depth = (weights_.bits == 8 ? kDepth : kDepthUnpacked) / kGroup;
  const int64_t columns = ColumnsOf(panel);
  const uint8_t* codes = weights_.panels + panel * weights_.panel_bytes;
  const uint8_t* const next = weights_.panels + (panel + 1) % panels_ * weights_.panel_bytes;
  const int64_t tiles = PartsOf(rows, kernels_.max_rows);
  const PartSizes tile_rows(rows, tiles);
  const int64_t code_size = kernels_.wide_activations ? 2 : 1;
  PanelValues values;
  TileCodes made;
  const bool to_codes = !a_.dynamic && codes_.MakePanel(weights_, 0, panel, &values, &made);
  GemmTile tile;
  tile.a_stride = ready_.stride;
  tile.columns = static_cast<int>(columns);
  int64_t g = 0;
  do {
    tile.groups = std::min(depth, groups_ - g);
    tile.add = g != 0;
    const bool last = g + tile.groups == groups_;
    if (weights_.bits == 8) {
      tile.b = reinterpret_cast<const int8_t*>(codes) + g * columns * kGroup;
    } else {
      kernels_.unpack4(codes + g / 2 * columns * kGroup, (tile.groups + 1) / 2, tile.columns, unpacked);
      tile.b = unpacked;
    }
    const bool at_once = last && !tile.add;
    int64_t finished = 0;
    // As in convolutions: see conv2d_product.cc. A single tile waits for its own panel.
    FetchShares shares(next, last && tiles > 1 ? weights_.panel_bytes : 0, tile, tiles);
    for (int64_t t = 0, row = 0; t < tiles; row += tile_rows[t++]) {
      const int64_t row_end = row + tile_rows[t];
      shares.Next(&tile);
      tile.rows = static_cast<int>(row_end - row);
      tile.a = ready_.codes + (begin + row) * ready_.stride + g * kGroup * code_size;
      tile.sums = sums + (at_once ? row - finished : row) * kPanelColumns;
      if (last) FetchOutput(begin + row, tile.rows, panel * kPanelColumns);
      kernels_.tile(tile);
      const int64_t most_rows = groups_ <= kFewGroups ? kMaxEpilogueRows : kernels_.max_rows;
      if (last && (t + 1 == tiles || row_end + kernels_.max_rows - finished > most_rows)) {
        const int32_t* finished_sums = sums + (at_once ? 0 : finished) * kPanelColumns;
        const int finished_rows = static_cast<int>(row_end - finished);
        if (to_codes) {
          FinishCodes(finished_sums, finished_rows, begin + finished, panel * kPanelColumns, &made);
        } else {
          Finish(finished_sums, finished_rows, begin + finished, panel * kPanelColumns);
        }
        finished = row_end;
      }
    }
    g += tile.groups;
  } while (g < groups_);
}

void GemmProduct::RunHalfBytes(int64_t begin, int64_t rows, int64_t panel) const {
  alignas(64) int32_t sums[kMaxTileRows * kPanelColumns];
  GemmTile tile;
  tile.a = ready_.codes + begin * ready_.stride;
  tile.a_stride = ready_.stride;
  tile.rows = static_cast<int>(rows);
  tile.groups = (groups_ + 1) / 2;
  tile.b = reinterpret_cast<const int8_t*>(weights_.panels + panel * weights_.panel_bytes);
  tile.columns = ColumnsOf(panel);
  tile.sums = sums;
  kernels_.half_byte_tile(tile);
  Finish(sums, tile.rows, begin, panel * kPanelColumns);
}

void GemmProduct::FinishCodes(const int32_t* sums, int rows, int64_t row, int64_t column, TileCodes* codes) const {
  codes->out = epilogue_.out.data + (first_row_ + row) * epilogue_.out.stride + column;
  codes->out_stride = epilogue_.out.stride;
  if (epilogue_.residual.data != nullptr) {
    codes->residual = epilogue_.residual.data + (first_row_ + row) * epilogue_.residual.stride + column;
    codes->residual_stride = epilogue_.residual.stride;
  }
  epilogue_kernels_.finish_codes(sums, rows, *codes);
}

int GemmProduct::ColumnsOf(int64_t panel) const {
  return static_cast<int>(std::min(kPanelColumns, RoundUp(weights_.n, kHalfPanel) - panel * kPanelColumns));
}

void GemmProduct::FetchOutput(int64_t row, int rows, int64_t column) const {
  if (!fetch_output_) return;
  const int64_t size = SizeOf(epilogue_.out.type);
  const char* to = epilogue_.out.data + (first_row_ + row) * epilogue_.out.stride + column * size;
  const int64_t bytes = std::min(kPanelColumns, weights_.n - column) * size;
  for (int r = 0; r < rows; ++r, to += epilogue_.out.stride) {
    for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(to + i, 1, 2);
  }
}

void GemmProduct::Finish(const int32_t* sums, int rows, int64_t row, int64_t column) const {
  ScaleStep step;
  step.sums = sums;
  step.rows = rows;
  step.columns = static_cast<int>(std::min(kPanelColumns, weights_.n - column));
  step.w_sum = weights_.sums + column;
  if (weights_.zero_points != nullptr) {
    step.w_zero = weights_.zero_points + column;
    step.a_sum = ready_.sums + row;
  }
  step.w_scale = weights_.scales + column;
  if (epilogue_.bias != nullptr) step.bias = epilogue_.bias + column;
  step.a_zero = a_zero_;
  step.a_scale = a_.dynamic ? ready_.scales + row : &a_.step.scale;
  step.a_scale_step = a_.dynamic ? 1 : 0;
  FinishTile(epilogue_kernels_, epilogue_, step, first_row_ + row, column);
}

}  // namespace cpu
}  // namespace octet
