// SPDX-License-Identifier: Apache-2.0
// A block's queries as fragments: from shared memory, where they stay, or, where their dimensions are too many for it,
// from where they lie.
#ifndef OCTET_CUDA_ATTENTION_QUERIES_H_
#define OCTET_CUDA_ATTENTION_QUERIES_H_

#include <cstdint>

#include "cuda/attention/problem.h"
#include "cuda/attention/slab_stream.h"
#include "cuda/gemm/fragments.h"

namespace octet {
namespace cuda {

class Queries {
 public:
  __device__ Queries(const AttentionProblem& problem, const BlockPlace& place, int8_t* shared)
      : problem_(problem), place_(place), shared_(shared) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int first = static_cast<int>(threadIdx.x) / kWarpSize * kWarpRows;
#pragma unroll
    for (int step = 0; step < kStepsPerTile; ++step) {
      offsets_[step] = SharedAddress(shared) + FragmentOffset<8>(first, lane, step);
    }
    if (problem.q_resident) return;
#pragma unroll
    for (int half = 0; half < 2; ++half) rows_[half] = RowOf(first + half * 8 + lane / 4) + lane % 4 * 4;
  }

  /** Begins to copy them to shared memory; all threads of the block together. */
  __device__ void Copy() const {
    if (problem_.q_resident) {
      const int chunk = static_cast<int>(threadIdx.x) % 4;
#pragma unroll
      for (int i = 0; i < SlabStream::kCopies; ++i) {
        const int row = static_cast<int>(threadIdx.x) / 4 + i * SlabStream::kRowsApart;
        const int8_t* from = RowOf(row);
        int8_t* to = shared_ + ChunkOffset<8>(row, chunk);
        for (int offset = chunk * 16; offset < (problem_.q.width + 31) / 32 * 32; offset += kSlabColumns) {
          const int bytes = min(max(problem_.q.width - offset, 0), 16);
#if __CUDA_ARCH__ >= 800
          CopyAsync<0>(SharedAddress(to), from + offset, bytes);
#else
          *reinterpret_cast<uint4*>(to) =
              bytes > 0 ? __ldg(reinterpret_cast<const uint4*>(from + offset)) : uint4{0, 0, 0, 0};
#endif
          to += kSlabBytes;
        }
      }
    }
    CommitCopies();
  }

  /** The fragment of the warp's rows for 32 of their dimensions. */
  __device__ void Load(int slab, int step, uint32_t (&words)[4]) const {
    if (problem_.q_resident) {
      LoadMatrices<0>(offsets_[step] + static_cast<uint32_t>(slab * kSlabBytes), words);
    } else {
      const int offset = slab * kSlabColumns + step * kStepDepth;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        words[i] = __ldg(reinterpret_cast<const uint32_t*>(rows_[i % 2] + offset + i / 2 * 16));
      }
    }
#pragma unroll
    for (uint32_t& word : words) word ^= problem_.q.flip;
  }

 private:
  __device__ const int8_t* RowOf(int row) const {
    const RowPlace at(problem_, place_, place_.first_row + row);
    return problem_.q.data + OffsetOf(problem_.q.strides, place_.batch, at.head, at.query);
  }

  const AttentionProblem& problem_;
  const BlockPlace& place_;
  int8_t* const shared_;
  uint32_t offsets_[kStepsPerTile];
  /** Where there is no room: a thread's two rows of the fragment. */
  const int8_t* rows_[2];
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_QUERIES_H_
