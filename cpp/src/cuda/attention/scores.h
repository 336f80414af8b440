// SPDX-License-Identifier: Apache-2.0
// From queries and keys to the terms of a softmax, for a warp's 16 rows and a tile of 64 keys: numerics/attention.h.
//
// Zero points cost the tensor cores, which have time, and not the float units, which have none: the part of a key's sum
// is a product with a constant fragment, that of a row's sum is where sums begin. Sums that are small begin at the bits
// of 1.5 * 2^23 besides: as a float, such a sum is that number plus the sum, so one subtraction converts it, in a
// quarter of the time of a conversion.
#ifndef OCTET_CUDA_ATTENTION_SCORES_H_
#define OCTET_CUDA_ATTENTION_SCORES_H_

#include <cstdint>

#include "cuda/attention/queries.h"

namespace octet {
namespace cuda {

/** 1.5 * 2^23: whole numbers of up to 22 bits and a sign are in its lowest bits once they are added. */
constexpr float kWholeNumbers = 12582912.0f;
constexpr int32_t kWholeNumberBits = 0x4b400000;

/** A quarter of what a warp has, as mma.m16n8k32 deals it out: keys 8 * part + 2 * (lane % 4) and the one behind it, of
 * rows lane / 4 (0, 1) and lane / 4 + 8 (2, 3). */
constexpr int kKeyParts = kKeyTile / 8;
using Sums = int32_t[kKeyParts][4];
using Terms = float[kKeyParts][4];

/** What a thread knows of one of its two rows. */
struct ScoreRow {
  /** Keys that the row sees, the first ones. */
  int32_t visible;
  /** Where its sums begin. */
  int32_t start;
  /** Scale of the query, with static keys times theirs. */
  float scale;
  const char* bias;
  const char* mask;
};

class Scores {
 public:
  __device__ Scores(const AttentionProblem& problem, const BlockPlace& place, const Queries& queries, int32_t keys)
      : problem_(problem), queries_(queries), last_key_(keys - 1) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int32_t first = place.first_row + static_cast<int>(threadIdx.x) / kWarpSize * kWarpRows;
    if (problem.k_scales != nullptr) {
      k_scales_ = problem.k_scales + (place.batch * problem.kv_heads.divisor + place.kv_head) * problem.keys;
    }
    int32_t most = 0;
    least_ = keys;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const RowPlace at(problem, place, first + half * 8 + lane / 4);
      ScoreRow& row = rows_[half];
      // A warp without rows has nothing to do.
      row.visible = first < problem.rows ? VisibleTo(problem, keys, at.query) : 0;
      most = max(most, row.visible);
      least_ = min(least_, row.visible);
      row.start = problem.score_constant + (problem.small_sums ? kWholeNumberBits : 0);
      const int64_t heads = problem.kv_heads.divisor * problem.group;
      row.scale = problem.q_scales == nullptr
                      ? problem.q_scale
                      : problem.q_scales[(place.batch * heads + at.head) * problem.queries.divisor + at.query];
      if (k_scales_ == nullptr) row.scale *= problem.k_scale;
      row.bias = RowOf(problem.bias, place, at);
      row.mask = RowOf(problem.mask, place, at);
    }
#pragma unroll
    for (int distance = 4; distance < kWarpSize; distance *= 2) {
      most = max(most, __shfl_xor_sync(0xffffffffu, most, distance));
      least_ = min(least_, __shfl_xor_sync(0xffffffffu, least_, distance));
    }
    tiles_ = (most + kKeyTile - 1) / kKeyTile;
#pragma unroll
    for (int step = 0; step < kStepsPerTile; ++step) offsets_[step] = FragmentOffset<8>(0, lane, step);
  }

  /** Tiles of keys that any of the warp's rows sees. */
  __device__ int tiles() const { return tiles_; }

  /** Takes the sums of the rows into account; once queries are there, and only where keys have a zero point. */
  __device__ void AddRowSums() {
    int32_t sums[4] = {};
    for (int slab = 0; slab * kSlabColumns < problem_.q.width; ++slab) {
#pragma unroll
      for (int step = 0; step < kStepsPerTile; ++step) {
        if (slab * kSlabColumns + step * kStepDepth >= problem_.q.width) continue;
        uint32_t words[4];
        queries_.Load(slab, step, words);
        Multiply<Factors::kS8S8>(sums, words, 0x01010101u, 0x01010101u);
      }
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) rows_[half].start -= problem_.k_zero * sums[2 * half];
  }

  /** The terms of a tile whose keys come next; minus infinity where a key does not take part. */
  __device__ void Make(SlabStream* stream, int tile, Terms& terms) const {
    if (tile >= tiles_) {
      stream->Skip((problem_.k.width + kSlabColumns - 1) / kSlabColumns);
      return;
    }
    Sums sums;
#pragma unroll
    for (auto& part : sums) {
      part[0] = part[1] = rows_[0].start;
      part[2] = part[3] = rows_[1].start;
    }
    for (int slab = 0; slab * kSlabColumns < problem_.k.width; ++slab) {
      const uint32_t address = stream->Next();
#pragma unroll
      for (int step = 0; step < kStepsPerTile; ++step) {
        if (slab * kSlabColumns + step * kStepDepth < problem_.k.width) MultiplyStep(address, slab, step, sums);
      }
    }
    MakeTerms(tile, sums, terms);
  }

 private:
  __device__ static const char* RowOf(const ScoreOperand& operand, const BlockPlace& place, const RowPlace& at) {
    if (operand.data == nullptr) return nullptr;
    return operand.data + OffsetOf(operand.strides, place.batch, at.head, at.query);
  }

  __device__ void MultiplyStep(uint32_t slab_address, int slab, int step, Sums& sums) const {
    uint32_t queries[4];
    queries_.Load(slab, step, queries);
    Fragments<kKeyTile, 8> keys;
    keys.Load(slab_address + offsets_[step]);
    uint32_t low[kKeyParts];
    uint32_t high[kKeyParts];
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
      keys.Columns(part, &low[part], &high[part]);
      low[part] ^= problem_.k.flip;
      high[part] ^= problem_.k.flip;
      Multiply<Factors::kS8S8>(sums[part], queries, low[part], high[part]);
    }
    for (int i = 0; i < problem_.minus_q_zero.count; ++i) {
      const uint32_t word = problem_.minus_q_zero.words[i];
      const uint32_t splat[4] = {word, word, word, word};
#pragma unroll
      for (int part = 0; part < kKeyParts; ++part) {
        Multiply<Factors::kS8S8>(sums[part], splat, low[part], high[part]);
      }
    }
  }

  __device__ void MakeTerms(int tile, const Sums& sums, Terms& terms) const {
    const int first = tile * kKeyTile + static_cast<int>(threadIdx.x) % 4 * 2;
    if (problem_.small_sums) {
#pragma unroll
      for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
        for (int i = 0; i < 4; ++i) terms[part][i] = __int_as_float(sums[part][i]) - kWholeNumbers;
      }
    } else {
#pragma unroll
      for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
        for (int i = 0; i < 4; ++i) terms[part][i] = static_cast<float>(sums[part][i]);
      }
    }
    if (k_scales_ != nullptr) {
      ScaleByKeys(first, terms);
    } else {
#pragma unroll
      for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
        for (int i = 0; i < 4; ++i) terms[part][i] = terms[part][i] * rows_[i / 2].scale * problem_.scale;
      }
    }
    if (problem_.bias.data != nullptr) AddBias(first, terms);
    if (problem_.mask.data != nullptr) Mask(first, terms);
    if ((tile + 1) * kKeyTile <= least_) return;
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (first + part * 8 + i % 2 >= rows_[i / 2].visible) terms[part][i] = -numerics::Infinity();
      }
    }
  }

  __device__ void ScaleByKeys(int first, Terms& terms) const {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float key = __ldg(k_scales_ + min(first + part * 8 + i % 2, last_key_));
        terms[part][i] = terms[part][i] * (rows_[i / 2].scale * key) * problem_.scale;
      }
    }
  }

  __device__ void AddBias(int first, Terms& terms) const {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const ScoreRow& row = rows_[half];
      const bool pairs = reinterpret_cast<uintptr_t>(row.bias) % 8 == 0;
      const float* bias = reinterpret_cast<const float*>(row.bias) + first;
#pragma unroll
      for (int part = 0; part < kKeyParts; ++part) {
        const int there = row.visible - (first + part * 8);
        float2 added = {0.0f, 0.0f};
        if (pairs && there >= 2) {
          added = __ldg(reinterpret_cast<const float2*>(bias + part * 8));
        } else {
          if (there >= 1) added.x = __ldg(bias + part * 8);
          if (there >= 2) added.y = __ldg(bias + part * 8 + 1);
        }
        terms[part][2 * half] += added.x;
        terms[part][2 * half + 1] += added.y;
      }
    }
  }

  __device__ void Mask(int first, Terms& terms) const {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const ScoreRow& row = rows_[half];
      const bool pairs = reinterpret_cast<uintptr_t>(row.mask) % 2 == 0;
      const uint8_t* mask = reinterpret_cast<const uint8_t*>(row.mask) + first;
#pragma unroll
      for (int part = 0; part < kKeyParts; ++part) {
        const int there = row.visible - (first + part * 8);
        uint32_t bytes = 0;
        if (pairs && there >= 2) {
          bytes = __ldg(reinterpret_cast<const uint16_t*>(mask + part * 8));
        } else {
          if (there >= 1) bytes = __ldg(mask + part * 8);
          if (there >= 2) bytes |= static_cast<uint32_t>(__ldg(mask + part * 8 + 1)) << 8;
        }
        if ((bytes & 0xffu) == 0) terms[part][2 * half] = -numerics::Infinity();
        if ((bytes & 0xff00u) == 0) terms[part][2 * half + 1] = -numerics::Infinity();
      }
    }
  }

  const AttentionProblem& problem_;
  const Queries& queries_;
  const int32_t last_key_;
  const float* k_scales_ = nullptr;
  ScoreRow rows_[2];
  /** Keys that all of the warp's rows see. */
  int32_t least_;
  int tiles_;
  /** Of the keys' fragments in a slab. */
  uint32_t offsets_[kStepsPerTile];
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_SCORES_H_
