// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "cpu/compact.h"
#include "cpu/conv2d_float.h"
#include "cpu/row_kernels.h"

namespace octet {
namespace cpu {
namespace {

numerics::Step StepOf(const GridView* grid, int64_t channel, int64_t channels) {
  if (grid == nullptr) return {1.0f, 0.0f};
  const int64_t parameter = grid->axis < 0 ? 0 : channel / (channels / grid->delta.count);
  const float scale = numerics::ScaleOf(LoadCompact(grid->delta, parameter), grid->eps, grid->log_domain);
  const float zero_point =
      grid->has_zero_float ? numerics::ZeroPointOf(LoadCompact(grid->zero_float, parameter), grid->limits) : 0.0f;
  return {scale, zero_point};
}

/** Collects the weights of an output channel in the order of runs: taps, in each of them channels. */
void Collect(const TensorView& weights, const Conv2dGeometry& geometry, int64_t channel, std::vector<char>* row) {
  const int64_t size = weights.item_size();
  char* to = row->data();
  for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
    const char* from = weights.data + (channel * weights.strides[0] + tap / geometry.kernel_w * weights.strides[2] +
                                       tap % geometry.kernel_w * weights.strides[3]) *
                                          size;
    for (int64_t c = 0; c < geometry.group_in(); ++c, to += size) {
      std::memcpy(to, from + c * weights.strides[1] * size, static_cast<size_t>(size));
    }
  }
}

}  // namespace

void PackFloatConv2d(const TensorView& weights, const GridView* grid, const Conv2dGeometry& geometry, char* blocks) {
  const int64_t n = geometry.block_n();
  const int64_t k = PackedFloatConv2d::BlockK(geometry);
  const int64_t block_bytes = PackedFloatConv2d::BlockBytes(geometry);
  const auto load = CurrentRowKernels().convert.load[RowTypeIndex(weights.type)];
  std::memset(blocks, 0, static_cast<size_t>(geometry.blocks() * block_bytes));
  std::vector<char> row(static_cast<size_t>(k * weights.item_size()));
  std::vector<float> values(static_cast<size_t>(k));
  for (int64_t channel = 0; channel < geometry.out_channels; ++channel) {
    Collect(weights, geometry, channel, &row);
    load(row.data(), StepOf(grid, channel, geometry.out_channels), k, values.data());
    const int64_t in_block = channel % n;
    const int64_t panel = in_block / kPanelColumns;
    float* to = reinterpret_cast<float*>(blocks + channel / n * block_bytes) + panel * kPanelColumns * k +
                in_block % kPanelColumns;
    const int64_t columns = PanelColumnsOf(n, panel);
    for (int64_t i = 0; i < k; ++i) to[i * columns] = values[static_cast<size_t>(i)];
  }
}

}  // namespace cpu
}  // namespace octet
