// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/device_filters.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "cuda/gemm/device_weights.h"
#include "cuda/launch.h"

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
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  const DeviceConv2d device = {packed->geometry, packed->has_zero_points, nullptr};
  const DeviceGemmLayout layout = device.layout();
  const size_t bytes = static_cast<size_t>(device.bytes());
  const std::unique_ptr<char[]> host(new (std::nothrow) char[bytes]);
  if (host == nullptr) {
    std::snprintf(call->message, call->message_bytes, "no host memory for %zu bytes of weights on their way", bytes);
    return OCTET_OUT_OF_MEMORY;
  }
  std::memset(host.get(), 0, bytes);
  for (int64_t i = 0; i < packed->geometry.blocks(); ++i) {
    WriteBlock(*packed, i, layout, host.get() + i * layout.bytes);
  }
  // From pageable memory: staged when the call returns, so that the host's copy may go.
  const cudaError_t error = cudaMemcpyAsync(block, host.get(), bytes, cudaMemcpyHostToDevice, StreamOf(call));
  return error == cudaSuccess ? OCTET_OK : Report(call, "cudaMemcpyAsync", error);
}

}  // namespace cuda
}  // namespace octet
