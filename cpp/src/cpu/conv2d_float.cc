// SPDX-License-Identifier: Apache-2.0
// Convolutions in floats, as conv2d.cc does those of integers: parts of the input are made ready in the workspace one
// after the other, then the output above a part is cut into items, which threads take.
#include "cpu/conv2d_float.h"

#include <algorithm>

#include "cpu/conv2d_float_input.h"
#include "cpu/conv2d_output.h"
#include "cpu/conv2d_parts.h"
#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_tiles.h"
#include "cpu/float_kernels.h"
#include "cpu/float_product.h"
#include "cpu/parts.h"
#include "cpu/rows.h"
#include "numerics/product.h"

namespace octet {
namespace cpu {
namespace {

using numerics::kProductBlock;

// Pixels that share a panel, as in matrix products.
constexpr int64_t kBlockRows = 126;
// Products that are worth a thread's time; an item has about as many where there are enough.
constexpr int64_t kItemProducts = int64_t{1} << 18;
constexpr int64_t kSize = sizeof(float);

/** Runs a 1x1 convolution as the matrix product that it is, where memory allows. */
bool RunAsGemm(const Conv2dArguments& arguments, const PackedFloatConv2d& weights, char* workspace) {
  const Conv2dGeometry& g = weights.geometry;
  if (g.taps() != 1 || g.groups != 1 || g.stride_h != 1 || g.stride_w != 1) return false;
  if ((g.pad_top | g.pad_left | g.pad_bottom | g.pad_right) != 0) return false;
  FloatActivations a;
  EpilogueView epilogue = arguments.epilogue;
  if (!AsMatrix(arguments.x, &a.rows) || !AsMatrix(arguments.out, &epilogue.out)) return false;
  if (epilogue.residual.data != nullptr && !AsMatrix(arguments.residual, &epilogue.residual)) return false;
  a.m = arguments.x.shape[0] * arguments.x.shape[1] * arguments.x.shape[2];
  a.step = arguments.step;
  const FloatPanels block = weights.Block(0);
  FloatWeights panels;
  panels.floats = &block;
  FloatGemm(a, panels, epilogue, false, workspace);
  return true;
}

/** The products of a convolution on ready input. */
class Product {
 public:
  /** Writes the offsets of runs, or of taps, to their place in the workspace. */
  Product(const PackedFloatConv2d& weights, const Conv2dGeometry& geometry, const Conv2dPlan& plan,
          const Conv2dOutput& output, char* workspace)
      : weights_(weights),
        geometry_(geometry),
        plan_(plan),
        output_(output),
        kernels_(CurrentFloatKernels()),
        ready_(workspace),
        offsets_(reinterpret_cast<const int64_t*>(workspace + plan.offsets)),
        depthwise_(geometry.depthwise()),
        tiles_(plan.out_w, depthwise_ ? kMaxFloatRows : kernels_.max_rows, false),
        panels_(PartsOf(geometry.block_n(), kPanelColumns)) {
    int64_t* const offsets = reinterpret_cast<int64_t*>(workspace + plan.offsets);
    const int64_t runs = depthwise_ ? geometry.taps() : geometry.runs();
    const int64_t row_runs = depthwise_ || !geometry.rows_are_runs() ? geometry.kernel_w : 1;
    for (int64_t run = 0; run < runs; ++run) {
      offsets[run] = run / row_runs * geometry.dilation_h * plan.line_stride +
                     run % row_runs * geometry.dilation_w * plan.pixel_stride;
    }
  }

  void RunPart(const Conv2dPart& part) const {
    const int64_t tiles = tiles_.Count(part);
    const int64_t blocks = PartsOf(tiles, std::max<int64_t>(1, kBlockRows / tiles_.rows()));
    const int64_t units = geometry_.blocks() * panels_;
    const int64_t products = part.images * part.lines * plan_.out_w * PackedFloatConv2d::BlockK(geometry_);
    const int64_t unit_products = std::max<int64_t>(1, products / blocks * kPanelColumns);
    const int64_t unit_parts = PartsOf(units, std::min(units, std::max<int64_t>(1, kItemProducts / unit_products)));
    ForItems(blocks * unit_parts, products * geometry_.out_channels < kItemProducts / 2, [&](int64_t item) {
      const Conv2dBlock block = {part, PartStart(tiles, blocks, item / unit_parts),
                                 PartStart(tiles, blocks, item / unit_parts + 1)};
      const int64_t end = PartStart(units, unit_parts, item % unit_parts + 1);
      for (int64_t unit = PartStart(units, unit_parts, item % unit_parts); unit < end; ++unit) {
        if (depthwise_) {
          RunDepthwise(block, unit);
        } else {
          RunPanel(block, unit / panels_, unit % panels_);
        }
      }
    });
  }

 private:
  const char* At(const Conv2dTile& tile) const {
    return ready_ + tile.slot * plan_.image_stride + tile.line * geometry_.stride_h * plan_.line_stride +
           tile.pixel * geometry_.stride_w * plan_.pixel_stride;
  }

  void Finish(const Conv2dBlock& block, const Conv2dTile& at, int columns, int64_t channel, float* sums) const {
    output_.FinishSums(at.rows, columns,
                       {block.part.first_image + at.slot, block.part.first_line + at.line, at.pixel, channel}, sums);
  }

  void RunPanel(const Conv2dBlock& block, int64_t group, int64_t panel) const {
    // With one block of products a tile's sums are used up at once, and the first ones serve all tiles.
    alignas(64) float sums[kBlockRows * kPanelColumns];
    const FloatPanels weights = weights_.Block(group);
    const int64_t run_length = geometry_.run();
    const int64_t column = panel * kPanelColumns;
    FloatTile tile;
    tile.a_stride = geometry_.stride_w * plan_.pixel_stride;
    tile.columns = static_cast<int>(PanelColumnsOf(weights.n, panel));
    int64_t run = 0;
    int64_t first = 0;
    do {
      tile.k = std::min(kProductBlock, run_length - first);
      tile.b = weights.Panel(panel) + (run * run_length + first) * tile.columns;
      tile.add = run != 0 || first != 0;
      const int64_t offset = offsets_[run] + first * kSize + group * plan_.plane_stride;
      first += tile.k;
      if (first >= run_length) {
        ++run;
        first = 0;
      }
      const bool last = run == geometry_.runs();
      for (int64_t t = block.first; t < block.end; ++t) {
        const Conv2dTile at = tiles_.At(block.part, t);
        tile.rows = at.rows;
        tile.a = reinterpret_cast<const float*>(At(at) + offset);
        tile.sums = sums + (tile.add || !last ? (t - block.first) * tiles_.rows() * kPanelColumns : 0);
        kernels_.tile(tile);
        if (!last) continue;
        const int columns = static_cast<int>(std::min(kPanelColumns, weights.n - column));
        Finish(block, at, columns, group * weights.n + column, tile.sums);
      }
    } while (run < geometry_.runs());
  }

  void RunDepthwise(const Conv2dBlock& block, int64_t panel) const {
    alignas(64) float sums[kMaxFloatRows * kPanelColumns];
    const FloatPanels weights = weights_.Block(0);
    const int64_t column = panel * kPanelColumns;
    const int columns = static_cast<int>(std::min(kPanelColumns, weights.n - column));
    FloatDepthwiseTile tile;
    tile.a_stride = geometry_.stride_w * plan_.pixel_stride;
    tile.columns = static_cast<int>(PanelColumnsOf(weights.n, panel));
    tile.sums = sums;
    for (int64_t t = block.first; t < block.end; ++t) {
      const Conv2dTile at = tiles_.At(block.part, t);
      tile.a = At(at) + column * kSize;
      tile.rows = at.rows;
      for (int64_t tap = 0; tap < weights.k; tap += kProductBlock) {
        tile.tap_offsets = offsets_ + tap;
        tile.taps = std::min(kProductBlock, weights.k - tap);
        tile.b = weights.Panel(panel) + tap * tile.columns;
        tile.add = tap != 0;
        kernels_.depthwise(tile);
      }
      Finish(block, at, columns, column, sums);
    }
  }

  const PackedFloatConv2d& weights_;
  const Conv2dGeometry& geometry_;
  const Conv2dPlan& plan_;
  const Conv2dOutput& output_;
  const FloatKernels& kernels_;
  const char* const ready_;
  const int64_t* const offsets_;
  const bool depthwise_;
  const LineTiles tiles_;
  /** Panels of a block. */
  const int64_t panels_;
};

}  // namespace

size_t FloatConv2dWorkspaceSize(const PackedFloatConv2d& weights, int64_t images, int64_t out_h, int64_t out_w) {
  const Conv2dGeometry& geometry = weights.geometry;
  const Conv2dPlan plan = PlanConv2d(WithoutIdleStrides(geometry), images, out_h, out_w, kSize, kSize);
  const size_t bytes = static_cast<size_t>(plan.bytes);
  if (geometry.taps() != 1 || geometry.groups != 1) return bytes;
  return std::max(bytes, FloatGemmWorkspaceSize(images * out_h * out_w, geometry.in_channels));
}

void FloatConv2d(const Conv2dArguments& arguments, const PackedFloatConv2d& weights, char* workspace) {
  if (arguments.out.count == 0 || RunAsGemm(arguments, weights, workspace)) return;
  const Conv2dGeometry geometry = WithoutIdleStrides(weights.geometry);
  const Conv2dPlan plan =
      PlanConv2d(geometry, arguments.x.shape[0], arguments.out.shape[1], arguments.out.shape[2], kSize, kSize);
  const FloatConv2dInput input(arguments, weights.geometry, geometry, plan, workspace);
  const Conv2dOutput output(arguments);
  const Product product(weights, geometry, plan, output, workspace);
  ForEachPart(plan, [&](const Conv2dPart& part) {
    MakePartReady(input, geometry, plan, part);
    product.RunPart(part);
  });
}

}  // namespace cpu
}  // namespace octet
