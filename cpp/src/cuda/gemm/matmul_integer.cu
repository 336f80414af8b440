// SPDX-License-Identifier: Apache-2.0
// Codes by codes, on the kernels for packed weights: the right operand is made into what packed weights look like on a
// device. A single product then is one with such weights; a batch is one launch of a kernel with tiles or, of few rows,
// of the matrix-vector kernel.
#include "cuda/gemm/matmul_integer.h"

#include <algorithm>
#include <cstdio>

#include "core/device_gemm.h"
#include "cuda/gemm/device_kind.h"
#include "cuda/gemm/epilogue_loop.h"
#include "cuda/gemm/gemm.h"
#include "cuda/gemm/launchers.h"
#include "cuda/gemm/matmul_parts.h"
#include "cuda/gemm/matrix_vector.h"
#include "cuda/gemm/ready_columns.h"
#include "cuda/gemm/ready_rows.h"

namespace octet {
namespace cuda {
namespace {

constexpr int64_t kAlignment = 256;

/** Parts of the workspace; offsets in bytes. */
struct Workspace {
  int64_t scales;
  int64_t zero_points;
  int64_t column_sums;
  int64_t b_codes;
  /** Of a single product: what the product with weights asks for. */
  int64_t rest;
  /** Of a batch. */
  int64_t row_sums;
  int64_t a_codes;
  int64_t bytes;
};

/** a_rows: of all matrices in memory. b_count: matrices in memory. */
Workspace WorkspaceOf(int64_t a_rows, int64_t b_count, int64_t n, int64_t k, int64_t rest_bytes) {
  const int64_t columns = RoundUp(n, kDeviceColumns) * 4;
  Workspace workspace;
  workspace.scales = 0;
  workspace.zero_points = b_count * columns;
  workspace.column_sums = 2 * b_count * columns;
  workspace.b_codes = 3 * b_count * columns;
  workspace.rest = RoundUp(workspace.b_codes + b_count * n * RoundUp(k, kDeviceDepth), kAlignment);
  workspace.row_sums = workspace.rest;
  workspace.a_codes = workspace.row_sums + RoundUp(a_rows * 4, kAlignment);
  workspace.bytes = std::max(workspace.rest + rest_bytes, workspace.a_codes + a_rows * RoundUp(k, 16));
  return workspace;
}

octet_status Fits(const Call* call, const MatmulPart& part, int64_t m, int64_t n) {
  const int64_t tiles = (m / 16 + 1) * (n / 32 + 1);
  if (m <= INT32_MAX && n <= INT32_MAX - kDeviceColumns && tiles <= INT32_MAX / part.count() &&
      part.inner * m <= INT32_MAX) {
    return OCTET_OK;
  }
  std::snprintf(call->message, call->message_bytes,
                "there are %lld products of %lld x %lld outputs; a CUDA device takes up to 2^40 outputs: cut the batch "
                "into several calls",
                static_cast<long long>(part.count()), static_cast<long long>(m), static_cast<long long>(n));
  return OCTET_UNSUPPORTED;
}

/** The products of a part. */
class PartProduct {
 public:
  PartProduct(const Call* call, const MatmulCall& matmul, const MatmulOutput& output, const MatmulPart& part, int64_t m,
              char* workspace)
      : call_(call), matmul_(matmul), output_(output), part_(part), m_(m), n_(matmul.n()), k_(matmul.k()) {
    a_count_ = part.a.Count(part.outer, part.inner);
    b_count_ = part.b.Count(part.outer, part.inner);
    layout_ = WorkspaceOf(a_count_ * m, b_count_, n_, k_, 0);
    memory_ = workspace;
    is_unsigned_ = matmul.b.view.type == ElementType::kU8;
    zero_point_ = static_cast<int32_t>(matmul.b.step.zero_point) - (is_unsigned_ ? 128 : 0);
  }

  octet_status Run() {
    DeviceKind kind;
    if (const octet_status status = Fits(call_, part_, m_, n_); status != OCTET_OK) return status;
    if (const octet_status status = KindOf(call_, &kind); status != OCTET_OK) return status;
    if (part_.count() == 1) {
      if (const octet_status status = ReadColumns(); status != OCTET_OK) return status;
      return RunOne();
    }
    plan_ = PlanBatch(kind, part_.count(), m_, n_, k_, CurrentForcedPlan());
    takes_boxes_ = InfoOf(plan_.kernel).wgmma;
    if (const octet_status status = ReadColumns(); status != OCTET_OK) return status;
    if (const octet_status status = ReadRows(kind); status != OCTET_OK) return status;
    return RunBatch();
  }

 private:
  /** Whether the kernel can read rows of codes where they lie. In a tensor map they come one after the other. */
  bool ReadableInPlace(const PartMatrices& matrices) const {
    if (!matrices.Aligned(16) || matrices.row < 0 || matrices.row > kMostStride) return false;
    return !takes_boxes_ || (matrices.row >= k_ && matrices.strides.inner >= 0 && matrices.strides.outer >= 0);
  }

  octet_status ReadColumns() {
    const PartMatrices& b = part_.b;
    const bool in_place = matmul_.transpose_b && !is_unsigned_ && k_ % kDeviceDepth == 0 && ReadableInPlace(b);
    columns_ = RoundUp(n_, kDeviceColumns);
    ReadyColumns ready;
    ready.data = b.data;
    ready.along_k = matmul_.transpose_b;
    ready.stride = b.row;
    ready.count = static_cast<int32_t>(b_count_);
    ready.inner = static_cast<int32_t>(b.InnerCount(part_.inner));
    ready.strides = b.strides;
    ready.n = static_cast<int32_t>(n_);
    ready.k = static_cast<int32_t>(k_);
    ready.is_unsigned = is_unsigned_;
    ready.scale = matmul_.b.step.scale;
    ready.zero_point = zero_point_;
    ready.codes = in_place || k_ == 0 ? nullptr : reinterpret_cast<int8_t*>(memory_ + layout_.b_codes);
    ready.code_stride = RoundUp(k_, kDeviceDepth);
    ready.columns = columns_;
    ready.sums = reinterpret_cast<int32_t*>(memory_ + layout_.column_sums);
    ready.scales = reinterpret_cast<float*>(memory_ + layout_.scales);
    ready.zero_points = reinterpret_cast<int32_t*>(memory_ + layout_.zero_points);
    if (in_place) {
      codes_ = reinterpret_cast<const int8_t*>(b.data);
      code_stride_ = b.row;
      b_strides_ = b.strides;
    } else {
      codes_ = reinterpret_cast<const int8_t*>(memory_ + layout_.b_codes);
      code_stride_ = ready.code_stride;
      b_strides_ = StridesOf(b, n_ * code_stride_);
    }
    const cudaError_t error =
        cudaMemsetAsync(ready.sums, 0, static_cast<size_t>(b_count_ * columns_ * 4), StreamOf(call_));
    if (error != cudaSuccess) return Report(call_, "cudaMemsetAsync", error);
    return Done("the kernel ReadyColumns", MakeColumnsReady(ready, StreamOf(call_)));
  }

  /** Strides of matrices that have been written one after the other, shared ones once. */
  BatchStrides StridesOf(const PartMatrices& matrices, int64_t each) const {
    return {matrices.strides.outer == 0 ? 0 : matrices.InnerCount(part_.inner) * each,
            matrices.strides.inner == 0 ? 0 : each};
  }

  octet_status Done(const char* what, cudaError_t error) const {
    return error == cudaSuccess ? OCTET_OK : Report(call_, what, error);
  }

  SumScales Scales() const {
    SumScales scales = {};
    scales.w_scales = reinterpret_cast<const float*>(memory_ + layout_.scales);
    scales.w_sums = reinterpret_cast<const int32_t*>(memory_ + layout_.column_sums);
    if (zero_point_ != 0) scales.w_zeros = reinterpret_cast<const int32_t*>(memory_ + layout_.zero_points);
    scales.a_scale = matmul_.a.step.scale;
    scales.a_zero = static_cast<int32_t>(matmul_.a.step.zero_point);
    scales.a_sums = reinterpret_cast<const int32_t*>(memory_ + layout_.row_sums);
    return scales;
  }

  octet_status RunOne() const {
    const SumScales scales = Scales();
    DeviceGemm weights;
    weights.n = n_;
    weights.k = k_;
    weights.scales = scales.w_scales;
    weights.sums = scales.w_sums;
    weights.zero_points = scales.w_zeros;
    weights.codes = codes_;
    weights.stride = code_stride_;
    GemmActivations a;
    a.rows = {part_.a.data, matmul_.a.view.type, part_.a.row};
    a.m = m_;
    a.step = matmul_.a.step;
    a.limits = matmul_.a.limits;
    const EpilogueView epilogue = EpilogueOf(part_, output_, m_, n_).view;
    return TheGemmFunctions().run(call_, &a, &weights, &epilogue, memory_ + layout_.rest);
  }

  octet_status ReadRows(const DeviceKind& kind) {
    const PartMatrices& a = part_.a;
    const bool in_place = ReadableInPlace(a) && (kind.architecture >= 80 || k_ % 16 == 0);
    activations_ = {reinterpret_cast<const int8_t*>(a.data), a.row, static_cast<int32_t>(m_), static_cast<int32_t>(k_)};
    a_strides_ = a.strides;
    if (in_place && zero_point_ == 0) return OCTET_OK;
    const int64_t inner = a.InnerCount(part_.inner);
    ReadyRows ready = {};
    ready.rows = {a.data, matmul_.a.view.type, a.row};
    ready.places = PlacesOf(a, m_, a_count_ / inner, inner, 1);
    ready.m = a_count_ * m_;
    ready.k = static_cast<int32_t>(k_);
    ready.codes = in_place ? nullptr : reinterpret_cast<int8_t*>(memory_ + layout_.a_codes);
    ready.stride = RoundUp(k_, 16);
    ready.sums = zero_point_ != 0 ? reinterpret_cast<int32_t*>(memory_ + layout_.row_sums) : nullptr;
    if (!in_place) {
      activations_.data = ready.codes;
      activations_.stride = ready.stride;
      activations_.bytes = static_cast<int32_t>(ready.stride);
      a_strides_ = StridesOf(a, m_ * ready.stride);
    }
    return Done("the kernel ReadyRows", MakeRowsReady(ready, StreamOf(call_)));
  }

  OperandRows Weights() const {
    return {codes_, code_stride_, static_cast<int32_t>(n_), static_cast<int32_t>(RoundUp(k_, kDeviceDepth))};
  }

  Batch TheBatch() const {
    Batch batch;
    batch.count = static_cast<int32_t>(part_.count());
    batch.inner = static_cast<int32_t>(part_.inner);
    batch.activations = a_strides_;
    batch.weights = b_strides_;
    batch.terms = StridesOf(part_.b, columns_);
    batch.sums = StridesOf(part_.a, m_);
    batch.rows = m_;
    batch.columns = 0;
    return batch;
  }

  Epilogue TheEpilogue() const {
    Epilogue epilogue = EpilogueOf(part_, output_, m_, n_);
    epilogue.scales = Scales();
    Complete(&epilogue);
    return epilogue;
  }

  octet_status RunBatch() const {
    const bool is_signed = matmul_.a.view.type == ElementType::kS8;
    if (plan_.kernel == GemmKernel::kMatrixVector) {
      const VectorProblem problem = {
          activations_, Weights(),  is_signed,     8,
          plan_.cut_k,  TheBatch(), TheEpilogue(), part_.out.Aligned(4 * output_.out.item_size())};
      return Done("the kernel MatrixVector", LaunchMatrixVector(problem, StreamOf(call_)));
    }
    TileProblem<OperandRows> problem;
    problem.activations = activations_;
    problem.weights = Weights();
    problem.depth = static_cast<int32_t>(RoundUp(k_, kTileDepth) / kTileDepth);
    problem.raster = plan_.raster;
    problem.split = {1, nullptr, nullptr};
    problem.batch = TheBatch();
    problem.epilogue = TheEpilogue();
    return LaunchTiles(call_, plan_.kernel, {&problem, is_signed, 8, StreamOf(call_)});
  }

  const Call* const call_;
  const MatmulCall& matmul_;
  const MatmulOutput& output_;
  const MatmulPart& part_;
  const int64_t m_;
  const int64_t n_;
  const int64_t k_;
  /** Of a batch, and whether its kernel copies boxes of tensor maps: that of a single product may. */
  GemmPlan plan_;
  bool takes_boxes_ = true;
  /** Matrices in memory. */
  int64_t a_count_;
  int64_t b_count_;
  Workspace layout_;
  char* memory_;
  bool is_unsigned_;
  /** Of the right codes as the kernels see them. */
  int32_t zero_point_;
  /** Columns of an array over columns. */
  int64_t columns_ = 0;
  const int8_t* codes_ = nullptr;
  int64_t code_stride_ = 0;
  BatchStrides b_strides_ = {0, 0};
  OperandRows activations_;
  BatchStrides a_strides_ = {0, 0};
};

}  // namespace

octet_status IntegerMatmulWorkspaceSize(const Call* call, const MatmulSizes& sizes, size_t* bytes) {
  size_t rest = 0;
  // A single product, or matrices that may turn out to share b and become one.
  const int64_t a_rows = sizes.a_count * sizes.m;
  if (a_rows <= INT32_MAX) {
    const octet_status status = TheGemmFunctions().workspace_size(call, a_rows, sizes.n, sizes.k, &rest);
    if (status != OCTET_OK) return status;
  }
  *bytes = static_cast<size_t>(WorkspaceOf(a_rows, sizes.b_count, sizes.n, sizes.k, static_cast<int64_t>(rest)).bytes);
  return OCTET_OK;
}

octet_status IntegerMatmul(const Call* call, const MatmulCall& matmul, const MatmulOutput& output, char* workspace) {
  const MatmulParts parts(matmul, output);
  for (int64_t i = 0; i < parts.count(); ++i) {
    const MatmulPart part = parts.At(i);
    const octet_status status = PartProduct(call, matmul, output, part, parts.m(), workspace).Run();
    if (status != OCTET_OK) return status;
  }
  return OCTET_OK;
}

}  // namespace cuda
}  // namespace octet
