// SPDX-License-Identifier: Apache-2.0
// Attention on a device: inputs are made ready where the kernel can't read them as they are, then it runs.
#include "cuda/attention/attention.h"

#include <algorithm>
#include <cstdio>

#include "core/packed_gemm.h"
#include "cuda/attention/output.h"
#include "cuda/attention/problem_of.h"
#include "cuda/attention/ready_tokens.h"
#include "cuda/attention/split_keys.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/launchers.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

/** Blocks of a multiprocessor that are to have room for their terms: with two, while warps of one wait for copies or
 * at a barrier the other's go on. More would keep fewer terms. */
constexpr int kResidentBlocks = 2;
/** What each block takes besides. */
constexpr int kReservedBytes = 1024;

/** Parts of the workspace; offsets in bytes. */
struct Workspace {
  int64_t q_codes;
  int64_t k_codes;
  int64_t v_codes;
  int64_t q_scales;
  int64_t k_scales;
  int64_t v_greatest;
  /** What parts of keys hand over. */
  int64_t split;
  int64_t bytes;
};

int64_t ReadyStride(int64_t width) { return RoundUp(width, 32); }

/** parts: of keys. */
Workspace WorkspaceOf(const AttentionShape& shape, int32_t parts) {
  int64_t bytes = 0;
  const auto take = [&bytes](int64_t count) {
    const int64_t at = bytes;
    bytes += RoundUp(count, 64);
    return at;
  };
  const int64_t q_rows = shape.batch * shape.heads * shape.queries;
  const int64_t kv_rows = shape.batch * shape.kv_heads * shape.keys;
  Workspace workspace;
  workspace.q_codes = take(q_rows * ReadyStride(shape.dim));
  workspace.k_codes = take(kv_rows * ReadyStride(shape.dim));
  workspace.v_codes = take(kv_rows * ReadyStride(shape.v_dim));
  workspace.q_scales = take(q_rows * 4);
  workspace.k_scales = take(kv_rows * 4);
  workspace.v_greatest = take(shape.batch * shape.kv_heads * 4);
  workspace.split = take(parts > 1 ? SplitLayoutOf(shape).bytes : 0);
  workspace.bytes = bytes;
  return workspace;
}

class Run {
 public:
  Run(const Call* call, const AttentionCall& attention, char* memory)
      : call_(call), attention_(attention), shape_(attention), memory_(memory) {}

  octet_status Start() {
    if (const octet_status status = Fits(); status != OCTET_OK) return status;
    if (const octet_status status = KindOf(call_, &kind_); status != OCTET_OK) return status;
    parts_ = PartsOfKeys(kind_, shape_, CurrentForcedPlan().parts);
    workspace_ = WorkspaceOf(shape_, parts_);
    problem_ = ProblemOf(attention_, shape_);
    if (const octet_status status = ReadInputs(); status != OCTET_OK) return status;
    return parts_ > 1 ? LaunchSplit() : Launch();
  }

 private:
  /** Blocks, and rows of a head, are counted in 32 bits. */
  octet_status Fits() const {
    const int64_t rows = shape_.heads / shape_.kv_heads * shape_.queries;
    const int64_t parts = RoundUp(shape_.v_dim, kSlabColumns) / kSlabColumns;
    const int64_t most = INT32_MAX / 2;
    if (rows <= most && shape_.v_dim <= most &&
        shape_.batch * shape_.kv_heads <= most / (rows / kRowTile + 1) / parts) {
      return OCTET_OK;
    }
    std::snprintf(call_->message, call_->message_bytes,
                  "attention has out of shape [%lld, %lld, %lld, %lld]; a CUDA device takes up to 2^30 tiles of 64 "
                  "queries by 64 dimensions: cut the batch into several calls",
                  static_cast<long long>(shape_.batch), static_cast<long long>(shape_.heads),
                  static_cast<long long>(shape_.queries), static_cast<long long>(shape_.v_dim));
    return OCTET_UNSUPPORTED;
  }

  octet_status ReadInputs() {
    octet_status status = Read(attention_.q, Grids::kPerToken, workspace_.q_codes, workspace_.q_scales, &problem_.q);
    if (status == OCTET_OK) {
      status = Read(attention_.k, Grids::kPerToken, workspace_.k_codes, workspace_.k_scales, &problem_.k);
    }
    if (status == OCTET_OK) {
      status = Read(attention_.v, Grids::kPerHead, workspace_.v_codes, workspace_.v_greatest, &problem_.v);
    }
    if (attention_.q.dynamic) problem_.q_scales = At<float>(workspace_.q_scales);
    if (attention_.k.dynamic) problem_.k_scales = At<float>(workspace_.k_scales);
    if (attention_.v.dynamic) problem_.v_greatest = At<uint32_t>(workspace_.v_greatest);
    // What codes behind the last dimension, zeros before they are flipped, add to sums with zero points.
    const int64_t filled = ReadyStride(shape_.dim);
    const int64_t q_zero = SignedZeroPoint(attention_.q);
    const int64_t q_filling = problem_.q.flip != 0 ? -128 : 0;
    const int64_t k_filling = problem_.k.flip != 0 ? -128 : 0;
    problem_.score_constant =
        static_cast<int32_t>(filled * q_zero * problem_.k_zero -
                             (filled - shape_.dim) * (q_filling - q_zero) * (k_filling - problem_.k_zero));
    return status;
  }

  /** Codes where they lie if the kernel can read them there, else made ready in the workspace. */
  octet_status Read(const AttentionInput& input, Grids dynamic, int64_t codes, int64_t scales, TokenCodes* result) {
    const TensorView& view = input.view;
    result->width = static_cast<int32_t>(view.shape[3]);
    int64_t strides[3];
    for (int d = 0; d < 3; ++d) strides[d] = view.strides[d] * view.item_size();
    // Copies that do not wait are cut at the end of a row, loads into registers and fragments are not.
    const bool as_fragments = &input == &attention_.q && !problem_.q_resident;
    const bool whole = as_fragments ? result->width % 32 == 0 : kind_.architecture >= 80 || result->width % 16 == 0;
    if (IsCode(view.type) && RowsAreAligned(view) && (whole || view.count == 0)) {
      result->data = reinterpret_cast<const int8_t*>(view.data);
      std::copy(strides, strides + 3, result->strides);
      result->flip = view.type == ElementType::kU8 ? 0x80808080u : 0;
      return OCTET_OK;
    }
    const int64_t stride = ReadyStride(result->width);
    result->data = At<int8_t>(codes);
    result->strides[2] = stride;
    result->strides[1] = view.shape[2] * stride;
    result->strides[0] = view.shape[1] * result->strides[1];
    result->flip = 0;
    ReadyTokens ready = {};
    ready.data = view.data;
    ready.type = view.type;
    std::copy(strides, strides + 3, ready.strides);
    ready.head_count = view.shape[0] * view.shape[1];
    ready.rows = ready.head_count * view.shape[2];
    ready.width = result->width;
    // Without tokens there is nothing to divide.
    ready.tokens = DividerOf(std::max<int64_t>(1, view.shape[2]));
    ready.heads = DividerOf(view.shape[1]);
    ready.grids = input.dynamic ? dynamic : Grids::kGiven;
    ready.step = input.step;
    ready.limits = input.limits;
    ready.eps = input.eps;
    if (dynamic == Grids::kPerHead) {
      ready.lengths = problem_.lengths;
      ready.lengths_stride = problem_.lengths_stride;
      ready.wide_lengths = problem_.wide_lengths;
    }
    ready.is_unsigned = IsUnsigned(input);
    ready.codes = At<int8_t>(codes);
    ready.stride = static_cast<int32_t>(stride);
    ready.scales = At<float>(scales);
    ready.greatest = At<uint32_t>(scales);
    const cudaError_t error = MakeTokensReady(ready, StreamOf(call_));
    return error == cudaSuccess ? OCTET_OK : Report(call_, "the kernel ReadyTokens", error);
  }

  octet_status Launch() {
    int per_block = 0;
    int per_multiprocessor = 0;
    cudaError_t error = cudaDeviceGetAttribute(&per_block, cudaDevAttrMaxSharedMemoryPerBlockOptin, call_->device);
    if (error == cudaSuccess) {
      error = cudaDeviceGetAttribute(&per_multiprocessor, cudaDevAttrMaxSharedMemoryPerMultiprocessor, call_->device);
    }
    if (error != cudaSuccess) return Report(call_, "cudaDeviceGetAttribute", error);
    const int needed = StagesOf(kind_.architecture) * kSlabBytes +
                       (problem_.q_resident ? static_cast<int>(RoundUp(shape_.dim, kSlabColumns)) * kRowTile : 0);
    const int room = std::min(per_block, per_multiprocessor / kResidentBlocks - kReservedBytes);
    const int tiles = (problem_.keys + kKeyTile - 1) / kKeyTile;
    problem_.kept_tiles = std::max(0, std::min(tiles, (room - needed) / kTermTileBytes));
    const int shared_bytes = std::max(needed + problem_.kept_tiles * kTermTileBytes, kAttentionWarps * kOutputBytes);
    const int value_slabs = ValueSlabsOf(shape_);
    const int64_t parts = (shape_.v_dim + value_slabs * kSlabColumns - 1) / (value_slabs * kSlabColumns);
    const int64_t row_tiles = (problem_.rows + kRowTile - 1) / kRowTile;
    problem_.value_parts = DividerOf(parts);
    problem_.row_tiles = DividerOf(row_tiles);
    error = LaunchAttention(problem_, shape_.batch * shape_.kv_heads * row_tiles * parts, value_slabs,
                            {shared_bytes, per_block}, StreamOf(call_));
    return error == cudaSuccess ? OCTET_OK : Report(call_, "the kernel Attention", error);
  }

  octet_status LaunchSplit() {
    const cudaError_t error =
        LaunchSplitAttention(problem_, shape_, kind_.architecture, parts_, At<char>(workspace_.split), StreamOf(call_));
    return error == cudaSuccess ? OCTET_OK : Report(call_, "the kernels of attention in parts", error);
  }

  template <typename T>
  T* At(int64_t offset) const {
    return reinterpret_cast<T*>(memory_ + offset);
  }

  const Call* const call_;
  const AttentionCall& attention_;
  const AttentionShape shape_;
  char* const memory_;
  DeviceKind kind_;
  int32_t parts_ = 1;
  Workspace workspace_ = {};
  AttentionProblem problem_ = {};
};

octet_status AttentionWorkspaceSize(const Call* call, const AttentionCall* attention, size_t* bytes) {
  const AttentionShape shape(*attention);
  *bytes = 0;
  if (shape.batch * shape.heads * shape.queries * shape.v_dim == 0) return OCTET_OK;
  DeviceKind kind;
  if (const octet_status status = KindOf(call, &kind); status != OCTET_OK) return status;
  *bytes = static_cast<size_t>(WorkspaceOf(shape, PartsOfKeys(kind, shape, CurrentForcedPlan().parts)).bytes);
  return OCTET_OK;
}

octet_status Attention(const Call* call, const AttentionCall* attention, void* workspace) {
  if (attention->out.view.count == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  return Run(call, *attention, static_cast<char*>(workspace)).Start();
}

}  // namespace

AttentionFunctions TheAttentionFunctions() { return {AttentionWorkspaceSize, Attention}; }

}  // namespace cuda
}  // namespace octet
