// SPDX-License-Identifier: Apache-2.0
// Queries, keys or values in the form in which the kernel of attention reads them, where they do not lie so: s8 codes
// at multiples of 16 bytes. A pass of its own, bound by memory: the kernel reads keys and values once for every 64
// rows, and could not quantize them without doing it as many times.
#ifndef OCTET_CUDA_ATTENTION_READY_TOKENS_H_
#define OCTET_CUDA_ATTENTION_READY_TOKENS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "core/attention_call.h"
#include "cuda/divider.h"

namespace octet {
namespace cuda {

/** Whose grid floats without one get. */
enum class Grids { kGiven, kPerToken, kPerHead };

struct ReadyTokens {
  /** [batch, heads, tokens, width]. */
  const char* data;
  ElementType type;
  /** In bytes. */
  int64_t strides[3];
  int64_t rows;
  /** batch * heads. */
  int64_t head_count;
  int32_t width;
  Divider tokens;
  Divider heads;
  /** For floats; kGiven: of step and limits, else int_max of limits counts. */
  Grids grids;
  numerics::Step step;
  numerics::Limits limits;
  float eps;
  /** s32 or s64 [batch]; null: all. Tokens that a head's grid is taken from, the first ones. */
  const char* lengths;
  int64_t lengths_stride;
  bool wide_lengths;
  /** Whether codes are unsigned: they are stored less 128. */
  bool is_unsigned;
  /** [rows][stride], a multiple of 32: zeros behind a row. */
  int8_t* codes;
  int32_t stride;
  /** [rows], with kPerToken. */
  float* scales;
  /** [head_count], with kPerHead: bits of the greatest magnitude. */
  uint32_t* greatest;
};

/** The scale of the symmetric grid of 8 bits that reaches to `greatest` at least. */
__device__ inline float DynamicScale(float greatest, float eps) {
  const float delta = numerics::SymmetricGrid(-greatest, greatest, 127.0f, eps, false).delta;
  return numerics::ScaleOf(delta, eps, false);
}

/** Enqueues the pass. */
cudaError_t MakeTokensReady(const ReadyTokens& ready, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_READY_TOKENS_H_
