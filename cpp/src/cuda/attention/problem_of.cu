// SPDX-License-Identifier: Apache-2.0
#include "cuda/attention/problem_of.h"

#include <algorithm>

#include "core/packed_gemm.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

/** Queries of more bytes of shared memory than this are read where they lie: up to 256 dimensions are not. */
constexpr int kMostQueryBytes = 4 * kSlabBytes;

/** The greatest magnitude of a code less its zero point. */
int64_t GreatestOf(const AttentionInput& input) {
  const int64_t zero = SignedZeroPoint(input);
  return std::max(127 - zero, zero + 128);
}

/** Numbers -zero in the bytes of fragments of s8. */
Splats MinusZero(int32_t zero) {
  Splats splats = {{0, 0}, 0};
  int32_t left = -zero;
  while (left != 0) {
    const int32_t part = std::min(127, std::max(-128, left));
    splats.words[splats.count++] = (static_cast<uint32_t>(part) & 0xffu) * 0x01010101u;
    left -= part;
  }
  return splats;
}

ScoreOperand OperandOf(const TensorView* view) {
  if (view == nullptr) return {nullptr, {0, 0, 0}};
  const int64_t size = view->item_size();
  return {view->data, {view->strides[0] * size, view->strides[1] * size, view->strides[2] * size}};
}

void SetScores(const AttentionCall& attention, const AttentionShape& shape, AttentionProblem* problem) {
  const AttentionInput& q = attention.q;
  const AttentionInput& k = attention.k;
  problem->keys = static_cast<int32_t>(shape.keys);
  problem->group = static_cast<int32_t>(shape.heads / shape.kv_heads);
  problem->rows = static_cast<int32_t>(problem->group * shape.queries);
  problem->queries = DividerOf(shape.queries);
  problem->kv_heads = DividerOf(shape.kv_heads);
  problem->minus_q_zero = MinusZero(SignedZeroPoint(q));
  problem->k_zero = SignedZeroPoint(k);
  problem->small_sums = GreatestOf(q) * GreatestOf(k) * shape.dim <= 1 << 22;
  problem->q_scale = q.step.scale;
  problem->k_scale = k.step.scale;
  problem->scale = attention.scale;
  problem->bias = OperandOf(attention.bias);
  problem->mask = OperandOf(attention.mask);
  if (const TensorView* lengths = attention.lengths) {
    problem->lengths = lengths->data;
    problem->lengths_stride = lengths->strides[0] * lengths->item_size();
    problem->wide_lengths = lengths->type == ElementType::kS64;
  }
  problem->causal = attention.causal;
  problem->causal_offset = attention.causal_offset;
}

void SetProbabilities(const AttentionCall& attention, AttentionProblem* problem) {
  // In the form of u8; exact.
  const float raise = attention.p_limits.int_min < 0.0f ? 128.0f : 0.0f;
  problem->p_step = {attention.p_step.scale, attention.p_step.zero_point + raise};
  problem->p_reciprocal = 1.0f / problem->p_step.scale;
  problem->p_corrected = problem->p_step.scale >= 0x1p-20f && problem->p_step.scale <= 0x1p60f;
  problem->p_most = attention.p_limits.int_max - attention.p_step.zero_point;
  problem->p_zero = static_cast<int32_t>(problem->p_step.zero_point);
  problem->minus_p_zero = MinusZero(problem->p_zero);
  problem->v_zero = SignedZeroPoint(attention.v);
  problem->v_scale = attention.v.step.scale;
  problem->v_eps = attention.v.eps;
}

void SetOutput(const AttentionCall& attention, AttentionProblem* problem) {
  const TensorView& out = attention.out.view;
  problem->view.out = {out.data, out.type, 0};
  problem->view.out_step = attention.out.step;
  problem->view.out_limits = attention.out.limits;
  problem->codes = CodingOf(attention.out).quick;
  for (int d = 0; d < 3; ++d) problem->out_strides[d] = out.strides[d] * out.item_size();
  problem->out_vectors = RowsAreAligned(out);
}

}  // namespace

bool IsUnsigned(const AttentionInput& input) {
  if (IsCode(input.view.type)) return input.view.type == ElementType::kU8;
  return !input.dynamic && input.limits.int_min >= 0.0f;
}

int32_t SignedZeroPoint(const AttentionInput& input) {
  return static_cast<int32_t>(input.step.zero_point) - (IsUnsigned(input) ? 128 : 0);
}

bool RowsAreAligned(const TensorView& view) {
  if (reinterpret_cast<uintptr_t>(view.data) % 16 != 0) return false;
  for (int d = 0; d < 3; ++d) {
    if (view.shape[d] > 1 && view.strides[d] * view.item_size() % 16 != 0) return false;
  }
  return true;
}

AttentionProblem ProblemOf(const AttentionCall& attention, const AttentionShape& shape) {
  AttentionProblem problem = {};
  problem.q_resident = RoundUp(shape.dim, kSlabColumns) * kRowTile <= kMostQueryBytes;
  SetScores(attention, shape, &problem);
  SetProbabilities(attention, &problem);
  SetOutput(attention, &problem);
  return problem;
}

}  // namespace cuda
}  // namespace octet
