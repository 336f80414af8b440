// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/device_filters.h"

#include <cstring>

#include "cuda/gemm/device_weights.h"
#include "cuda/place_block.h"

namespace octet {
namespace cuda {
namespace {

/** Where the CPU's block, of that geometry, has a tap and channel of its K, of which depthwise ones have channel 0. */
int64_t DepthOf(const Conv2dGeometry& geometry, int bits, int64_t tap, int64_t channel) {
  if (geometry.one_block()) return tap * geometry.group_in() + channel;
  const int64_t taps_a_run = geometry.rows_are_runs() ? geometry.kernel_w : 1;
  return tap / taps_a_run * geometry.padded_run(bits) + tap % taps_a_run * geometry.group_in() + channel;
}

/** Writes the block of a group, which is all or part of one of the CPU's. */
void WriteBlock(const PackedConv2d& packed, int64_t index, const DeviceGemmLayout& layout, char* block) {
  const Conv2dGeometry& geometry = packed.geometry;
  const int64_t together = geometry.blocks() / packed.block_geometry.blocks();
  const PackedGemm from = packed.Block(index / together);
  const int64_t rows = geometry.block_n();
  if (rows == 0) return;
  const int64_t first_row = index % together * rows;
  // Within those that a row of the CPU's block has codes for: narrow groups share rows with none.
  const int64_t first_channel = packed.block_geometry.narrow ? 0 : index % together * geometry.group_in();
  const size_t columns = static_cast<size_t>(rows) * 4;
  std::memcpy(block + layout.scales, from.scales + first_row, columns);
  std::memcpy(block + layout.sums, from.sums + first_row, columns);
  if (from.zero_points != nullptr) std::memcpy(block + layout.zero_points, from.zero_points + first_row, columns);
  char* codes = block + layout.codes;
  const int64_t channels = geometry.depthwise() ? 1 : geometry.group_in();
  const int64_t run_taps = DeviceRunTaps(geometry);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t to = geometry.depthwise() ? tap * layout.stride + row
                                                : row * layout.stride + tap / run_taps * DeviceRunOf(geometry) +
                                                      tap % run_taps * channels + c;
        const int64_t depth = DepthOf(packed.block_geometry, packed.bits, tap, first_channel + c);
        codes[to] = static_cast<char>(PackedCode(from, first_row + row, depth));
      }
    }
  }
}

}  // namespace

octet_status PlaceConv2d(const Call* call, const PackedConv2d* packed, void* block) {
  const DeviceConv2d device = {packed->geometry, packed->has_zero_points, nullptr};
  const DeviceGemmLayout layout = device.layout();
  const int64_t bytes = device.bytes();
  return PlaceBlock<char>(call, bytes, block, [&](char* host) {
    std::memset(host, 0, static_cast<size_t>(bytes));
    for (int64_t i = 0; i < packed->geometry.blocks(); ++i) WriteBlock(*packed, i, layout, host + i * layout.bytes);
  });
}

}  // namespace cuda
}  // namespace octet
