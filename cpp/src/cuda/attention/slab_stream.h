// SPDX-License-Identifier: Apache-2.0
// Keys and values on their way to shared memory, slab after slab in the order in which the passes of the kernel take
// them: three passes over keys (two of them only over tiles whose terms are not kept), in the last one values after the
// keys of each tile. Copies run ahead over the ends of tiles and passes alike.
//
// From sm_80 on copies do not wait (cp.async). On sm_75 the next slab waits in registers while this one is used.
#ifndef OCTET_CUDA_ATTENTION_SLAB_STREAM_H_
#define OCTET_CUDA_ATTENTION_SLAB_STREAM_H_

#include <cstdint>

#include "cuda/attention/problem.h"
#include "cuda/gemm/instructions.h"
#include "cuda/gemm/shared_layout.h"

namespace octet {
namespace cuda {

/** Passes over keys: the greatest term, the sum of exponentials, probabilities and values. */
enum Pass { kGreatest, kSum, kValues, kEnd };

/** What of the passes a kernel makes: tiles of keys from..to, and passes from..to. */
struct PassRange {
  int first_tile;
  int end_tile;
  Pass first_pass;
  Pass end_pass;
};

class SlabStream {
 public:
#if __CUDA_ARCH__ >= 800
  static constexpr int kStages = StagesOf(80);
#else
  static constexpr int kStages = StagesOf(75);
#endif
  static constexpr int kBytes = kStages * kSlabBytes;

  /** keys: that take part. value_slabs: of the block's part of values. */
  __device__ SlabStream(const AttentionProblem& problem, const BlockPlace& place, int8_t* stages,
                        const PassRange& range, int keys, int first_value_slab, int value_slabs)
      : problem_(problem),
        stages_(stages),
        k_(problem.k.data + OffsetOf(problem.k.strides, place.batch, place.kv_head, 0)),
        v_(problem.v.data + OffsetOf(problem.v.strides, place.batch, place.kv_head, 0)),
        range_(range),
        last_key_(keys - 1),
        key_slabs_((problem.k.width + kSlabColumns - 1) / kSlabColumns),
        first_value_slab_(first_value_slab),
        value_slabs_(value_slabs),
        pass_(range.first_tile >= range.end_tile ? kEnd : range.first_pass),
        tile_(range.first_tile) {
    Settle();
  }

  /** Begins to copy. All threads of the block, as with Next. */
  __device__ void Start() {
#if __CUDA_ARCH__ >= 800
#pragma unroll
    for (int stage = 0; stage < kStages - 1; ++stage) Copy();
#else
    Fetch();
#endif
  }

  /** The shared address of the next slab. The one before is not to be read any more. */
  __device__ uint32_t Next() {
    const uint32_t slab = SharedAddress(stages_) + static_cast<uint32_t>(read_ * kSlabBytes);
#if __CUDA_ARCH__ >= 800
    WaitForCopies<kStages - 2>();
    __syncthreads();
    // Into the stage whose slab all warps were done with before the barrier.
    Copy();
#else
    // Two slabs ago this stage was read, and a barrier has been since.
    Put(stages_ + read_ * kSlabBytes);
    __syncthreads();
    Fetch();
#endif
    read_ = read_ + 1 == kStages ? 0 : read_ + 1;
    return slab;
  }

  /** Goes past slabs that the warp has no use for: others have, and wait for its copies. */
  __device__ void Skip(int slabs) {
    for (int slab = 0; slab < slabs; ++slab) Next();
  }

  /** Rows of slabs that a thread copies, so many rows apart. */
  static constexpr int kRowsApart = kAttentionThreads / 4;
  static constexpr int kCopies = 64 / kRowsApart;

 private:
  /** Where a thread's copy of the row number `row` comes from, and how many bytes of it there are. */
  struct Source {
    const int8_t* base;
    int64_t stride;
    int offset;
    int bytes;
    bool needed;
  };

  __device__ Source SourceOf(int chunk) const {
    const bool key = slab_ < SlabsOfKeys();
    const TokenCodes& codes = key ? problem_.k : problem_.v;
    const int slab = key ? slab_ : first_value_slab_ + slab_ - SlabsOfKeys();
    Source source;
    source.base = key ? k_ : v_;
    source.stride = codes.strides[2];
    source.offset = slab * kSlabColumns + chunk * 16;
    source.bytes = min(max(codes.width - source.offset, 0), 16);
    // Fragments of keys are 32 codes wide, those of values 16.
    source.needed = source.offset < (codes.width + 31) / 32 * 32;
    return source;
  }

  __device__ int KeyOf(int row) const { return min(tile_ * kKeyTile + row, last_key_); }

#if __CUDA_ARCH__ >= 800
  __device__ void Copy() {
    if (pass_ != kEnd) {
      const int row = static_cast<int>(threadIdx.x) / 4;
      const int chunk = static_cast<int>(threadIdx.x) % 4;
      const Source source = SourceOf(chunk);
      const uint32_t to =
          SharedAddress(stages_) + static_cast<uint32_t>(filled_ * kSlabBytes) + ChunkOffset<8>(row, chunk);
      if (source.needed) {
        const int8_t* from = source.base + source.offset;
        CopyAsync<0>(to, from + KeyOf(row) * source.stride, source.bytes);
        CopyAsync<kRowsApart * kSlabColumns>(to, from + KeyOf(row + kRowsApart) * source.stride, source.bytes);
      }
      filled_ = filled_ + 1 == kStages ? 0 : filled_ + 1;
      Advance();
    }
    CommitCopies();
  }
#else
  __device__ void Fetch() {
    if (pass_ == kEnd) return;
    const int row = static_cast<int>(threadIdx.x) / 4;
    const Source source = SourceOf(static_cast<int>(threadIdx.x) % 4);
#pragma unroll
    for (int i = 0; i < kCopies; ++i) {
      const int8_t* from = source.base + KeyOf(row + i * kRowsApart) * source.stride + source.offset;
      // Rows that are read in place are whole chunks here.
      words_[i] = source.bytes > 0 ? __ldg(reinterpret_cast<const uint4*>(from)) : uint4{0, 0, 0, 0};
    }
    Advance();
  }

  __device__ void Put(int8_t* stage) const {
    const int row = static_cast<int>(threadIdx.x) / 4;
    int8_t* to = stage + ChunkOffset<8>(row, static_cast<int>(threadIdx.x) % 4);
#pragma unroll
    for (int i = 0; i < kCopies; ++i) *reinterpret_cast<uint4*>(to + i * kRowsApart * kSlabColumns) = words_[i];
  }
#endif

  __device__ int SlabsOfKeys() const { return pass_ == kGreatest || tile_ >= problem_.kept_tiles ? key_slabs_ : 0; }

  __device__ void Advance() {
    ++slab_;
    Settle();
  }

  /** On from tiles and passes that have no more slabs. */
  __device__ void Settle() {
    while (pass_ != kEnd && slab_ >= SlabsOfKeys() + (pass_ == kValues ? value_slabs_ : 0)) {
      slab_ = 0;
      if (++tile_ < range_.end_tile) continue;
      tile_ = range_.first_tile;
      if (++pass_ == range_.end_pass) pass_ = kEnd;
    }
  }

  const AttentionProblem& problem_;
  int8_t* const stages_;
  const int8_t* const k_;
  const int8_t* const v_;
  const PassRange range_;
  const int last_key_;
  const int key_slabs_;
  const int first_value_slab_;
  const int value_slabs_;
  /** The slab that is copied next. */
  int pass_;
  int tile_;
  int slab_ = 0;
  /** Stages. */
  int filled_ = 0;
  int read_ = 0;
#if __CUDA_ARCH__ < 800
  uint4 words_[kCopies];
#endif
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_SLAB_STREAM_H_
