// SPDX-License-Identifier: Apache-2.0
// The order in which sums over tensors are taken. It depends on the number of terms alone, so that threads, instruction
// sets and devices agree on every bit:
//
//   - The terms, in row-major order of the tensor, are cut into blocks of kBlock; the last one may be short.
//   - In a block, lane l of kLanes adds the terms l, l + kLanes, l + 2 * kLanes, ... one after the other in
//     f32, starting from +0 and with one rounding a term (a product that is a term is added with a fused
//     multiply-add).
//     Lanes are then added in halves: l and l + 32, l and l + 16, ..., l and l + 1.
//   - Blocks are cut into chunks of BlocksPerChunk(). The blocks of a chunk, then the chunks, are added one after the
//     other in f64.
//
// 64 lanes keep four 16-lane accumulators in flight, which hides the latency of an addition; 16 terms a lane keep the
// rounding error of a block below 1e-6 of the sum of magnitudes.
#ifndef OCTET_NUMERICS_SUMMATION_H_
#define OCTET_NUMERICS_SUMMATION_H_

#include "numerics/portable.h"

namespace octet {
namespace numerics {

constexpr int64_t kBlock = 1024;
constexpr int64_t kLanes = 64;
constexpr int64_t kMaxChunks = 64;

/** Blocks of a sum of so many terms. */
OCTET_MATH int64_t BlockCount(int64_t terms) { return terms / kBlock + (terms % kBlock != 0 ? 1 : 0); }

/** 64 blocks, or more where that would make more than kMaxChunks chunks. */
OCTET_MATH int64_t BlocksPerChunk(int64_t terms) {
  const int64_t blocks = BlockCount(terms);
  const int64_t needed = blocks / kMaxChunks + (blocks % kMaxChunks != 0 ? 1 : 0);
  return needed > 64 ? needed : 64;
}

OCTET_MATH int64_t ChunkCount(int64_t terms) {
  const int64_t blocks = BlockCount(terms);
  const int64_t per_chunk = BlocksPerChunk(terms);
  return blocks / per_chunk + (blocks % per_chunk != 0 ? 1 : 0);
}

/** The sum of all lanes; uses them up. */
OCTET_MATH float SumOfLanes(float* lanes) {
  for (int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (int64_t lane = 0; lane < width; ++lane) lanes[lane] = lanes[lane] + lanes[lane + width];
  }
  return lanes[0];
}

/** A sum in the making: of the sums of blocks, which come in order. */
struct BlockTotal {
  int64_t blocks_per_chunk;
  int64_t blocks_of_chunk;
  double chunk;
  double total;
};

OCTET_MATH BlockTotal StartTotal(int64_t terms) { return {BlocksPerChunk(terms), 0, 0.0, 0.0}; }

OCTET_MATH void AddBlock(float block, BlockTotal* sum) {
  sum->chunk += static_cast<double>(block);
  if (++sum->blocks_of_chunk < sum->blocks_per_chunk) return;
  sum->total += sum->chunk;
  sum->chunk = 0.0;
  sum->blocks_of_chunk = 0;
}

OCTET_MATH double TotalOf(const BlockTotal& sum) { return sum.total + sum.chunk; }

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_SUMMATION_H_
