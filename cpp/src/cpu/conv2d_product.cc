// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_product.h"

#include <algorithm>

#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

// Pixels that share a panel of weights while it is in the second-level cache, as in matrix products.
constexpr int64_t kBlockRows = 126;
// Products of a pixel that are summed up at a time: 512 channels under 3x3 taps, which make a panel of 147 KB. More
// than in matrix products, whose activations take nine times the room of these in the cache.
constexpr int64_t kDepth = 4608;
// Half bytes are unpacked to the stack: less at a time, 16 KB.
constexpr int64_t kDepthUnpacked = 512;

int64_t* PlaceOf(char* workspace, int64_t offset) { return reinterpret_cast<int64_t*>(workspace + offset); }

}  // namespace

Conv2dProduct::Conv2dProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                             const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero, const char* codes,
                             char* workspace, const int32_t* sums)
    : kernels_(kernels),
      weights_(weights),
      geometry_(geometry),
      plan_(plan),
      output_(output),
      zero_(zero),
      codes_made_(output.kernels(), output.epilogue(), output.a_scale(), zero,
                  plan.images * plan.out_h * plan.out_w * geometry.out_channels),
      codes_(codes),
      run_offsets_(PlaceOf(workspace, plan.offsets)),
      sums_(sums),
      tiles_(plan.out_w, kernels.max_rows, kernels.halves && output.LinesGoOn(plan.out_w) && sums == nullptr),
      lines_go_on_(output.LinesGoOn(plan.out_w)),
      run_groups_(geometry.padded_run(weights.bits) / kGroup),
      panels_(PartsOf(geometry.group_out(), kPanelColumns)) {
  int64_t* const offsets = PlaceOf(workspace, plan.offsets);
  const int64_t row_runs = geometry.rows_are_runs() ? 1 : geometry.kernel_w;
  for (int64_t run = 0; run < geometry.runs(); ++run) {
    offsets[run] = run / row_runs * geometry.dilation_h * plan.line_stride +
                   run % row_runs * geometry.dilation_w * plan.pixel_stride;
  }
}

void Conv2dProduct::RunPart(const Conv2dPart& part) const {
  const int64_t tiles = tiles_.Count(part);
  const int64_t blocks = PartsOf(tiles, std::max<int64_t>(1, kBlockRows / tiles_.rows()));
  const int64_t units = geometry_.groups * panels_;
  const int64_t pixels = part.images * part.lines * plan_.out_w;
  const int64_t products = pixels * run_groups_ * kGroup * geometry_.runs();
  const int64_t unit_products = std::max<int64_t>(1, products / blocks * kPanelColumns);
  const int64_t together = std::min(units, std::max<int64_t>(1, kernels_.item_products / unit_products));
  const int64_t unit_parts = PartsOf(units, together);
  ForItems(blocks * unit_parts, products * geometry_.out_channels < kernels_.item_products / 2,
           [&](int64_t item) { RunItem(part, blocks, unit_parts, item); });
}

void Conv2dProduct::RunItem(const Conv2dPart& part, int64_t blocks, int64_t unit_parts, int64_t item) const {
  const int64_t tiles = tiles_.Count(part);
  const int64_t units = geometry_.groups * panels_;
  const Conv2dBlock block = {part, PartStart(tiles, blocks, item / unit_parts),
                             PartStart(tiles, blocks, item / unit_parts + 1)};
  const int64_t end = PartStart(units, unit_parts, item % unit_parts + 1);
  int32_t a_sums[kBlockRows];
  int64_t summed = -1;
  const GemmUse use(kernels_);
  for (int64_t unit = PartStart(units, unit_parts, item % unit_parts); unit < end; ++unit) {
    const int64_t group = unit / panels_;
    if (sums_ != nullptr && summed != group) {
      SumCodes(block, group, a_sums);
      summed = group;
    }
    RunPanel(block, group, unit % panels_, a_sums);
  }
}

void Conv2dProduct::SumCodes(const Conv2dBlock& block, int64_t group, int32_t* a_sums) const {
  for (int64_t t = block.first; t < block.end; ++t) {
    const Conv2dTile tile = tiles_.At(block.part, t);
    for (int r = 0; r < tile.rows; ++r) {
      uint32_t sum = 0;
      for (int64_t y = 0; y < geometry_.kernel_h; ++y) {
        const int64_t line = tile.slot * plan_.part_lines + tile.line * geometry_.stride_h + y * geometry_.dilation_h;
        const int32_t* from =
            sums_ + (line * plan_.planes + group) * plan_.padded_w + (tile.pixel + r) * geometry_.stride_w;
        for (int64_t x = 0; x < geometry_.kernel_w; ++x) sum += static_cast<uint32_t>(from[x * geometry_.dilation_w]);
      }
      a_sums[(t - block.first) * tiles_.rows() + r] = static_cast<int32_t>(sum);
    }
  }
}

void Conv2dProduct::RunPanel(const Conv2dBlock& block, int64_t group, int64_t panel, const int32_t* a_sums) const {
  // With one part of the products sums are used up soon, and the first ones serve all tiles.
  alignas(64) int32_t sums[kBlockRows * kPanelColumns];
  alignas(64) int8_t unpacked[kDepthUnpacked * kPanelColumns];
  const PackedGemm weights = weights_.Block(group);
  const int64_t columns = std::min(kPanelColumns, RoundUp(weights.n, kHalfPanel) - panel * kPanelColumns);
  const uint8_t* codes = weights.panels + panel * weights.panel_bytes;
  const int64_t depth = (weights.bits == 8 ? kDepth : kDepthUnpacked) / kGroup;
  // Panels come from memory once for each block of pixels: with few pixels, and weights that the layers in between have
  // pushed out of the caches, that takes a good part of the time. So the next panel is fetched while the tiles work on
  // this one. Measured in a ResNet-18, batch 1, on a Xeon with AVX512-VNNI and a second-level cache of 2 MB, beside
  // other load: a 3x3 convolution of 512 channels on 7x7 pixels takes 0.56 ms in place of 0.76 ms (medians).
  const uint8_t* const next = weights.panels + (panel + 1) % panels_ * weights.panel_bytes;
  PanelValues values;
  TileCodes made;
  const bool to_codes = output_.MakePanel(codes_made_, weights, group * weights.n, panel, &values, &made);
  GemmTile tile;
  tile.a_stride = geometry_.stride_w * plan_.pixel_stride;
  tile.columns = static_cast<int>(columns);
  // Some whole runs, or part of one.
  int64_t run = 0;
  int64_t g = 0;
  do {
    tile.groups = std::min(depth, run_groups_ - g);
    tile.runs = g == 0 && tile.groups == run_groups_
                    ? std::min(geometry_.runs() - run, depth / std::max<int64_t>(1, run_groups_))
                    : 1;
    if (run_groups_ == 0) tile.runs = geometry_.runs();
    tile.run_offsets = run_offsets_ + run;
    tile.add = run != 0 || g != 0;
    const int64_t groups_before = run * run_groups_ + g;
    if (weights.bits == 8) {
      tile.b = reinterpret_cast<const int8_t*>(codes) + groups_before * columns * kGroup;
    } else {
      kernels_.unpack4(codes + groups_before / 2 * columns * kGroup, tile.runs * tile.groups / 2, tile.columns,
                       unpacked);
      tile.b = unpacked;
    }
    const int64_t group_stride = geometry_.single_taps ? geometry_.group_in() * plan_.code_size : plan_.plane_stride;
    const int64_t offset = g * kGroup * plan_.code_size + group * group_stride;
    g += tile.groups;
    if (g == run_groups_) {
      run += tile.runs;
      g = 0;
    }
    const bool last = run == geometry_.runs();
    const bool at_once = last && !tile.add;
    FetchShares shares(next, last ? weights.panel_bytes : 0, tile, block.end - block.first);
    Conv2dTile at = tiles_.At(block.part, block.first);
    Conv2dTile first = at;
    int rows = 0;
    for (int64_t t = block.first; t < block.end; ++t) {
      const int64_t row = (t - block.first) * tiles_.rows();
      tile.rows = at.rows;
      tile.a = codes_ + at.slot * plan_.image_stride + at.line * geometry_.stride_h * plan_.line_stride +
               at.pixel * tile.a_stride + offset;
      // Short lines in pairs read a panel half as often: 512 channels on 7x7 pixels take 0.94 of the time on
      // AVX512-VNNI (medians of 15; 0.97 to 1.0 where the caches had no other load).
      tile.second_half = at.rows > plan_.out_w ? geometry_.stride_h * plan_.line_stride : 0;
      tile.sums = sums + (at_once ? rows : row) * kPanelColumns;
      shares.Next(&tile);
      kernels_.tile(tile);
      const Conv2dTile done = at;
      at = tiles_.After(block.part, at);
      if (!last) continue;
      rows += done.rows;
      // Some tiles at once, as in matrix products.
      if (at_once && tile.runs * tile.groups <= kFewGroups && t + 1 < block.end && weights.zero_points == nullptr &&
          rows + at.rows <= kMaxEpilogueRows && at.slot == done.slot && (at.line == done.line || lines_go_on_)) {
        continue;
      }
      const int64_t column = panel * kPanelColumns;
      const int32_t* const finished = sums + (at_once ? 0 : row * kPanelColumns);
      const TilePlace place = {block.part.first_image + first.slot, block.part.first_line + first.line, first.pixel,
                               group * weights.n + column};
      if (to_codes) {
        output_.FinishCodes(finished, rows, place, &made);
        rows = 0;
        first = at;
        continue;
      }
      ScaleStep step;
      step.sums = finished;
      step.rows = rows;
      step.columns = static_cast<int>(std::min(kPanelColumns, weights.n - column));
      step.w_sum = weights.sums + column;
      if (weights.zero_points != nullptr) {
        step.w_zero = weights.zero_points + column;
        step.a_sum = a_sums + row;
      }
      step.w_scale = weights.scales + column;
      output_.Finish(step, zero_, place);
      rows = 0;
      first = at;
    }
  } while (run < geometry_.runs());
}

}  // namespace cpu
}  // namespace octet
