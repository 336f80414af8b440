// SPDX-License-Identifier: Apache-2.0
// The threads that work on a row, and its sums in the order of numerics/summation.h.
//
// A block of 1024 terms belongs to a group of 16 threads: thread t has the lanes 4 t .. 4 t + 3 of the 64, so it reads
// four neighbouring terms at a time (16 bytes of f32), a group 256 bytes, and keeps its up to 64 terms in registers.
// Lanes are added in halves: with those of thread t + 8, t + 4, t + 2, t + 1, then among the four. A row of up to 1024
// terms is one group's; longer ones are a thread block's, whose 16 groups take the blocks in turn, and keep their terms
// if there are no more blocks than groups, else read them again at each pass.
//
// Four loads of a thread are under way together, eight with a residual: with 16 bytes each, 512 threads on a
// multiprocessor have 32 to 64 KB on their way (see map.h). Tried in vain: 512 threads beside a residual and 64 terms,
// so 128 registers; kernels spilled some 1000 bytes.
#ifndef OCTET_CUDA_ROW_TEAM_H_
#define OCTET_CUDA_ROW_TEAM_H_

#include <cstdint>

#include "numerics/summation.h"

namespace octet {
namespace cuda {

constexpr int kGroupThreads = 16;
constexpr int kQuad = 4;
/** Quads that are loaded together, all before the first is used. */
constexpr int kBatch = 4;
constexpr unsigned kAllThreads = 0xffffffffu;

/** Groups of a thread block. */
constexpr int kShortGroups = 8;
constexpr int kLongGroups = 16;

/** Adds what the 16 threads of a group have, in the order of lanes; all get the sum. All threads of a warp call it. */
__device__ inline float SumOfGroup(float (&lanes)[kQuad]) {
#pragma unroll
  for (int offset = kGroupThreads / 2; offset > 0; offset /= 2) {
#pragma unroll
    for (int j = 0; j < kQuad; ++j) lanes[j] += __shfl_xor_sync(kAllThreads, lanes[j], offset, kGroupThreads);
  }
  return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

/** kIterations: quads that a thread has of a block. kLong: a row a thread block. kKept: terms stay in registers. */
template <int kIterations, bool kLong, bool kKept>
class RowTeam {
 public:
  static constexpr int kGroups = kLong ? kLongGroups : kShortGroups;
  static constexpr int kThreads = kGroups * kGroupThreads;
  /** Terms of a thread that stay in registers. */
  static constexpr int kTerms = kIterations * kQuad;
  /** Thread blocks a multiprocessor: 512 threads. Said, since ptxas else spills to make room for one more. */
  static constexpr int kThreadBlocks = 512 / kThreads;

  struct Shared {
    float values[kLongGroups];
    double total;
  };

  static_assert(kIterations % kBatch == 0, "whole batches");

  __device__ RowTeam(Shared* shared, int64_t length)
      : shared_(shared),
        length_(length),
        blocks_(numerics::BlockCount(length)),
        group_(static_cast<int>(threadIdx.x) / kGroupThreads),
        thread_(static_cast<int>(threadIdx.x) % kGroupThreads) {}

  /** The row of this thread; beyond the last one there is nothing to load and store, but all calls are to be made. */
  __device__ int64_t row() const {
    return kLong ? static_cast<int64_t>(blockIdx.x) : static_cast<int64_t>(blockIdx.x) * kGroups + group_;
  }

  /** Makes the terms that are kept: load(column, quads) for each batch, whose quads are kLanes columns apart. */
  template <typename Load>
  __device__ void Keep(const Load& load) {
    if (kKept) LoadBlock(kLong ? group_ : 0, load);
  }

  /** Calls visit(column, quads) for each batch of the row; load as for Keep, for terms that are not kept. */
  template <typename Load, typename Visit>
  __device__ void ForEach(const Load& load, const Visit& visit) {
    for (int64_t first = 0; first < blocks_; first += kLong ? kGroups : 1) {
      const int64_t block = BlockOf(first);
      if (!kKept) LoadBlock(block, load);
#pragma unroll
      for (int k = 0; k < kIterations; k += kBatch) visit(ColumnOf(block, k), Batch(k));
    }
  }

  /**
   * The sum over the row of what term(column, value, sum) adds to a lane's sum, up to column `limit`. It may change the
   * value, which stays so if terms are kept.
   */
  template <typename Load, typename Term>
  __device__ double Sum(int64_t limit, const Load& load, const Term& term) {
    numerics::BlockTotal total = numerics::StartTotal(length_);
    for (int64_t first = 0; first < blocks_; first += kLong ? kGroups : 1) {
      const int64_t block = BlockOf(first);
      if (!kKept) LoadBlock(block, load);
      float lanes[kQuad] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
      for (int k = 0; k < kIterations; ++k) {
        const int64_t column = ColumnOf(block, k);
#pragma unroll
        for (int j = 0; j < kQuad; ++j) {
          if (column + j < limit) lanes[j] = term(values_[k][j], lanes[j]);
        }
      }
      const float sum = SumOfGroup(lanes);
      if (!kLong) {
        numerics::AddBlock(sum, &total);
        continue;
      }
      if (thread_ == 0) shared_->values[group_] = sum;
      __syncthreads();
      if (threadIdx.x == 0) {
        for (int g = 0; g < kGroups && first + g < blocks_; ++g) numerics::AddBlock(shared_->values[g], &total);
      }
      __syncthreads();
    }
    if (!kLong) return numerics::TotalOf(total);
    if (threadIdx.x == 0) shared_->total = numerics::TotalOf(total);
    __syncthreads();
    const double result = shared_->total;
    __syncthreads();
    return result;
  }

  /** The greatest of all threads' values; none is NaN. */
  __device__ float Greatest(float value) {
#pragma unroll
    for (int offset = kGroupThreads / 2; offset > 0; offset /= 2) {
      const float other = __shfl_xor_sync(kAllThreads, value, offset, kGroupThreads);
      value = other > value ? other : value;
    }
    if (!kLong) return value;
    if (thread_ == 0) shared_->values[group_] = value;
    __syncthreads();
    for (int g = 0; g < kGroups; ++g) value = shared_->values[g] > value ? shared_->values[g] : value;
    __syncthreads();
    return value;
  }

  /** Whether any thread's value is true. */
  __device__ bool Any(bool value) { return Greatest(value ? 1.0f : 0.0f) > 0.0f; }

 private:
  /**
   * The block of this thread's group among those from `first` on. Of a short row it is `first`, and that 0; written as
   * a constant it let the compiler carry what it finds out about columns from pass to pass, in registers that it then
   * spilled.
   */
  __device__ int64_t BlockOf(int64_t first) const { return kLong ? first + group_ : first; }

  __device__ int64_t ColumnOf(int64_t block, int k) const {
    return block * numerics::kBlock + k * numerics::kLanes + thread_ * kQuad;
  }

  __device__ float (&Batch(int k))[kBatch][kQuad] { return reinterpret_cast<float(&)[kBatch][kQuad]>(values_[k]); }

  template <typename Load>
  __device__ void LoadBlock(int64_t block, const Load& load) {
#pragma unroll
    for (int k = 0; k < kIterations; k += kBatch) load(ColumnOf(block, k), Batch(k));
  }

  Shared* const shared_;
  const int64_t length_;
  const int64_t blocks_;
  const int group_;
  const int thread_;
  float values_[kIterations][kQuad];
};

/**
 * Calls launch(team type, blocks) with the kind of team that suits rows of a length. The type is passed as a null
 * pointer.
 */
template <typename Launch>
auto WithTeam(int64_t rows, int64_t length, const Launch& launch) {
  const auto short_blocks = static_cast<unsigned>((rows + kShortGroups - 1) / kShortGroups);
  if (length <= 8 * numerics::kLanes) return launch(static_cast<RowTeam<8, false, true>*>(nullptr), short_blocks);
  if (length <= numerics::kBlock) return launch(static_cast<RowTeam<16, false, true>*>(nullptr), short_blocks);
  if (length <= kLongGroups * numerics::kBlock) {
    return launch(static_cast<RowTeam<16, true, true>*>(nullptr), static_cast<unsigned>(rows));
  }
  return launch(static_cast<RowTeam<16, true, false>*>(nullptr), static_cast<unsigned>(rows));
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ROW_TEAM_H_
