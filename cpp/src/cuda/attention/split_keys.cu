// SPDX-License-Identifier: Apache-2.0
// How keys are cut: how many parts of them, what memory they take, and the three launches.
#include "cuda/attention/split_keys.h"

#include <algorithm>

#include "core/packed_gemm.h"
#include "cuda/attention/output.h"
#include "cuda/attention/values.h"
#include "numerics/summation.h"

namespace octet {
namespace cuda {
namespace {

int64_t RowsOf(const AttentionShape& shape) { return shape.batch * shape.heads * shape.queries; }

int64_t RowTilesOf(const AttentionShape& shape) {
  return (shape.heads / shape.kv_heads * shape.queries + kRowTile - 1) / kRowTile;
}

int64_t ValuePartsOf(const AttentionShape& shape) {
  const int columns = ValueSlabsOf(shape) * kSlabColumns;
  return (shape.v_dim + columns - 1) / columns;
}

template <typename T>
T* At(char* memory, int64_t offset) {
  return reinterpret_cast<T*>(memory + offset);
}

}  // namespace

int32_t PartsOfKeys(const DeviceKind& device, const AttentionShape& shape, int32_t forced) {
  const int64_t tiles = (shape.keys + kKeyTile - 1) / kKeyTile;
  const int64_t blocks = std::max<int64_t>(1, shape.batch * shape.kv_heads * RowTilesOf(shape) * ValuePartsOf(shape));
  int64_t parts = std::min(static_cast<int64_t>(forced), INT32_MAX / blocks);
  if (forced == 0) {
    // A part of less than two tiles is the start and the end of a pipeline alone.
    constexpr int64_t kLeastTiles = 2;
    // Three launches for one, some 5 microseconds, which a block takes for about four tiles of keys (PERFORMANCE.md).
    constexpr int64_t kLeastKeys = 512;
    // Terms are to stay in the second-level cache, which has 40 MB on an A100.
    constexpr int64_t kMostTermBytes = int64_t{32} << 20;
    // More than half of the multiprocessors busy: the second half is not worth terms that go through memory.
    if (shape.keys < kLeastKeys || 2 * blocks > device.multiprocessors) return 1;
    if (SplitLayoutOf(shape).bytes > kMostTermBytes) return 1;
    parts = std::min(tiles / kLeastTiles, kPartBlocks * device.multiprocessors / blocks);
  }
  parts = std::max<int64_t>(1, std::min(parts, tiles));
  // No part is to be empty.
  const int64_t part_tiles = (tiles + parts - 1) / parts;
  return static_cast<int32_t>(part_tiles == 0 ? 1 : (tiles + part_tiles - 1) / part_tiles);
}

SplitLayout SplitLayoutOf(const AttentionShape& shape) {
  const int64_t rows = RowsOf(shape);
  const int64_t tiles = shape.batch * shape.kv_heads * RowTilesOf(shape) * ValuePartsOf(shape);
  const int64_t sums = ValueSlabsOf(shape) == 1 ? Values<1>::kSums : Values<2>::kSums;
  int64_t bytes = 0;
  const auto take = [&bytes](int64_t count) {
    const int64_t at = bytes;
    bytes += RoundUp(count * 4, 64);
    return at;
  };
  SplitLayout layout;
  layout.greatest = take(rows);
  layout.arrived = take(tiles);
  layout.sums = take(tiles * sums * kAttentionThreads);
  layout.zeroed = bytes;
  layout.block_sums = take(rows * numerics::BlockCount(shape.keys));
  layout.terms = take(rows * RoundUp(shape.keys, kKeyTile));
  layout.bytes = bytes;
  return layout;
}

cudaError_t LaunchSplitAttention(AttentionProblem problem, const AttentionShape& shape, int architecture, int32_t parts,
                                 char* memory, cudaStream_t stream) {
  const SplitLayout layout = SplitLayoutOf(shape);
  const int64_t tiles = (shape.keys + kKeyTile - 1) / kKeyTile;
  const int64_t blocks = numerics::BlockCount(shape.keys);
  SplitKeys split;
  split.parts = DividerOf(parts);
  split.part_tiles = static_cast<int32_t>((tiles + parts - 1) / parts);
  split.terms = At<float>(memory, layout.terms);
  split.term_stride = static_cast<int32_t>(RoundUp(shape.keys, kKeyTile));
  split.greatest = At<uint32_t>(memory, layout.greatest);
  split.block_sums = At<float>(memory, layout.block_sums);
  split.blocks = DividerOf(std::max<int64_t>(1, blocks));
  split.sums = At<int32_t>(memory, layout.sums);
  split.arrived = At<int32_t>(memory, layout.arrived);
  cudaError_t error = cudaMemsetAsync(memory, 0, static_cast<size_t>(layout.zeroed), stream);
  if (error != cudaSuccess) return error;

  const int64_t row_blocks = shape.batch * shape.kv_heads * RowTilesOf(shape) * parts;
  const int stages = StagesOf(architecture) * kSlabBytes;
  const int q_bytes = problem.q_resident ? static_cast<int>(RoundUp(shape.dim, kSlabColumns)) * kRowTile : 0;
  problem.row_tiles = DividerOf(RowTilesOf(shape));
  problem.value_parts = DividerOf(1);
  LaunchPartTerms(problem, split, static_cast<unsigned>(row_blocks), static_cast<size_t>(stages + q_bytes), stream);

  const int64_t sums = RowsOf(shape) * blocks;
  if (sums > 0) LaunchBlockSums(problem, split, sums, stream);

  problem.value_parts = DividerOf(ValuePartsOf(shape));
  // Keys are not read any more.
  problem.kept_tiles = INT32_MAX;
  const auto value_blocks = static_cast<unsigned>(row_blocks * ValuePartsOf(shape));
  const auto bytes = static_cast<size_t>(std::max(stages, kAttentionWarps * kOutputBytes));
  LaunchPartValues(problem, split, ValueSlabsOf(shape), value_blocks, bytes, stream);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
