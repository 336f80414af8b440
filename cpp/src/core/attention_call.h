// SPDX-License-Identifier: Apache-2.0
// Attention as backends take it: checked arguments.
#ifndef OCTET_CORE_ATTENTION_CALL_H_
#define OCTET_CORE_ATTENTION_CALL_H_

#include <cstdint>

#include "core/operand.h"

namespace octet {

/** Codes, or floats that are quantized while they are read. Last dimensions lie without gaps. */
struct AttentionInput {
  TensorView view;
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 0.0f};
  /** Floats without a grid: int_max of limits alone counts. */
  bool dynamic = false;
  float eps = 0.0f;
};

/** Null: none. */
struct AttentionCall {
  /** [batch, heads, queries, dim]. */
  AttentionInput q;
  /** [batch, kv_heads, keys, dim]. */
  AttentionInput k;
  /** [batch, kv_heads, keys, v_dim]. */
  AttentionInput v;
  float scale = 1.0f;
  /** [batch, heads, queries, keys], with strides of 0 where broadcast. */
  const TensorView* bias = nullptr;
  const TensorView* mask = nullptr;
  /** s32 or s64 [batch]. */
  const TensorView* lengths = nullptr;
  bool causal = false;
  int64_t causal_offset = 0;
  numerics::Step p_step = {1.0f, 0.0f};
  numerics::Limits p_limits = {0.0f, 0.0f};
  /** [batch, heads, queries, v_dim]. */
  Operand out;
};

/** Sizes of a call's tensors. */
struct AttentionShape {
  int64_t batch;
  int64_t heads;
  int64_t kv_heads;
  int64_t queries;
  int64_t keys;
  int64_t dim;
  int64_t v_dim;

  explicit AttentionShape(const AttentionCall& call)
      : batch(call.q.view.shape[0]),
        heads(call.q.view.shape[1]),
        kv_heads(call.k.view.shape[1]),
        queries(call.q.view.shape[2]),
        keys(call.k.view.shape[2]),
        dim(call.q.view.shape[3]),
        v_dim(call.v.view.shape[3]) {}
};

}  // namespace octet

#endif  // OCTET_CORE_ATTENTION_CALL_H_
