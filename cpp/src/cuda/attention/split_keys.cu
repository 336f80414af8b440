// SPDX-License-Identifier: Apache-2.0
#include "cuda/attention/split_keys.h"

#include <algorithm>

#include "core/packed_gemm.h"
#include "cuda/attention/write_rows.h"

namespace octet {
namespace cuda {
namespace {

/** Blocks of a multiprocessor: of parts, enough to keep copies under way. */
constexpr int kPartBlocks = 3;
/** A warp adds up a block of a sum. */
constexpr int kSumThreads = 256;
constexpr int kSumWarps = kSumThreads / kWarpSize;
static_assert(numerics::kLanes == 2 * kWarpSize, "a thread has two lanes of a sum");

/** Less for lesser numbers; more than 0 for all but NaN. */
__device__ uint32_t OrderedBits(float value) {
  const uint32_t bits = __float_as_uint(value);
  return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
}

/** What has been written as OrderedBits; 0: minus infinity. */
__device__ float FromOrderedBits(uint32_t bits) {
  if (bits == 0) return -numerics::Infinity();
  return __uint_as_float(bits >> 31 != 0 ? bits & 0x7fffffffu : ~bits);
}

/** A part of the keys for a block's rows. */
struct KeyPart {
  /** Of the rows, and dimensions of values. */
  int64_t block;
  BlockPlace place;
  int32_t keys;
  int first_tile;
  int end_tile;
  /** Parts that any of the rows sees: at least one. */
  int parts;

  __device__ KeyPart(const AttentionProblem& problem, const SplitKeys& split)
      : block(split.parts.Divide(blockIdx.x).quotient), place(problem, block), keys(KeysOf(problem, place.batch)) {
    const int tiles = TilesOf(problem, place, place.first_row, kRowTile, keys);
    first_tile = static_cast<int>(split.parts.Divide(blockIdx.x).remainder) * split.part_tiles;
    end_tile = min(first_tile + split.part_tiles, tiles);
    parts = max(1, (tiles + split.part_tiles - 1) / split.part_tiles);
  }

  /** Without keys the first part is there all the same, to write the output. */
  __device__ bool IsThere() const { return first_tile < end_tile || first_tile == 0; }
};

/** A thread's two rows, as they are numbered in memory. */
struct PartRows {
  int64_t numbers[2];
  bool there[2];

  __device__ PartRows(const AttentionProblem& problem, const BlockPlace& place) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int64_t first = (place.batch * problem.kv_heads.divisor + place.kv_head) * problem.rows;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = place.first_row + static_cast<int>(threadIdx.x) / kWarpSize * kWarpRows + half * 8 + lane / 4;
      there[half] = row < problem.rows;
      numbers[half] = first + row;
    }
  }

  /** Where the thread's first two terms of a tile are. */
  __device__ float* TermsOf(const SplitKeys& split, int half, int tile) const {
    return split.terms + numbers[half] * split.term_stride + tile * kKeyTile + static_cast<int>(threadIdx.x) % 4 * 2;
  }
};

__global__ void __launch_bounds__(kAttentionThreads, kPartBlocks)
    PartTermsKernel(const __grid_constant__ AttentionProblem problem, const __grid_constant__ SplitKeys split) {
  extern __shared__ __align__(128) int8_t shared[];
  const KeyPart part(problem, split);
  if (!part.IsThere()) return;
  SlabStream stream(problem, part.place, shared, {part.first_tile, part.end_tile, kGreatest, kSum}, part.keys, 0, 0);
  const Queries queries(problem, part.place, shared + SlabStream::kBytes);
  queries.Copy();
  stream.Start();
  Scores scores(problem, part.place, queries, part.keys);
  if (problem.k_zero != 0) {
    WaitForCopies<SlabStream::kStages - 1>();
    __syncthreads();
    scores.AddRowSums();
  }
  const PartRows rows(problem, part.place);
  Greatest greatest;
  for (int tile = part.first_tile; tile < part.end_tile; ++tile) {
    Terms terms;
    scores.Make(&stream, tile, terms);
    if (tile >= scores.tiles()) continue;
    greatest.Add(terms);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      if (!rows.there[half]) continue;
      float* const to = rows.TermsOf(split, half, tile);
#pragma unroll
      for (int i = 0; i < kKeyParts; ++i) {
        *reinterpret_cast<float2*>(to + 8 * i) = {terms[i][2 * half], terms[i][2 * half + 1]};
      }
    }
  }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const uint32_t bits = OrderedBits(greatest.OfRow(half));
    if (rows.there[half] && threadIdx.x % 4 == 0) atomicMax(split.greatest + rows.numbers[half], bits);
  }
  WaitForCopies<0>();
}

__global__ void __launch_bounds__(kSumThreads) BlockSumsKernel(const __grid_constant__ AttentionProblem problem,
                                                               const __grid_constant__ SplitKeys split, int64_t count) {
  const int64_t number = static_cast<int64_t>(blockIdx.x) * kSumWarps + threadIdx.x / kWarpSize;
  if (number >= count) return;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const Divider::Result place = split.blocks.Divide(number);
  const int64_t row = place.quotient;
  const int64_t head = row / problem.rows;
  const int64_t query = problem.queries.Divide(row % problem.rows).remainder;
  const int32_t visible = VisibleTo(problem, KeysOf(problem, problem.kv_heads.Divide(head).quotient), query);
  const float greatest = Greatest::Subtracted(FromOrderedBits(split.greatest[row]));
  const float* const terms = split.terms + row * split.term_stride;
  const int first = static_cast<int>(place.remainder * numerics::kBlock);
  float lanes[2] = {0.0f, 0.0f};
#pragma unroll 4
  for (int tile = 0; tile < numerics::kBlock / kKeyTile; ++tile) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int key = first + tile * kKeyTile + i * kWarpSize + lane;
      // Keys that are not seen would add 0.
      if (key < visible) lanes[i] += numerics::ExpOfNonPositiveLanes<AtMostZero>(__ldg(terms + key) - greatest);
    }
  }
  float sum = lanes[0] + lanes[1];
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    sum += __shfl_xor_sync(0xffffffffu, sum, distance);
  }
  if (lane == 0) split.block_sums[number] = sum;
}

__device__ float FactorOfRow(const AttentionProblem& problem, const SplitKeys& split, int64_t row) {
  numerics::BlockTotal total = numerics::StartTotal(problem.keys);
  const auto blocks = static_cast<int>(split.blocks.divisor);
  for (int block = 0; block < blocks; ++block) {
    numerics::AddBlock(__ldg(split.block_sums + row * blocks + block), &total);
  }
  return FactorOf(total);
}

/** Whether the block came last of those of its rows, whose sums are then those of all. */
template <int kValueSlabs>
__device__ bool Gather(const SplitKeys& split, const KeyPart& part, const PartRows& rows, Values<kValueSlabs>* values) {
  if (part.parts == 1) return true;
  __shared__ int32_t arrived;
  int32_t* const totals = split.sums + part.block * (Values<kValueSlabs>::kSums * kAttentionThreads);
  values->AddTo(totals, rows.there);
  // As in gemm/split_k.h.
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    arrived = atomicAdd(split.arrived + part.block, 1);
    __threadfence();
  }
  __syncthreads();
  if (arrived != part.parts - 1) return false;
  values->ReadFrom(totals, rows.there);
  return true;
}

template <int kValueSlabs>
__global__ void __launch_bounds__(kAttentionThreads, kPartBlocks)
    PartValuesKernel(const __grid_constant__ AttentionProblem problem, const __grid_constant__ SplitKeys split) {
  extern __shared__ __align__(128) int8_t shared[];
  const KeyPart part(problem, split);
  if (!part.IsThere()) return;
  const int dimensions = DimensionsOf(problem, part.place, kValueSlabs);
  SlabStream stream(problem, part.place, shared, {part.first_tile, part.end_tile, kValues, kEnd}, part.keys,
                    part.place.value_part * kValueSlabs, (dimensions + kSlabColumns - 1) / kSlabColumns);
  stream.Start();
  const PartRows rows(problem, part.place);
  Greatest greatest;
  float factors[2] = {0.0f, 0.0f};
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    if (!rows.there[half]) continue;
    greatest.Take(half, FromOrderedBits(split.greatest[rows.numbers[half]]));
    factors[half] = FactorOfRow(problem, split, rows.numbers[half]);
  }
  const int first_row = part.place.first_row + static_cast<int>(threadIdx.x) / kWarpSize * kWarpRows;
  const int seen = TilesOf(problem, part.place, first_row, kWarpRows, part.keys);
  Values<kValueSlabs> values(problem, dimensions);
  for (int tile = part.first_tile; tile < part.end_tile; ++tile) {
    Codes64 codes = {};
    const bool active = tile < seen;
    if (active) {
      Terms terms = {};
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        if (!rows.there[half]) continue;
        const float* const from = rows.TermsOf(split, half, tile);
#pragma unroll
        for (int i = 0; i < kKeyParts; ++i) {
          const float2 two = __ldg(reinterpret_cast<const float2*>(from + 8 * i));
          terms[i][2 * half] = two.x;
          terms[i][2 * half + 1] = two.y;
        }
      }
      greatest.Exponentials(terms);
      MakeCodes(problem, factors, terms, codes);
    }
    values.Add(&stream, active, codes);
  }
  // The output takes the place of everything else.
  WaitForCopies<0>();
  if (!Gather(split, part, rows, &values)) return;
  __syncthreads();
  WriteRows(problem, part.place, values, factors, seen, shared);
}

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
  PartTermsKernel<<<static_cast<unsigned>(row_blocks), kAttentionThreads, static_cast<size_t>(stages + q_bytes),
                    stream>>>(problem, split);

  const int64_t sums = RowsOf(shape) * blocks;
  if (sums > 0) {
    BlockSumsKernel<<<static_cast<unsigned>((sums + kSumWarps - 1) / kSumWarps), kSumThreads, 0, stream>>>(problem,
                                                                                                           split, sums);
  }

  problem.value_parts = DividerOf(ValuePartsOf(shape));
  // Keys are not read any more.
  problem.kept_tiles = INT32_MAX;
  const auto value_blocks = static_cast<unsigned>(row_blocks * ValuePartsOf(shape));
  const auto bytes = static_cast<size_t>(std::max(stages, kAttentionWarps * kOutputBytes));
  if (ValueSlabsOf(shape) == 1) {
    PartValuesKernel<1><<<value_blocks, kAttentionThreads, bytes, stream>>>(problem, split);
  } else {
    PartValuesKernel<2><<<value_blocks, kAttentionThreads, bytes, stream>>>(problem, split);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
