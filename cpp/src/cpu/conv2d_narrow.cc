// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_narrow.h"

#include <algorithm>
#include <cstring>

#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

// Channels of a region: a cache line of each pixel, and two panels.
constexpr int64_t kSlice = kNarrowPixel;
constexpr int64_t kSlicePanels = kSlice / kPanelColumns;
// Pixels that lie ready: 28 KB, beside some panels in a first-level cache of 32 KB or more.
constexpr int64_t kReadyPixels = 448;
static_assert(kReadyPixels >= kMostNarrowReach, "room for what is under a pixel");
// Lines of a region that are wanted where lines are so long that they have to be cut.
constexpr int64_t kCutLines = 4;
// Codes and bytes of a panel.
constexpr int64_t kPanelCodes = kMostNarrowTaps * 8 * kPanelColumns;
// Outputs that are worth a second thread's time.
constexpr int64_t kWorth = 16384;

NarrowSource SourceOf(const Conv2dGeometry& given, const Conv2dGeometry& geometry, const Conv2dPlan& plan,
                      const TensorView& x) {
  NarrowSource source;
  source.data = x.data;
  source.image_stride = x.strides[0];
  source.line_stride = x.strides[1] * (given.stride_h / geometry.stride_h);
  source.pixel_stride = x.strides[2] * (given.stride_w / geometry.stride_w);
  // Where a stride was idle there is no padding, and the output has a line or pixel for each that is read.
  source.h = given.stride_h == geometry.stride_h ? x.shape[1] : plan.out_h;
  source.w = given.stride_w == geometry.stride_w ? x.shape[2] : plan.out_w;
  source.pad_top = geometry.pad_top;
  source.pad_left = geometry.pad_left;
  if (x.type == ElementType::kS8) source.flip = 0x80;
  return source;
}

NarrowSource SourceOf(const Conv2dPlan& plan, const char* codes) {
  NarrowSource source;
  source.data = codes;
  source.image_stride = plan.image_stride;
  source.line_stride = plan.line_stride;
  source.pixel_stride = plan.pixel_stride;
  source.h = plan.part_lines;
  source.w = plan.padded_w;
  return source;
}

}  // namespace

/** Some pixels of some lines of an image, all within a part, and a slice of the channels. */
struct NarrowProduct::Region {
  const Conv2dPart& part;
  int64_t slot;
  int64_t line;
  int64_t lines;
  int64_t pixel;
  int64_t pixels;
  int64_t slice;
};

struct NarrowProduct::Panel {
  alignas(64) int8_t b[kPanelCodes * kNarrowBytes];
  PanelValues values;
  TileCodes made;
  bool to_codes;
  int columns;
  ScaleStep step;
  const int32_t* zero_points;
};

struct NarrowProduct::Sums {
  alignas(64) int32_t products[kMaxEpilogueRows * kPanelColumns];
  /** Of what the zero points of weights are multiplied with: products with weights of 1. */
  alignas(64) int32_t codes[kMaxEpilogueRows * kPanelColumns];
  alignas(64) int8_t ones[kPanelCodes * kNarrowBytes];
};

NarrowProduct::NarrowProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& given,
                             const Conv2dGeometry& geometry, const Conv2dPlan& plan, const Conv2dOutput& output,
                             int32_t zero, const TensorView& x)
    : NarrowProduct(kernels, weights, geometry, plan, output, zero, SourceOf(given, geometry, plan, x)) {}

NarrowProduct::NarrowProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                             const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero, const char* codes, char*,
                             const int32_t*)
    : NarrowProduct(kernels, weights, geometry, plan, output, zero, SourceOf(plan, codes)) {}

NarrowProduct::NarrowProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                             const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero,
                             const NarrowSource& source)
    : kernels_(kernels),
      narrow_(CurrentNarrowKernels(geometry.group_in())),
      geometry_(geometry),
      plan_(plan),
      output_(output),
      zero_(zero),
      codes_made_(output.kernels(), output.epilogue(), output.a_scale(), zero,
                  plan.images * plan.out_h * plan.out_w * geometry.out_channels),
      source_(source),
      weights_(weights.Block(0)),
      panels_(PartsOf(weights_.n, kPanelColumns)) {
  const auto under = [](int64_t outputs, int64_t stride, int64_t reach) { return (outputs - 1) * stride + reach; };
  const auto above = [](int64_t inputs, int64_t stride, int64_t reach) {
    return inputs < reach ? 1 : (inputs - reach) / stride + 1;
  };
  const int64_t wanted = under(std::min(plan.out_h, kCutLines), geometry.stride_h, geometry.reach_h());
  int64_t pixels = above(kReadyPixels / wanted, geometry.stride_w, geometry.reach_w());
  pixel_parts_ = PartsOf(plan.out_w, pixels);
  pixels = PartsOf(plan.out_w, pixel_parts_);
  ready_w_ = under(pixels, geometry.stride_w, geometry.reach_w());
  lines_ = above(kReadyPixels / ready_w_, geometry.stride_h, geometry.reach_h());
  if (pixel_parts_ == 1 && output.LinesGoOn(plan.out_w)) {
    lines_together_ = std::max<int64_t>(1, kMaxEpilogueRows / plan.out_w);
  }
  for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
    const int64_t y = tap / geometry.kernel_w * geometry.dilation_h;
    const int64_t x = tap % geometry.kernel_w * geometry.dilation_w;
    tap_offsets_[tap] = (y * ready_w_ + x) * kSlice;
  }
}

bool NarrowProduct::Reads(const TensorView& x) { return IsCode(x.type) && x.strides[3] == 1; }

void NarrowProduct::RunPart(const Conv2dPart& part) const {
  const int64_t slices = PartsOf(panels_, kSlicePanels);
  const int64_t line_parts = PartsOf(part.lines, lines_);
  const int64_t regions = part.images * line_parts * pixel_parts_;
  const bool alone = part.images * part.lines * plan_.out_w * weights_.n < kWorth;
  ForItems(regions * slices, alone, [&](int64_t item) {
    const int64_t region = item / slices;
    const int64_t in_image = region % (line_parts * pixel_parts_);
    const int64_t line_part = in_image / pixel_parts_;
    const int64_t pixel_part = in_image % pixel_parts_;
    const int64_t line = PartStart(part.lines, line_parts, line_part);
    const int64_t pixel = PartStart(plan_.out_w, pixel_parts_, pixel_part);
    RunRegion({part, region / (line_parts * pixel_parts_), line,
               PartStart(part.lines, line_parts, line_part + 1) - line, pixel,
               PartStart(plan_.out_w, pixel_parts_, pixel_part + 1) - pixel, item % slices});
  });
}

void NarrowProduct::RunRegion(const Region& region) const {
  alignas(64) uint8_t ready[kReadyPixels * kSlice];
  Panel panels[kSlicePanels];
  Sums sums;
  MakeReady(region, ready);
  const int64_t first_panel = region.slice * kSlicePanels;
  const int64_t count = std::min(kSlicePanels, panels_ - first_panel);
  for (int64_t p = 0; p < count; ++p) MakePanel(first_panel + p, &panels[p]);
  if (weights_.zero_points != nullptr) MakeOnes(sums.ones);
  NarrowTile tile;
  tile.a_stride = geometry_.stride_w * kSlice;
  tile.taps = geometry_.taps();
  tile.tap_offsets = tap_offsets_;
  tile.rolling = geometry_.kernel_w == 3 && geometry_.dilation_w == 1 && geometry_.stride_w == 1;
  const int64_t tiles = PartsOf(region.pixels, kMaxEpilogueRows);
  for (int64_t line = 0; line < region.lines; line += lines_together_) {
    const int64_t lines = std::min(lines_together_, region.lines - line);
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t pixel = PartStart(region.pixels, tiles, t);
      tile.rows = static_cast<int>(PartStart(region.pixels, tiles, t + 1) - pixel);
      for (int64_t p = 0; p < count; ++p) {
        tile.columns = panels[p].columns;
        tile.b = panels[p].b;
        for (int64_t l = 0; l < lines; ++l) {
          tile.a = ready + ((line + l) * geometry_.stride_h * ready_w_ + pixel * geometry_.stride_w) * kSlice +
                   p * kPanelColumns;
          tile.sums = sums.products + l * tile.rows * kPanelColumns;
          narrow_.tile(tile);
          if (weights_.zero_points == nullptr) continue;
          NarrowTile with_ones = tile;
          with_ones.b = sums.ones;
          with_ones.sums = sums.codes + l * tile.rows * kPanelColumns;
          narrow_.tile(with_ones);
        }
        Finish(&panels[p], static_cast<int>(lines * tile.rows),
               {region.part.first_image + region.slot, region.part.first_line + region.line + line,
                region.pixel + pixel, (first_panel + p) * kPanelColumns},
               &sums);
      }
    }
  }
}

void NarrowProduct::MakeReady(const Region& region, uint8_t* ready) const {
  const int64_t channels = std::min(kSlice, geometry_.in_channels - region.slice * kSlice);
  const int64_t lines = ReadyLines(geometry_, region.lines);
  const int64_t pixels = (region.pixels - 1) * geometry_.stride_w + geometry_.reach_w();
  const int64_t first_line = region.line * geometry_.stride_h - source_.pad_top;
  const int64_t first_pixel = region.pixel * geometry_.stride_w - source_.pad_left;
  const char* const image = source_.data + region.slot * source_.image_stride + region.slice * kSlice;
  const auto fill = [&](uint8_t* line, int64_t first, int64_t end) {
    std::memset(line + first * kSlice, zero_, static_cast<size_t>((end - first) * kSlice));
  };
  // What pixels lack to whole vectors meets weights of 0.
  if (channels < kSlice) std::memset(ready, 0, static_cast<size_t>(lines * ready_w_ * kSlice));
  for (int64_t i = 0; i < lines; ++i) {
    uint8_t* const line = ready + i * ready_w_ * kSlice;
    const int64_t from = first_line + i;
    const bool inside = from >= 0 && from < source_.h;
    const int64_t first = inside ? std::clamp<int64_t>(-first_pixel, 0, pixels) : pixels;
    const int64_t end = inside ? std::clamp(source_.w - first_pixel, first, pixels) : pixels;
    fill(line, 0, first);
    if (first < end) {
      CopyPixels(image + from * source_.line_stride + (first_pixel + first) * source_.pixel_stride, end - first,
                 channels, line + first * kSlice);
    }
    fill(line, end, pixels);
  }
}

void NarrowProduct::CopyPixels(const char* from, int64_t count, int64_t channels, uint8_t* to) const {
  if (channels == kSlice) {
    narrow_.copy(from, source_.pixel_stride, count, source_.flip, to);
    return;
  }
  const int64_t stride = source_.pixel_stride;
  const uint32_t flip = source_.flip * 0x01010101u;
  for (int64_t p = 0; p < count; ++p, from += stride, to += kSlice) {
    for (int64_t c = 0; c < channels; c += 4) {
      uint32_t four;
      std::memcpy(&four, from + c, sizeof(four));
      four ^= flip;
      std::memcpy(to + c, &four, sizeof(four));
    }
  }
}

void NarrowProduct::MakePanel(int64_t panel, Panel* to) const {
  const int64_t column = panel * kPanelColumns;
  const uint8_t* const codes = weights_.panels + panel * weights_.panel_bytes;
  to->columns = static_cast<int>(std::min(kPanelColumns, RoundUp(weights_.n, kHalfPanel) - column));
  if (weights_.bits == 8) {
    narrow_.prepare(reinterpret_cast<const int8_t*>(codes), geometry_.taps(), to->columns, to->b);
  } else {
    alignas(64) int8_t unpacked[kPanelCodes];
    kernels_.unpack4(codes, PartsOf(weights_.k, 2 * kGroup), to->columns, unpacked);
    narrow_.prepare(unpacked, geometry_.taps(), to->columns, to->b);
  }
  to->to_codes = output_.MakePanel(codes_made_, weights_, 0, panel, &to->values, &to->made);
  to->zero_points = weights_.zero_points == nullptr ? nullptr : weights_.zero_points + column;
  to->step.columns = static_cast<int>(std::min(kPanelColumns, weights_.n - column));
  to->step.w_sum = weights_.sums + column;
  to->step.w_scale = weights_.scales + column;
}

void NarrowProduct::MakeOnes(int8_t* to) const {
  // For panels of half as many columns too, whose weights take the first half.
  alignas(64) int8_t ones[kPanelCodes];
  std::fill_n(ones, geometry_.taps() * geometry_.group_in() * kPanelColumns, int8_t{1});
  narrow_.prepare(ones, geometry_.taps(), kPanelColumns, to);
}

void NarrowProduct::Finish(Panel* panel, int rows, const TilePlace& place, Sums* sums) const {
  if (panel->to_codes) {
    output_.FinishCodes(sums->products, rows, place, &panel->made);
    return;
  }
  panel->step.sums = sums->products;
  panel->step.rows = rows;
  for (int i = 0; panel->zero_points != nullptr && i < rows * static_cast<int>(kPanelColumns); ++i) {
    const int c = i % static_cast<int>(kPanelColumns);
    // The sum of the codes under a pixel is not one for all channels, as epilogues would have it.
    if (c >= panel->step.columns) continue;
    sums->products[i] = numerics::ExactSum(sums->products[i], 0, 0, panel->zero_points[c], sums->codes[i]);
  }
  output_.Finish(panel->step, zero_, place);
}

}  // namespace cpu
}  // namespace octet
