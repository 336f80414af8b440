// SPDX-License-Identifier: Apache-2.0
// A product on a device: activations are made ready where the kernels can't read them as they are, then the kernel of
// the plan runs.
#include "cuda/gemm/gemm.h"

#include <algorithm>
#include <cstdio>

#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/device_weights.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/gemm/grouped_launch.h"
#include "cuda/gemm/heuristics.h"
#include "cuda/gemm/launchers.h"
#include "cuda/gemm/matrix_vector.h"
#include "cuda/gemm/ready_rows.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {
namespace {

/** Rows and blocks are counted in 32 bits. */
octet_status Fits(const Call* call, int64_t m, int64_t n) {
  if (m <= INT32_MAX && RoundUp(m, 16) / 16 * (RoundUp(n, 32) / 32) <= INT32_MAX) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "a product has %lld x %lld outputs; a CUDA device takes up to 2^40: cut a into several calls",
                static_cast<long long>(m), static_cast<long long>(n));
  return OCTET_UNSUPPORTED;
}

/** Tiles of groups, and distances between their arrays over columns, are counted in 32 bits. */
octet_status FitsGroups(const Call* call, int64_t m, const DeviceGroups& weights) {
  const int64_t rows = MostGroupTiles(m, weights.count, 16) * 16;
  if (const octet_status status = Fits(call, rows, weights.first.n); status != OCTET_OK) return status;
  if (weights.count <= INT32_MAX / std::max<int64_t>(1, weights.block_bytes / 4)) return OCTET_OK;
  std::snprintf(call->message, call->message_bytes,
                "the weights of %lld groups have %lld bytes each; a CUDA device takes up to 2^33 bytes in all: make "
                "several calls, for some of the groups each",
                static_cast<long long>(weights.count), static_cast<long long>(weights.block_bytes));
  return OCTET_UNSUPPORTED;
}

/** Weights of groups, and the rows of each. */
struct GroupedOperands {
  const DeviceGroups& weights;
  const RowGroups& rows;
};

/** Parts of the workspace; offsets in bytes. */
struct Workspace {
  int64_t sums;
  int64_t scales;
  int64_t split;
  int64_t codes;
  int64_t bytes;
};

int64_t ReadyStride(int64_t k) { return RoundUp(k, 16); }

Workspace WorkspaceOf(int64_t m, int64_t k, const GemmPlan& plan) {
  Workspace workspace;
  workspace.sums = 0;
  workspace.scales = RoundUp(m * 4, 256);
  workspace.split = 2 * workspace.scales;
  workspace.codes = workspace.split + RoundUp(SplitBytes(plan), 256);
  workspace.bytes = workspace.codes + m * ReadyStride(k);
  return workspace;
}

bool IsSigned(const GemmActivations& a) {
  if (!IsCode(a.rows.type)) return a.dynamic || a.limits.int_min < 0.0f;
  return a.rows.type == ElementType::kS8;
}

/** Whether the kernels can read codes where they lie. */
bool ReadableInPlace(const GemmActivations& a, int64_t k, int architecture, const GemmPlan& plan) {
  if (!IsCode(a.rows.type) || !RowsAreMultiplesOf(a.rows, 16)) return false;
  if (a.rows.stride < 0 || a.rows.stride > kMostStride) return false;
  // Rows of a tensor map do not overlap.
  if (InfoOf(plan.kernel).wgmma && a.rows.stride < k) return false;
  // Copies that do not wait are cut at the end of a row; loads into registers are not.
  return architecture >= 80 || k % 16 == 0;
}

class Product {
 public:
  /** groups: null, or `weights` are those of the first one. */
  Product(const Call* call, const GemmActivations& a, const DeviceGemm& weights, const GroupedOperands* groups,
          const EpilogueView& epilogue, char* workspace)
      : call_(call), a_(a), weights_(weights), groups_(groups), epilogue_(epilogue), memory_(workspace) {}

  octet_status Run() {
    DeviceKind kind;
    const octet_status fits =
        groups_ == nullptr ? Fits(call_, a_.m, weights_.n) : FitsGroups(call_, a_.m, groups_->weights);
    if (fits != OCTET_OK) return fits;
    if (const octet_status status = KindOf(call_, &kind); status != OCTET_OK) return status;
    const GemmPlan plan =
        groups_ == nullptr
            ? PlanGemm(kind, a_.m, weights_.n, weights_.k, weights_.bits, CurrentForcedPlan())
            : PlanGroups(kind, groups_->weights.count, a_.m, weights_.n, weights_.k, CurrentForcedPlan());
    workspace_ = WorkspaceOf(a_.m, weights_.k, plan);
    if (const octet_status status = ReadActivations(kind, plan); status != OCTET_OK) return status;
    if (plan.kernel == GemmKernel::kMatrixVector) return RunVector(plan);
    return RunTiles(plan);
  }

 private:
  octet_status ReadActivations(const DeviceKind& kind, const GemmPlan& plan) {
    const int64_t k = weights_.k;
    const bool in_place = ReadableInPlace(a_, k, kind.architecture, plan);
    const bool with_sums = weights_.zero_points != nullptr;
    activations_ = {reinterpret_cast<const int8_t*>(a_.rows.data), a_.rows.stride, static_cast<int32_t>(a_.m),
                    static_cast<int32_t>(k)};
    if (in_place && !with_sums) return OCTET_OK;
    ReadyRows ready;
    ready.rows = a_.rows;
    ready.places = EvenRows(a_.rows);
    ready.m = a_.m;
    ready.k = static_cast<int32_t>(k);
    ready.step = a_.step;
    ready.limits = a_.limits;
    ready.dynamic = a_.dynamic;
    ready.eps = a_.eps;
    ready.codes = in_place ? nullptr : reinterpret_cast<int8_t*>(memory_ + workspace_.codes);
    ready.stride = ReadyStride(k);
    ready.sums = with_sums ? reinterpret_cast<int32_t*>(memory_ + workspace_.sums) : nullptr;
    ready.scales = reinterpret_cast<float*>(memory_ + workspace_.scales);
    if (!in_place) {
      activations_.data = ready.codes;
      activations_.stride = ready.stride;
      activations_.bytes = static_cast<int32_t>(ready.stride);
    }
    const cudaError_t error = MakeRowsReady(ready, StreamOf(call_));
    return error == cudaSuccess ? OCTET_OK : Report(call_, "the kernel ReadyRows", error);
  }

  /** A stride may be longer than a row's codes where they are those of a computed matrix. */
  OperandRows Weights() const {
    return {weights_.codes, weights_.stride, static_cast<int32_t>(weights_.n),
            static_cast<int32_t>(RoundUp(weights_.k, kDeviceDepth) * weights_.bits / 8)};
  }

  Epilogue TheEpilogue() const {
    Epilogue epilogue;
    epilogue.scales = {weights_.scales,
                       weights_.sums,
                       weights_.zero_points,
                       a_.dynamic ? reinterpret_cast<const float*>(memory_ + workspace_.scales) : nullptr,
                       a_.step.scale,
                       static_cast<int32_t>(a_.step.zero_point),
                       reinterpret_cast<const int32_t*>(memory_ + workspace_.sums)};
    epilogue.view = epilogue_;
    epilogue.view.residual_first = epilogue_.residual_first && epilogue_.residual.data != nullptr;
    epilogue.out_places = EvenRows(epilogue_.out);
    epilogue.residual_places = EvenRows(epilogue_.residual);
    epilogue.columns = static_cast<int32_t>(weights_.n);
    epilogue.rows = a_.m;
    epilogue.residual_vectors = RowsAreMultiplesOf(epilogue_.residual, 4 * SizeOf(epilogue_.residual.type));
    epilogue.out_vectors = RowsAreMultiplesOf(epilogue_.out, 16);
    Complete(&epilogue);
    return epilogue;
  }

  octet_status RunVector(const GemmPlan& plan) const {
    VectorProblem problem;
    problem.activations = activations_;
    problem.weights = Weights();
    problem.signed_activations = IsSigned(a_);
    problem.weight_bits = weights_.bits;
    problem.cut_k = plan.cut_k;
    problem.batch = {};
    problem.epilogue = TheEpilogue();
    problem.out_quads = RowsAreMultiplesOf(epilogue_.out, 4 * SizeOf(epilogue_.out.type));
    const cudaError_t error = LaunchMatrixVector(problem, StreamOf(call_));
    return error == cudaSuccess ? OCTET_OK : Report(call_, "the kernel MatrixVector", error);
  }

  octet_status RunTiles(const GemmPlan& plan) const {
    TileProblem<OperandRows> problem;
    problem.activations = activations_;
    problem.weights = Weights();
    problem.depth = static_cast<int32_t>(RoundUp(weights_.k, kTileDepth) / kTileDepth);
    problem.raster = plan.raster;
    problem.batch = {};
    problem.epilogue = TheEpilogue();
    const octet_status status = PrepareSplit(call_, plan, 1, memory_ + workspace_.split, &problem.split);
    if (status != OCTET_OK) return status;
    if (groups_ != nullptr) return RunGroups(plan, problem);
    return LaunchTiles(call_, plan.kernel, {&problem, IsSigned(a_), weights_.bits, StreamOf(call_)});
  }

  octet_status RunGroups(const GemmPlan& plan, const TileProblem<OperandRows>& tiles) const {
    const DeviceGroups& weights = groups_->weights;
    const GroupedProblem problem = {tiles,
                                    {groups_->rows.ends, static_cast<int32_t>(weights.count),
                                     static_cast<int32_t>(a_.m), weights.block_bytes, weights.block_bytes / 4}};
    const cudaError_t error = GroupedLauncherOf(plan.kernel)({&problem, IsSigned(a_), weights_.bits, StreamOf(call_)});
    return error == cudaSuccess ? OCTET_OK : Report(call_, "the kernel Grouped", error);
  }

  const Call* const call_;
  const GemmActivations& a_;
  const DeviceGemm& weights_;
  const GroupedOperands* const groups_;
  const EpilogueView& epilogue_;
  char* const memory_;
  Workspace workspace_;
  OperandRows activations_;
};

octet_status GemmWorkspaceSize(const Call* call, int64_t m, int64_t n, int64_t k, size_t* bytes) {
  *bytes = 0;
  if (m == 0 || n == 0) return OCTET_OK;
  DeviceKind kind;
  if (const octet_status status = Fits(call, m, n); status != OCTET_OK) return status;
  if (const octet_status status = KindOf(call, &kind); status != OCTET_OK) return status;
  // Enough for weights of any number of bits: plans depend on it.
  for (int bits : {4, 8}) {
    const GemmPlan plan = PlanGemm(kind, m, n, k, bits, CurrentForcedPlan());
    *bytes = std::max(*bytes, static_cast<size_t>(WorkspaceOf(m, k, plan).bytes));
  }
  return OCTET_OK;
}

octet_status Gemm(const Call* call, const GemmActivations* a, const DeviceGemm* weights, const EpilogueView* epilogue,
                  void* workspace) {
  if (a->m == 0 || weights->n == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  GemmActivations activations = *a;
  // From a single row there is none to go on to: whatever its stride, it is read where it lies if it begins at a
  // boundary.
  if (a->m == 1 && IsCode(a->rows.type)) activations.rows.stride = RoundUp(weights->k, 16);
  return Product(call, activations, *weights, nullptr, *epilogue, static_cast<char*>(workspace)).Run();
}

octet_status GroupedWorkspaceSize(const Call* call, int64_t m, const DeviceGroups* weights, size_t* bytes) {
  *bytes = 0;
  if (m == 0 || weights->count == 0 || weights->first.n == 0) return OCTET_OK;
  DeviceKind kind;
  if (const octet_status status = FitsGroups(call, m, *weights); status != OCTET_OK) return status;
  if (const octet_status status = KindOf(call, &kind); status != OCTET_OK) return status;
  const DeviceGemm& first = weights->first;
  const GemmPlan plan = PlanGroups(kind, weights->count, m, first.n, first.k, CurrentForcedPlan());
  *bytes = static_cast<size_t>(WorkspaceOf(m, first.k, plan).bytes);
  return OCTET_OK;
}

octet_status GroupedGemm(const Call* call, const GemmActivations* a, const DeviceGroups* weights,
                         const RowGroups* groups, const EpilogueView* epilogue, void* workspace) {
  if (a->m == 0 || weights->count == 0 || weights->first.n == 0) return OCTET_OK;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "cudaSetDevice", scope.error());
  const GroupedOperands operands = {*weights, *groups};
  return Product(call, *a, weights->first, &operands, *epilogue, static_cast<char*>(workspace)).Run();
}

}  // namespace

GemmFunctions TheGemmFunctions() {
  return {PlaceGemm, GemmWorkspaceSize, Gemm, ForceKernel, GroupedWorkspaceSize, GroupedGemm};
}

}  // namespace cuda
}  // namespace octet
