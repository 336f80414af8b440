// SPDX-License-Identifier: Apache-2.0
// Attention within one head: keys and values made ready for any number of queries, and a few queries at a time.
#ifndef OCTET_CPU_ATTENTION_HEAD_H_
#define OCTET_CPU_ATTENTION_HEAD_H_

#include <cstdint>

#include "cpu/attention.h"
#include "cpu/epilogue_kernels.h"
#include "cpu/gemm_kernels.h"
#include "cpu/product_kernels.h"
#include "cpu/rows.h"

namespace octet {
namespace cpu {

/** A call with what is looked up once for it. */
struct AttentionJob {
  explicit AttentionJob(const AttentionCall& call);

  const AttentionCall& call;
  const AttentionShape shape;
  const GemmKernels& gemm;
  const ProductKernels& product;
  const EpilogueKernels& epilogue;
  Rows bias;
  Rows mask;
  /** Step and limits of codes in the form of u8. */
  numerics::Step p_step;
  numerics::Limits p_limits;
  int p_code_of_zero = 0;
  /** Queries that are worked on at a time. */
  int64_t tile_rows;
};

/** Keys and values of a head as panels: keys are columns of theirs, the dimensions of a value of theirs. */
struct ReadyHead {
  /** Those that take part, the first ones. */
  int64_t keys = 0;
  int8_t* k_panels = nullptr;
  int32_t* k_offsets = nullptr;
  float* k_scales = nullptr;
  int8_t* v_panels = nullptr;
  /** One for each dimension, as a ScaleStep has them. */
  int32_t* v_sums = nullptr;
  int32_t* v_zeros = nullptr;
  float* v_scales = nullptr;
};

/** Memory for queries in work. */
struct QueryBuffers {
  char* q_codes = nullptr;
  float* terms = nullptr;
  char* p_codes = nullptr;
  /** Codes of probabilities before they are widened. */
  uint8_t* narrow_codes = nullptr;
  /** Some rows of codes before they become panels. */
  uint8_t* rows = nullptr;
};

/** Bytes of each, multiples of 64. */
int64_t ReadyHeadBytes(const AttentionShape& shape);
int64_t QueryBuffersBytes(const AttentionShape& shape);

ReadyHead ReadyHeadAt(const AttentionShape& shape, char* memory);
QueryBuffers QueryBuffersAt(const AttentionShape& shape, char* memory);

/** How many keys of a batch's sequence take part at all. */
int64_t KeysOf(const AttentionJob& job, int64_t batch);

/** Make the keys and the values of a head ready; head.keys is set. */
void ReadyKeys(const AttentionJob& job, int64_t batch, int64_t kv_head, const QueryBuffers& buffers,
               const ReadyHead& head);
void ReadyValues(const AttentionJob& job, int64_t batch, int64_t kv_head, const QueryBuffers& buffers,
                 const ReadyHead& head);

/** Queries first..first+rows-1 of a head, at most job.tile_rows. */
void AttendQueries(const AttentionJob& job, int64_t batch, int64_t q_head, const ReadyHead& head, int64_t first,
                   int rows, const QueryBuffers& buffers);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ATTENTION_HEAD_H_
