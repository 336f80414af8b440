// SPDX-License-Identifier: Apache-2.0
// Keys of a head cut between blocks, for few queries of many keys, in three launches:
//
//   1. Each part of the keys: terms, which are kept in memory, and the greatest ones of its rows.
//   2. Each block of a sum (numerics/summation.h): the exponentials of its 1024 terms added up.
//   3. Each part again: sums of blocks to totals, terms to codes, codes by values.
//      Sums of parts, which are integers, are added up in memory;
//      the part that comes last writes the output.
//
// Greatest terms and integers are the same in any order, and the blocks of a sum are the contract's own, so the bits
// are those of the kernel that has all keys in one block. What is read once there is read once here: keys by the first
// launch, values by the last one, and four bytes a score in between. Rescaling sums of parts by their greatest terms,
// as other kernels for few queries do it, would need no terms in memory, and round otherwise for any number of parts.
#ifndef OCTET_CUDA_ATTENTION_SPLIT_KEYS_H_
#define OCTET_CUDA_ATTENTION_SPLIT_KEYS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "core/attention_call.h"
#include "cuda/attention/problem.h"
#include "cuda/gemm/heuristics.h"

namespace octet {
namespace cuda {

/** Blocks of a multiprocessor, of the first launch and the last one: enough to keep copies under way. */
constexpr int kPartBlocks = 3;

/** Rows of terms, greatest terms and sums are numbered through heads and batches: [batch, kv_heads, rows]. */
struct SplitKeys {
  /** Of keys; each has part_tiles tiles of them, the last one fewer. */
  Divider parts;
  int32_t part_tiles;
  /** [rows][term_stride], a multiple of 64. */
  float* terms;
  int32_t term_stride;
  /** [rows], ordered as OrderedBits of terms; 0 at first. */
  uint32_t* greatest;
  /** [rows][blocks]. */
  float* block_sums;
  Divider blocks;
  /** [tiles of rows and parts of a value's dimensions][sums of a thread][threads], 0 at first. */
  int32_t* sums;
  /** [tiles of rows and parts of a value's dimensions], 0 at first. */
  int32_t* arrived;
};

/** Parts of the memory of SplitKeys; offsets in bytes. What is 0 at first comes first. */
struct SplitLayout {
  int64_t greatest;
  int64_t arrived;
  int64_t sums;
  int64_t zeroed;
  int64_t block_sums;
  int64_t terms;
  int64_t bytes;
};

/** Parts of the keys that the heuristics choose, or `forced` of them where that is not 0; 1: none is cut. */
int32_t PartsOfKeys(const DeviceKind& device, const AttentionShape& shape, int32_t forced);

SplitLayout SplitLayoutOf(const AttentionShape& shape);

/** Slabs of a value's dimensions that a block has. */
inline int ValueSlabsOf(const AttentionShape& shape) { return shape.v_dim <= kSlabColumns ? 1 : 2; }

/** Enqueues all of it. problem: all but how blocks are numbered. memory: of SplitLayoutOf. */
cudaError_t LaunchSplitAttention(AttentionProblem problem, const AttentionShape& shape, int architecture, int32_t parts,
                                 char* memory, cudaStream_t stream);

/** The three launches. blocks: with one part of keys each; shared_bytes: of each. */
void LaunchPartTerms(const AttentionProblem& problem, const SplitKeys& split, unsigned blocks, size_t shared_bytes,
                     cudaStream_t stream);
/** count > 0: of blocks of sums. */
void LaunchBlockSums(const AttentionProblem& problem, const SplitKeys& split, int64_t count, cudaStream_t stream);
void LaunchPartValues(const AttentionProblem& problem, const SplitKeys& split, int value_slabs, unsigned blocks,
                      size_t shared_bytes, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_SPLIT_KEYS_H_
