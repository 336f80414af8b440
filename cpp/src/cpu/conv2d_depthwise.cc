// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_depthwise.h"

#include <algorithm>
#include <cstring>

#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

// Pixels of an item: with 32 channels some microseconds of work.
constexpr int64_t kBlockRows = 512;
// Taps at a time where weights are made on the stack.
constexpr int64_t kDepth = 512;
// Outputs that are worth a second thread's time.
constexpr int64_t kWorth = 16384;

/** Weights of 1 for taps first..first+4*groups-1, and 0 beyond the last tap. */
void MakeOnes(int64_t first, int64_t groups, int64_t taps, int columns, int8_t* ones) {
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t i = 0; i < columns * kGroup; ++i) {
      *ones++ = first + g * kGroup + i % kGroup < taps ? 1 : 0;
    }
  }
}

}  // namespace

DepthwiseProduct::DepthwiseProduct(const GemmKernels& kernels, const PackedConv2d& weights,
                                   const Conv2dGeometry& geometry, const Conv2dPlan& plan, const Conv2dOutput& output,
                                   int32_t zero, const char* codes, char* workspace, const int32_t*)
    : kernels_(kernels),
      kernel_(CurrentDepthwiseKernel()),
      geometry_(geometry),
      plan_(plan),
      output_(output),
      zero_(zero),
      codes_made_(output.kernels(), output.epilogue(), output.a_scale(), zero,
                  plan.images * plan.out_h * plan.out_w * geometry.out_channels),
      codes_(reinterpret_cast<const uint8_t*>(codes)),
      tap_offsets_(reinterpret_cast<const int64_t*>(workspace + plan.offsets)),
      tiles_(plan.out_w, kMaxEpilogueRows, false),
      weights_(weights.Block(0)) {
  int64_t* const offsets = reinterpret_cast<int64_t*>(workspace + plan.offsets);
  for (int64_t tap = 0; tap < RoundUp(geometry.taps(), 2 * kGroup); ++tap) {
    const int64_t y = tap / geometry.kernel_w * geometry.dilation_h;
    const int64_t x = tap % geometry.kernel_w * geometry.dilation_w;
    offsets[tap] = tap < geometry.taps() ? y * plan.line_stride + x * plan.pixel_stride : 0;
  }
  OrderByColumn(weights.bits, offsets);
}

void DepthwiseProduct::OrderByColumn(int bits, const int64_t* offsets) {
  const Conv2dGeometry& g = geometry_;
  if (g.dilation_w != 1 || bits != 8 || g.kernel_w <= g.stride_w) return;
  rolling_ = static_cast<int>(g.stride_w);
  rolling_groups_ = g.kernel_w;
  if (g.kernel_h <= kGroup && g.kernel_w == kRollingColumns) {
    column_groups_ = kRollingColumns;
  } else if (g.kernel_h == kGroup + 1 && g.kernel_w == kMostRollingColumns && g.stride_w <= 2) {
    column_groups_ = kMostRollingGroups;
  } else {
    // All lines by four: worth it where columns are used often enough for what is filled up.
    const int64_t column = PartsOf(g.kernel_h, kGroup);
    rolling_groups_ = column_groups_ = g.kernel_w * column;
    rolling_ = static_cast<int>(g.stride_w * column);
    const bool often = g.kernel_w >= 3 * g.stride_w && 4 * g.taps() >= 3 * column_groups_ * kGroup;
    if (!often || column_groups_ > kMostManyRollingGroups) column_groups_ = 0;
    for (int64_t i = 0; i < column_groups_ * kGroup; ++i) {
      PutColumnTap(i, i / kGroup % column * kGroup + i % kGroup, i / kGroup / column, offsets);
    }
    return;
  }
  for (int64_t i = 0; i < column_groups_ * kGroup; ++i) {
    const bool column = i / kGroup < g.kernel_w;
    PutColumnTap(i, column ? i % kGroup : kGroup, column ? i / kGroup : i - g.kernel_w * kGroup, offsets);
  }
}

void DepthwiseProduct::PutColumnTap(int64_t place, int64_t y, int64_t x, const int64_t* offsets) {
  const bool present = y < geometry_.kernel_h && x < geometry_.kernel_w;
  column_taps_[place] = present ? y * geometry_.kernel_w + x : -1;
  // The first line serves for those that are none.
  column_offsets_[place] = offsets[present ? column_taps_[place] : x < geometry_.kernel_w ? x : 0];
}

void DepthwiseProduct::RunPart(const Conv2dPart& part) const {
  const int64_t tiles = tiles_.Count(part);
  const int64_t blocks = PartsOf(tiles, std::max<int64_t>(1, kBlockRows / tiles_.rows()));
  const int64_t panels = PartsOf(weights_.n, kPanelColumns);
  const bool alone = part.images * part.lines * plan_.out_w * weights_.n < kWorth;
  ForItems(blocks * panels, alone, [&](int64_t item) {
    const int64_t block = item / panels;
    RunPanel({part, PartStart(tiles, blocks, block), PartStart(tiles, blocks, block + 1)}, item % panels);
  });
}

void DepthwiseProduct::Sum(DepthwiseTile tile, int64_t panel, bool ones) const {
  alignas(64) int8_t made[kDepth * kPanelColumns];
  const uint8_t* const codes = weights_.panels + panel * weights_.panel_bytes;
  const int64_t groups = RoundUp(weights_.k, kGroup) / kGroup;
  const bool as_packed = weights_.bits == 8 && !ones;
  for (int64_t g = 0; g < groups; g += tile.groups) {
    tile.groups = std::min((as_packed ? groups : kDepth / kGroup), groups - g);
    tile.tap_offsets = tap_offsets_ + g * kGroup;
    tile.add = g != 0;
    tile.b = made;
    if (ones) {
      MakeOnes(g * kGroup, tile.groups, weights_.k, tile.columns, made);
    } else if (as_packed) {
      tile.b = reinterpret_cast<const int8_t*>(codes);
    } else {
      kernels_.unpack4(codes + g / 2 * tile.columns * kGroup, (tile.groups + 1) / 2, tile.columns, made);
    }
    kernel_(tile);
  }
}

void DepthwiseProduct::TakeByColumn(int64_t panel, int columns, int8_t* to) const {
  // Four codes as one number, in whose bytes vectors of the compiler move them.
  const char* const codes = reinterpret_cast<const char*>(weights_.panels + panel * weights_.panel_bytes);
  uint32_t from[kPanelColumns];
  uint32_t made[kPanelColumns];
  for (int64_t g = 0; g < column_groups_; ++g) {
    std::fill_n(made, columns, 0);
    for (int64_t j = 0; j < kGroup; ++j) {
      const int64_t tap = column_taps_[g * kGroup + j];
      if (tap < 0) continue;
      std::memcpy(from, codes + tap / kGroup * columns * kGroup, static_cast<size_t>(columns) * kGroup);
      const auto shift = static_cast<uint32_t>(8 * (tap % kGroup));
      const auto place = static_cast<uint32_t>(8 * j);
      for (int c = 0; c < columns; ++c) made[c] |= (from[c] >> shift & 0xff) << place;
    }
    std::memcpy(to + g * columns * kGroup, made, static_cast<size_t>(columns) * kGroup);
  }
}

void DepthwiseProduct::RunPanel(const Conv2dBlock& block, int64_t panel) const {
  alignas(64) int8_t by_column[kMostManyRollingGroups * kPanelColumns * kGroup];
  alignas(64) int32_t sums[kMaxEpilogueRows * kPanelColumns];
  alignas(64) int32_t code_sums[kMaxEpilogueRows * kPanelColumns];
  const int64_t column = panel * kPanelColumns;
  ScaleStep step;
  step.sums = sums;
  step.columns = static_cast<int>(std::min(kPanelColumns, weights_.n - column));
  step.w_sum = weights_.sums + column;
  step.w_scale = weights_.scales + column;
  PanelValues values;
  TileCodes made;
  const bool to_codes = output_.MakePanel(codes_made_, weights_, 0, panel, &values, &made);
  DepthwiseTile tile;
  tile.columns = static_cast<int>(std::min(kPanelColumns, RoundUp(weights_.n, kHalfPanel) - column));
  tile.a_stride = geometry_.stride_w * plan_.pixel_stride;
  if (column_groups_ != 0) TakeByColumn(panel, tile.columns, by_column);
  Conv2dTile at = tiles_.At(block.part, block.first);
  for (int64_t t = block.first; t < block.end; ++t, at = tiles_.After(block.part, at)) {
    tile.a = codes_ + at.slot * plan_.image_stride + at.line * geometry_.stride_h * plan_.line_stride +
             at.pixel * tile.a_stride + column;
    tile.rows = step.rows = at.rows;
    tile.sums = sums;
    if (column_groups_ != 0) {
      DepthwiseTile rolling = tile;
      rolling.rolling = rolling_;
      rolling.rolling_groups = rolling_groups_;
      rolling.groups = column_groups_;
      rolling.tap_offsets = column_offsets_;
      rolling.b = by_column;
      kernel_(rolling);
    } else {
      Sum(tile, panel, false);
    }
    if (weights_.zero_points != nullptr) {
      // The sum of the codes under a pixel is not one for all channels, as epilogues would have it.
      tile.sums = code_sums;
      Sum(tile, panel, true);
      for (int i = 0; i < at.rows * kPanelColumns; ++i) {
        const int c = i % static_cast<int>(kPanelColumns);
        if (c >= step.columns) continue;
        sums[i] = numerics::ExactSum(sums[i], 0, 0, weights_.zero_points[column + c], code_sums[i]);
      }
    }
    const TilePlace place = {block.part.first_image + at.slot, block.part.first_line + at.line, at.pixel, column};
    if (to_codes) {
      output_.FinishCodes(sums, at.rows, place, &made);
    } else {
      output_.Finish(step, zero_, place);
    }
  }
}

}  // namespace cpu
}  // namespace octet
