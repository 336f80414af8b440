// SPDX-License-Identifier: Apache-2.0
#include "cuda/float/float_matmul.h"

#include <algorithm>

#include "cuda/float/run.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/gemm/matmul_parts.h"

namespace octet {
namespace cuda {
namespace {

FloatShape ShapeOf(int64_t count, int64_t m, int64_t n, int64_t k) {
  return {m, n, k, count, (k + numerics::kProductBlock - 1) / numerics::kProductBlock, false};
}

octet_status BytesOf(const Call* call, const DeviceKind& kind, const FloatShape& shape, int64_t* bytes) {
  if (const octet_status status = FloatProductFits(call, shape.m, shape.n, shape.count); status != OCTET_OK) {
    return status;
  }
  *bytes = FloatWorkspaceBytes(PlanFloat(kind, shape, CurrentFloatPlan()), shape, shape.count * shape.m, 1);
  return OCTET_OK;
}

/** The products of a part. */
octet_status RunPart(const Call* call, const DeviceKind& kind, const MatmulCall& matmul, const MatmulOutput& output,
                     const MatmulPart& part, int64_t m, char* workspace, size_t workspace_bytes) {
  const int64_t n = matmul.n();
  const int64_t k = matmul.k();
  const FloatShape shape = ShapeOf(part.count(), m, n, k);
  // Rows of the inner matrices are counted in 32 bits.
  octet_status status = FloatProductFits(call, part.inner * m, n, part.outer);
  if (status == OCTET_OK) status = FloatProductFits(call, m, n, part.count());
  if (status != OCTET_OK) return status;
  FloatRun run = {};
  run.call = call;
  run.plan = PlanFloat(kind, shape, CurrentFloatPlan());
  // The workspace was measured without strides, which decide about how many matrices become one.
  const int64_t rows = part.count() * m;
  if (FloatWorkspaceBytes(run.plan, shape, rows, 1) > static_cast<int64_t>(workspace_bytes)) run.plan.parts = 1;
  run.order = FloatOrderOf(1, k);
  run.block_sums = BlockSumsOf(run.plan, shape, rows, 1, workspace);
  run.batch.count = static_cast<int32_t>(part.count());
  run.batch.inner = static_cast<int32_t>(part.inner);
  run.batch.activations = part.a.strides;
  run.batch.weights = part.b.strides;
  run.batch.rows = m;
  run.epilogue.values = EpilogueOf(part, output, m, n);
  Complete(&run.epilogue.values);
  run.epilogue.out_quads = part.out.Aligned(kQuad * output.out.item_size());
  const Operand& a = matmul.a;
  const Operand& b = matmul.b;
  const bool a_quads = part.a.Aligned(kQuad * a.view.item_size());
  const bool b_quads = part.b.Aligned(kQuad * b.view.item_size());
  const FloatRows left = {
      part.a.data, part.a.row, a.view.type, a.step, a_quads, static_cast<int32_t>(m), static_cast<int32_t>(k)};
  if (matmul.transpose_b) {
    const FloatRows right = {
        part.b.data, part.b.row, b.view.type, b.step, b_quads, static_cast<int32_t>(n), static_cast<int32_t>(k)};
    return RunFloatTiles(run, left, right);
  }
  const FloatColumns right = {
      part.b.data, part.b.row, b.view.type, b.step, b_quads, static_cast<int32_t>(n), static_cast<int32_t>(k)};
  return RunFloatTiles(run, left, right);
}

}  // namespace

octet_status FloatMatmulWorkspaceSize(const Call* call, const MatmulSizes& sizes, size_t* bytes) {
  DeviceKind kind;
  if (const octet_status status = AnyKindOf(call, &kind); status != OCTET_OK) return status;
  int64_t most = 0;
  octet_status status = BytesOf(call, kind, ShapeOf(sizes.count, sizes.m, sizes.n, sizes.k), &most);
  if (status != OCTET_OK) return status;
  if (sizes.b_count == 1 && sizes.count > 1 && sizes.m <= INT32_MAX / 2 / sizes.count) {
    int64_t as_one = 0;
    status = BytesOf(call, kind, ShapeOf(1, sizes.count * sizes.m, sizes.n, sizes.k), &as_one);
    if (status != OCTET_OK) return status;
    most = std::max(most, as_one);
  }
  *bytes = static_cast<size_t>(most);
  return OCTET_OK;
}

octet_status FloatMatmul(const Call* call, const MatmulCall& matmul, const MatmulOutput& output, char* workspace,
                         size_t workspace_bytes) {
  DeviceKind kind;
  if (const octet_status status = AnyKindOf(call, &kind); status != OCTET_OK) return status;
  const MatmulParts parts(matmul, output);
  for (int64_t i = 0; i < parts.count(); ++i) {
    const octet_status status = RunPart(call, kind, matmul, output, parts.At(i), parts.m(), workspace, workspace_bytes);
    if (status != OCTET_OK) return status;
  }
  return OCTET_OK;
}

}  // namespace cuda
}  // namespace octet
