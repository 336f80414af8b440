// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_groups.h"

#include <cstring>

namespace octet {
namespace cpu {
namespace {

/** How many groups become one: the most whose output channels fit half a panel. */
int64_t Together(const PackedConv2d& weights) {
  const Conv2dGeometry& g = weights.geometry;
  // The sum of the codes under a pixel, which zero points of weights are multiplied with, is one for each group.
  if (g.groups == 1 || g.depthwise() || weights.has_zero_points || weights.bits != 8) return 1;
  for (int64_t together = kHalfPanel; together > 1; --together) {
    if (g.groups % together == 0 && together * g.group_out() <= kHalfPanel) return together;
  }
  return 1;
}

/** Where the code of a channel of a group at a tap lies in the K of a block whose groups have the channels of g. */
int64_t PlaceOf(const Conv2dGeometry& g, int bits, int64_t tap, int64_t channel) {
  const int64_t taps_a_run = g.rows_are_runs() ? g.kernel_w : 1;
  return tap / taps_a_run * g.padded_run(bits) + tap % taps_a_run * g.group_in() + channel;
}

/** Copies a channel's codes of `count` columns of a panel that is half one. */
void CopyCodes(const char* from_panel, int64_t from_k, char* to_panel, int64_t to_k, int64_t to_column, int64_t count) {
  const char* from = from_panel + from_k / kGroup * kHalfPanel * kGroup + from_k % kGroup;
  char* to = to_panel + (to_k / kGroup * kHalfPanel + to_column) * kGroup + to_k % kGroup;
  for (int64_t i = 0; i < count; ++i) to[i * kGroup] = from[i * kGroup];
}

}  // namespace

Conv2dGeometry GroupedGeometry(const PackedConv2d& weights) {
  Conv2dGeometry result = weights.geometry;
  result.groups /= Together(weights);
  result.single_taps = result.groups > 1 && !result.depthwise() && !weights.has_zero_points &&
                       result.group_in() % (weights.bits == 8 ? kGroup : 2 * kGroup) == 0;
  return result;
}

int64_t GroupedBytes(const PackedConv2d& weights) {
  if (Together(weights) == 1) return 0;
  const Conv2dGeometry geometry = GroupedGeometry(weights);
  return geometry.blocks() *
         RoundUp(LayoutOf(geometry.block_n(), geometry.block_k(weights.bits), weights.bits, false).bytes,
                 kPackAlignment);
}

PackedConv2d GroupedWeights(const PackedConv2d& weights, char* memory) {
  PackedConv2d result = weights;
  result.geometry = GroupedGeometry(weights);
  const int64_t together = Together(weights);
  if (together == 1) return result;
  const Conv2dGeometry& from = weights.geometry;
  const Conv2dGeometry& to = result.geometry;
  result.layout = LayoutOf(to.block_n(), to.block_k(weights.bits), weights.bits, false);
  result.layout.bytes = RoundUp(result.layout.bytes, kPackAlignment);
  result.blocks = memory;
  std::memset(memory, 0, static_cast<size_t>(GroupedBytes(weights)));
  const int64_t n = from.group_out();
  const bool whole_groups = from.group_in() % kGroup == 0;
  for (int64_t group = 0; group < from.groups; ++group) {
    const PackedGemm block = weights.Block(group);
    char* const to_block = memory + group / together * result.layout.bytes;
    const int64_t number = group % together;
    const int64_t column = number * n;
    const auto bytes = static_cast<size_t>(n) * 4;
    std::memcpy(to_block + result.layout.scales + column * 4, block.scales, bytes);
    std::memcpy(to_block + result.layout.sums + column * 4, block.sums, bytes);
    const char* const from_panel = reinterpret_cast<const char*>(block.panels);
    char* const to_panel = to_block + result.layout.panels;
    for (int64_t tap = 0; tap < from.taps(); ++tap) {
      const int64_t from_k = PlaceOf(from, weights.bits, tap, 0);
      const int64_t to_k = PlaceOf(to, weights.bits, tap, number * from.group_in());
      for (int64_t c = 0; c < from.group_in();) {
        if (whole_groups) {
          std::memcpy(to_panel + ((to_k + c) / kGroup * kHalfPanel + column) * kGroup,
                      from_panel + (from_k + c) / kGroup * kHalfPanel * kGroup, bytes);
          c += kGroup;
        } else {
          CopyCodes(from_panel, from_k + c, to_panel, to_k + c, column, n);
          ++c;
        }
      }
    }
  }
  return result;
}

}  // namespace cpu
}  // namespace octet
