// SPDX-License-Identifier: Apache-2.0
#include "cuda/float/run.h"

#include <cstdio>

namespace octet {
namespace cuda {

octet_status FloatProductFits(const Call* call, int64_t m, int64_t n, int64_t count) {
  constexpr int64_t kMost = INT32_MAX - 256;
  const int64_t tiles = (m / 64 + 1) * (n / 64 + 1);
  if (m <= kMost && n <= kMost && tiles <= kMost && count <= kMost / tiles) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "there are %lld products of %lld x %lld outputs; a CUDA device takes up to 2^43 outputs: cut a into "
                "several calls",
                static_cast<long long>(count), static_cast<long long>(m), static_cast<long long>(n));
  return OCTET_UNSUPPORTED;
}

int64_t FloatWorkspaceBytes(const FloatPlan& plan, const FloatShape& shape, int64_t rows, int64_t groups) {
  return plan.parts == 1 ? 0 : BlockSumsBytes(shape.blocks, rows, shape.n, groups);
}

BlockSums BlockSumsOf(const FloatPlan& plan, const FloatShape& shape, int64_t rows, int64_t groups, void* workspace) {
  BlockSums sums;
  sums.sums = plan.parts == 1 ? nullptr : static_cast<float4*>(workspace);
  sums.rows = rows;
  sums.columns = static_cast<int32_t>(shape.n);
  sums.quads = static_cast<int32_t>((shape.n + kQuad - 1) / kQuad);
  sums.groups = static_cast<int32_t>(groups);
  return sums;
}

octet_status FinishFloatProduct(const Call* call, const BlockSums& sums, int64_t blocks,
                                const FloatEpilogue& epilogue) {
  if (sums.sums == nullptr) return OCTET_OK;
  const cudaError_t error = FinishBlocks(sums, blocks, epilogue, StreamOf(call));
  return error == cudaSuccess ? OCTET_OK : Report(call, "the kernel FinishBlocks", error);
}

}  // namespace cuda
}  // namespace octet
