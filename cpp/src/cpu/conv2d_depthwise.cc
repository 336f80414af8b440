// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_depthwise.h"

#include <algorithm>

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
  const bool three = geometry.kernel_h <= kGroup && geometry.kernel_w == kRollingColumns && geometry.stride_w <= 2;
  const bool five =
      geometry.kernel_h == kGroup + 1 && geometry.kernel_w == kMostRollingColumns && geometry.stride_w == 1;
  by_column_ = (three || five) && geometry.dilation_w == 1 && weights.bits == 8;
  if (!by_column_) return;
  column_groups_ = three ? kRollingColumns : kMostRollingGroups;
  for (int64_t i = 0; i < column_groups_ * kGroup; ++i) {
    const int64_t group = i / kGroup;
    const bool column = group < geometry.kernel_w;
    const int64_t y = column ? i % kGroup : kGroup;
    const int64_t x = column ? group : i - geometry.kernel_w * kGroup;
    const bool present = y < geometry.kernel_h && x < geometry.kernel_w;
    column_taps_[i] = present ? y * geometry.kernel_w + x : -1;
    column_offsets_[i] = present ? offsets[column_taps_[i]] : column ? offsets[x] : 0;
  }
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
  const int8_t* const codes = reinterpret_cast<const int8_t*>(weights_.panels + panel * weights_.panel_bytes);
  for (int64_t g = 0; g < column_groups_; ++g) {
    for (int64_t c = 0; c < columns; ++c) {
      for (int64_t j = 0; j < kGroup; ++j) {
        const int64_t tap = column_taps_[g * kGroup + j];
        *to++ = tap >= 0 ? codes[(tap / kGroup * columns + c) * kGroup + tap % kGroup] : int8_t{0};
      }
    }
  }
}

void DepthwiseProduct::RunPanel(const Conv2dBlock& block, int64_t panel) const {
  alignas(64) int8_t by_column[kMostRollingGroups * kPanelColumns * kGroup];
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
  if (by_column_) TakeByColumn(panel, tile.columns, by_column);
  Conv2dTile at = tiles_.At(block.part, block.first);
  for (int64_t t = block.first; t < block.end; ++t, at = tiles_.After(block.part, at)) {
    tile.a = codes_ + at.slot * plan_.image_stride + at.line * geometry_.stride_h * plan_.line_stride +
             at.pixel * tile.a_stride + column;
    tile.rows = step.rows = at.rows;
    tile.sums = sums;
    if (by_column_) {
      DepthwiseTile rolling = tile;
      rolling.rolling = static_cast<int>(geometry_.stride_w);
      rolling.rolling_groups = geometry_.kernel_w;
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
