// SPDX-License-Identifier: Apache-2.0
// The kernels of keys that are cut between blocks.
#include "cuda/arrivals.h"
#include "cuda/attention/split_keys.h"
#include "cuda/attention/write_rows.h"

namespace octet {
namespace cuda {
namespace {

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
  __shared__ int32_t word;
  int32_t* const totals = split.sums + part.block * (Values<kValueSlabs>::kSums * kAttentionThreads);
  values->AddTo(totals, rows.there);
  const bool came_last =
      CameLast(split.arrived + part.block, part.parts, static_cast<int>(threadIdx.x), &word, [] { __syncthreads(); });
  if (came_last) values->ReadFrom(totals, rows.there);
  return came_last;
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

}  // namespace

void LaunchPartTerms(const AttentionProblem& problem, const SplitKeys& split, unsigned blocks, size_t shared_bytes,
                     cudaStream_t stream) {
  PartTermsKernel<<<blocks, kAttentionThreads, shared_bytes, stream>>>(problem, split);
}

void LaunchBlockSums(const AttentionProblem& problem, const SplitKeys& split, int64_t count, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>((count + kSumWarps - 1) / kSumWarps);
  BlockSumsKernel<<<blocks, kSumThreads, 0, stream>>>(problem, split, count);
}

void LaunchPartValues(const AttentionProblem& problem, const SplitKeys& split, int value_slabs, unsigned blocks,
                      size_t shared_bytes, cudaStream_t stream) {
  if (value_slabs == 1) {
    PartValuesKernel<1><<<blocks, kAttentionThreads, shared_bytes, stream>>>(problem, split);
  } else {
    PartValuesKernel<2><<<blocks, kAttentionThreads, shared_bytes, stream>>>(problem, split);
  }
}

}  // namespace cuda
}  // namespace octet
