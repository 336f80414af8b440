// SPDX-License-Identifier: Apache-2.0
// What the kernel of attention is given, and how its work is cut into thread blocks.
//
// A block has 64 rows, each a query of one of the heads that share keys and values; so a few queries of many heads fill
// a tile as well as many queries of one. A warp has 16 of them. Keys come 64 at a time: as many as lanes of a sum
// (numerics/summation.h), so that a tile of keys adds one term to each lane.
#ifndef OCTET_CUDA_ATTENTION_PROBLEM_H_
#define OCTET_CUDA_ATTENTION_PROBLEM_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "core/epilogue_view.h"
#include "cuda/byte_codes.h"
#include "cuda/divider.h"

namespace octet {
namespace cuda {

constexpr int kRowTile = 64;
constexpr int kKeyTile = 64;
constexpr int kAttentionThreads = 128;
constexpr int kAttentionWarps = kAttentionThreads / 32;
constexpr int kWarpRows = kRowTile / kAttentionWarps;

/** 64 tokens by 64 codes: what is copied to shared memory at a time. */
constexpr int kSlabColumns = 64;
constexpr int kSlabBytes = 64 * kSlabColumns;

/** Shared memory that keeps a tile's 64 x 64 terms. */
constexpr int kTermTileBytes = kRowTile * kKeyTile * 4;

/** Stages of slabs: two where copies pass through registers (sm_75). */
constexpr int StagesOf(int architecture) { return architecture >= 80 ? 4 : 2; }

/** Codes of [batch, heads, tokens, width], rows at multiples of 16 bytes. */
struct TokenCodes {
  const int8_t* data;
  /** Bytes from batch to batch, head to head, token to token. */
  int64_t strides[3];
  int32_t width;
  /** 0x80 in each byte for u8 codes, which are taken as s8 ones less 128; else 0. */
  uint32_t flip;
};

/** f32 or bytes of [batch, heads, queries, keys]; keys lie without gaps. data is null: none. */
struct ScoreOperand {
  const char* data;
  int64_t strides[3];
};

/** A constant factor in each byte of a fragment. A number that no signed byte holds is the sum of two. */
struct Splats {
  uint32_t words[2];
  int32_t count;
};

struct AttentionProblem {
  TokenCodes q;
  TokenCodes k;
  TokenCodes v;
  int32_t keys;
  /** Query heads for each head of keys. */
  int32_t group;
  /** group * queries. */
  int32_t rows;
  Divider queries;
  /** How blocks are numbered: parts of a value's dimensions first, then tiles of rows, heads, batches. */
  Divider value_parts;
  Divider row_tiles;
  Divider kv_heads;
  /** Tiles of keys whose terms are kept in shared memory. */
  int32_t kept_tiles;
  /** Whether queries are kept in shared memory, else they are read where they lie. */
  bool q_resident;

  /** Of scores: with zero points zq and zk, sum (q - zq) * (k - zk) is sum q * k + sum (-zq) * k + constant
   * - zk * (sum of a row of q). */
  Splats minus_q_zero;
  int32_t k_zero;
  int32_t score_constant;
  /** Whether all sums of scores are within -2^22..2^22. */
  bool small_sums;
  float q_scale;
  float k_scale;
  /** [batch, heads, queries] and [batch, kv_heads, keys]; null: q_scale and k_scale. */
  const float* q_scales;
  const float* k_scales;
  float scale;
  ScoreOperand bias;
  ScoreOperand mask;
  /** s32 or s64 [batch]; null: all keys. */
  const char* lengths;
  int64_t lengths_stride;
  bool wide_lengths;
  bool causal;
  int64_t causal_offset;

  /** Codes of probabilities, in the form of u8. */
  numerics::Step p_step;
  float p_reciprocal;
  /** Whether quotients by the scale can be made with the reciprocal. */
  bool p_corrected;
  /** int_max - zero_point. */
  float p_most;
  Splats minus_p_zero;
  int32_t p_zero;
  int32_t v_zero;
  float v_scale;
  /** [batch, kv_heads]: bits of the greatest magnitude; null: v_scale. */
  const uint32_t* v_greatest;
  float v_eps;

  /** out of it: [batch, heads, queries, v.width]. */
  EpilogueView view;
  /** Of the output. */
  QuickBytes codes;
  int64_t out_strides[3];
  /** Whether rows begin at multiples of 16 bytes. */
  bool out_vectors;
};

/** The part of the work that a block has. */
struct BlockPlace {
  int64_t batch;
  int64_t kv_head;
  int32_t first_row;
  /** Number of the first slab of the value's dimensions. */
  int32_t value_part;

  __device__ BlockPlace(const AttentionProblem& problem, int64_t block) {
    Divider::Result place = problem.value_parts.Divide(block);
    value_part = static_cast<int32_t>(place.remainder);
    place = problem.row_tiles.Divide(place.quotient);
    // The last queries first: with a causal mask they see most keys, and what takes longest is to begin first.
    first_row = static_cast<int32_t>(problem.row_tiles.divisor - 1 - place.remainder) * kRowTile;
    place = problem.kv_heads.Divide(place.quotient);
    kv_head = place.remainder;
    batch = place.quotient;
  }
};

/** A row: a query head and a query of it. */
struct RowPlace {
  int64_t head;
  int64_t query;

  /** Rows beyond the last one are as the last one. */
  __device__ RowPlace(const AttentionProblem& problem, const BlockPlace& block, int32_t row) {
    const Divider::Result place = problem.queries.Divide(min(row, problem.rows - 1));
    head = block.kv_head * problem.group + place.quotient;
    query = place.remainder;
  }
};

__device__ inline int64_t OffsetOf(const int64_t (&strides)[3], int64_t batch, int64_t head, int64_t token) {
  return batch * strides[0] + head * strides[1] + token * strides[2];
}

/** Keys of a batch's sequence that take part at all, the first ones. */
__device__ inline int32_t KeysOf(const AttentionProblem& problem, int64_t batch) {
  if (problem.lengths == nullptr) return problem.keys;
  const char* at = problem.lengths + batch * problem.lengths_stride;
  const int64_t length =
      problem.wide_lengths ? *reinterpret_cast<const int64_t*>(at) : *reinterpret_cast<const int32_t*>(at);
  return static_cast<int32_t>(max(int64_t{0}, min(length, static_cast<int64_t>(problem.keys))));
}

/** Keys that a query sees, of `keys`. */
__device__ inline int32_t VisibleTo(const AttentionProblem& problem, int32_t keys, int64_t query) {
  // The offset may be any number: compared before it is added to.
  if (!problem.causal || problem.causal_offset >= keys) return keys;
  const int64_t last = query + 1 + problem.causal_offset;
  return static_cast<int32_t>(max(int64_t{0}, min(last, static_cast<int64_t>(keys))));
}

/** Tiles of keys that any of `count` rows from first_row on sees, of `keys`. */
__device__ inline int TilesOf(const AttentionProblem& problem, const BlockPlace& place, int32_t first_row, int count,
                              int32_t keys) {
  if (first_row >= problem.rows) return 0;
  const RowPlace first(problem, place, first_row);
  const RowPlace last(problem, place, first_row + count - 1);
  // Between rows of two heads lies the last query of the first one.
  const int64_t query = first.head == last.head ? last.query : problem.queries.divisor - 1;
  return (VisibleTo(problem, keys, query) + kKeyTile - 1) / kKeyTile;
}

/** Shared memory of a block: what it takes, and what the device lets it take. */
struct BlockMemory {
  int wanted;
  int most;
};

/** Enqueues the kernel; architecture and shared memory are those of the plan in attention.cu. */
cudaError_t LaunchAttention(const AttentionProblem& problem, int64_t blocks, int value_slabs, const BlockMemory& shared,
                            cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_PROBLEM_H_
