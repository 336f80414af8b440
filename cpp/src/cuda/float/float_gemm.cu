// SPDX-License-Identifier: Apache-2.0
#include "cuda/float/float_gemm.h"

#include <algorithm>

#include "cuda/float/run.h"
#include "cuda/float/vector.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/place_block.h"

namespace octet {
namespace cuda {
namespace {

FloatShape ShapeOf(int64_t m, int64_t n, int64_t k) {
  return {m, n, k, 1, (k + numerics::kProductBlock - 1) / numerics::kProductBlock, true};
}

/** Whether four neighbouring elements can be moved at once. */
bool InQuads(const RowsView& rows) { return RowsAreMultiplesOf(rows, kQuad * SizeOf(rows.type)); }

FloatEpilogue EpilogueOf(const EpilogueView& view, int64_t m, int64_t n) {
  FloatEpilogue epilogue = {};
  epilogue.values.view = view;
  epilogue.values.view.residual_first = view.residual_first && view.residual.data != nullptr;
  epilogue.values.out_places = EvenRows(view.out);
  epilogue.values.residual_places = EvenRows(view.residual);
  epilogue.values.residual_vectors = InQuads(view.residual);
  epilogue.values.columns = static_cast<int32_t>(n);
  epilogue.values.rows = m;
  Complete(&epilogue.values);
  epilogue.out_quads = InQuads(view.out);
  return epilogue;
}

FloatRows LeftOf(const FloatActivations& a, int64_t k) {
  return {a.rows.data,
          a.rows.stride,
          a.rows.type,
          a.step,
          InQuads(a.rows),
          static_cast<int32_t>(a.m),
          static_cast<int32_t>(k)};
}

FloatRows RightOf(const DeviceFloat& weights) {
  return {reinterpret_cast<const char*>(weights.data),
          weights.stride() * 4,
          ElementType::kF32,
          {1.0f, 0.0f},
          true,
          static_cast<int32_t>(weights.n),
          // What fills up rows is there.
          static_cast<int32_t>(weights.stride())};
}

FloatCodes RightOf(const DeviceGemm& weights) {
  return {weights.codes,
          weights.stride,
          weights.bits,
          weights.scales,
          weights.zero_points,
          static_cast<int32_t>(weights.n),
          static_cast<int32_t>(weights.k)};
}

VectorWeights VectorWeightsOf(const DeviceFloatWeights& weights) {
  if (weights.floats != nullptr) {
    return {reinterpret_cast<const char*>(weights.floats->data),
            weights.floats->stride() * 4,
            32,
            nullptr,
            nullptr,
            static_cast<int32_t>(weights.floats->n)};
  }
  const DeviceGemm& codes = *weights.codes;
  return {reinterpret_cast<const char*>(codes.codes),
          codes.stride,
          codes.bits,
          codes.scales,
          codes.zero_points,
          static_cast<int32_t>(codes.n)};
}

octet_status Place(const Call* call, const FloatPanels* panels, void* block) {
  const DeviceFloat layout = {panels->n, panels->k, nullptr};
  const int64_t bytes = layout.bytes();
  return PlaceBlock<float>(call, bytes, block, [&](float* host) {
    std::fill_n(host, bytes / 4, kRightFill);
    for (int64_t row = 0; row < panels->n; ++row) {
      const int64_t panel = row / kPanelColumns;
      const int64_t columns = PanelColumnsOf(panels->n, panel);
      const float* from = panels->Panel(panel) + row % kPanelColumns;
      float* to = host + row * layout.stride();
      for (int64_t k = 0; k < panels->k; ++k) to[k] = from[k * columns];
    }
  });
}

octet_status Plan(const Call* call, const FloatShape& shape, FloatPlan* plan) {
  DeviceKind kind;
  if (const octet_status status = FloatProductFits(call, shape.m, shape.n, 1); status != OCTET_OK) return status;
  if (const octet_status status = AnyKindOf(call, &kind); status != OCTET_OK) return status;
  *plan = PlanFloat(kind, shape, CurrentFloatPlan());
  return OCTET_OK;
}

octet_status WorkspaceSize(const Call* call, int64_t m, int64_t n, int64_t k, size_t* bytes) {
  *bytes = 0;
  if (m == 0 || n == 0) return OCTET_OK;
  const FloatShape shape = ShapeOf(m, n, k);
  FloatPlan plan;
  if (const octet_status status = Plan(call, shape, &plan); status != OCTET_OK) return status;
  *bytes = static_cast<size_t>(FloatWorkspaceBytes(plan, shape, m, 1));
  return OCTET_OK;
}

octet_status Run(const Call* call, const FloatActivations* a, const DeviceFloatWeights* weights,
                 const EpilogueView* view, void* workspace) {
  const int64_t n = weights->n();
  const int64_t k = weights->k();
  if (a->m == 0 || n == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  const FloatShape shape = ShapeOf(a->m, n, k);
  FloatRun run = {};
  run.call = call;
  if (const octet_status status = Plan(call, shape, &run.plan); status != OCTET_OK) return status;
  run.order = FloatOrderOf(1, k);
  run.block_sums = BlockSumsOf(run.plan, shape, a->m, 1, workspace);
  run.epilogue = EpilogueOf(*view, a->m, n);
  const FloatRows left = LeftOf(*a, k);
  if (run.plan.kernel == FloatKernel::kVector) {
    const FloatVectorProblem problem = {left, VectorWeightsOf(*weights), run.plan.parts, run.block_sums, run.epilogue};
    const cudaError_t error = LaunchFloatVector(problem, StreamOf(call));
    if (error != cudaSuccess) return Report(call, "the kernel FloatVector", error);
    return FinishFloatProduct(call, run.block_sums, shape.blocks, run.epilogue);
  }
  return weights->floats != nullptr ? RunFloatTiles(run, left, RightOf(*weights->floats))
                                    : RunFloatTiles(run, left, RightOf(*weights->codes));
}

}  // namespace

FloatGemmFunctions TheFloatGemmFunctions() { return {Place, WorkspaceSize, Run}; }

}  // namespace cuda
}  // namespace octet
