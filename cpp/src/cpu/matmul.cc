// SPDX-License-Identifier: Apache-2.0
// Products of computed matrices: the right operand is packed into the workspace some columns at a time, in the form in
// which the kernels for packed weights take it, and multiplied as these are. Where there are many small products each
// thread takes matrices of its own, with a workspace of its own; else a product is shared.
#include "cpu/matmul.h"

#include <algorithm>
#include <atomic>

#include "core/packed_float.h"
#include "core/packed_gemm.h"
#include "cpu/backend.h"
#include "cpu/float_panels.h"
#include "cpu/float_product.h"
#include "cpu/parts.h"
#include "cpu/product_kernels.h"
#include "cpu/rows.h"

namespace octet {
namespace cpu {
namespace {

// Packed columns that are in the workspace at a time.
constexpr int64_t kPackedBytes = int64_t{4} << 20;
// Products of a matrix that are worth several threads' time, and elements whose packing is.
constexpr int64_t kLargeProducts = int64_t{1} << 20;
constexpr int64_t kPieceElements = int64_t{1} << 15;

int64_t Lines(int64_t bytes) { return RoundUp(bytes, kPackAlignment); }

bool IsBroadcast(const TensorView& view) {
  for (int d = 0; d < view.ndim - 2; ++d) {
    if (view.shape[d] != 1 && view.strides[d] != 0) return false;
  }
  return true;
}

/** The product as seen from above: how many matrices of what size, and what they need. */
struct Plan {
  int64_t batch = 1;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  bool integer = false;
  /** Columns that are packed at a time, a multiple of kPanelColumns unless it is all of them. */
  int64_t columns = 0;
  int64_t a_bytes = 0;
  int64_t slot_bytes = 0;

  explicit Plan(const MatmulCall& call) : m(call.m()), n(call.n()), k(call.k()), integer(call.integer()) {
    for (int d = 0; d < call.a.view.ndim - 2; ++d) batch *= call.a.view.shape[d];
    const int64_t column_bytes = std::max<int64_t>(1, integer ? RoundUp(k, kGroup) : k * 4);
    const int64_t panels = std::max<int64_t>(1, kPackedBytes / (column_bytes * kPanelColumns));
    columns = std::min(n, panels * kPanelColumns);
    // Matrices that share b may become one with all of their rows.
    const int64_t most_rows = IsBroadcast(call.b.view) ? m * batch : m;
    a_bytes =
        Lines(static_cast<int64_t>(integer ? GemmWorkspaceSize(most_rows, k) : FloatGemmWorkspaceSize(most_rows, k)));
    const int64_t packed = RoundUp(columns, kHalfPanel);
    slot_bytes = a_bytes + Lines(packed * column_bytes) + (integer ? 3 * Lines(packed * 4) : 0);
  }

  /** How many threads are to take matrices of their own; 1: products are shared. */
  int64_t Slots() const {
    const int64_t threads = CallThreads();
    const bool small = m * n < kLargeProducts / std::max<int64_t>(1, k);
    return batch >= 2 * threads || small ? std::max<int64_t>(1, std::min(threads, batch)) : 1;
  }
};

int64_t StrideOf(const TensorView& view, int from_end) { return view.strides[view.ndim - from_end] * view.item_size(); }

/** One of the products. */
struct Matrix {
  RowsView a;
  int64_t m = 0;
  const char* b = nullptr;
  /** Rows of out and residual are set. */
  EpilogueView epilogue;
};

class Product {
 public:
  Product(const MatmulCall& call, const Plan& plan, bool alone)
      : call_(call), plan_(plan), alone_(alone), kernels_(CurrentProductKernels()) {}

  void Run(const Matrix& matrix, char* workspace) const {
    for (int64_t first = 0; first < plan_.n; first += plan_.columns) {
      const int64_t count = std::min(plan_.columns, plan_.n - first);
      EpilogueView epilogue = matrix.epilogue;
      epilogue.out.data += first * SizeOf(epilogue.out.type);
      if (epilogue.residual.data != nullptr) epilogue.residual.data += first * SizeOf(epilogue.residual.type);
      if (epilogue.bias != nullptr) epilogue.bias += first;
      const char* b = matrix.b + first * StrideOf(call_.b.view, call_.transpose_b ? 2 : 1);
      if (plan_.integer) {
        RunIntegers(matrix, b, count, epilogue, workspace);
      } else {
        RunFloats(matrix, b, count, epilogue, workspace);
      }
    }
  }

 private:
  void RunFloats(const Matrix& matrix, const char* b, int64_t n, const EpilogueView& epilogue, char* workspace) const {
    float* const data = reinterpret_cast<float*>(workspace + plan_.a_bytes);
    const TensorView& view = call_.b.view;
    FloatMatrix source;
    source.data = b;
    source.type = view.type;
    source.step = call_.b.step;
    source.k = plan_.k;
    source.n = n;
    source.k_stride = StrideOf(view, call_.transpose_b ? 1 : 2);
    source.n_stride = StrideOf(view, call_.transpose_b ? 2 : 1);
    ForPanels(n, [&](int64_t panel) { MakeFloatPanel(source, panel, data + panel * kPanelColumns * plan_.k); });
    const FloatPanels panels = {n, plan_.k, data};
    FloatWeights weights;
    weights.floats = &panels;
    FloatGemm({matrix.a, matrix.m, call_.a.step}, weights, epilogue, alone_, workspace);
  }

  void RunIntegers(const Matrix& matrix, const char* b, int64_t n, const EpilogueView& epilogue,
                   char* workspace) const {
    const int64_t padded = Lines(RoundUp(plan_.columns, kHalfPanel) * 4);
    char* const memory = workspace + plan_.a_bytes;
    float* const scales = reinterpret_cast<float*>(memory);
    int32_t* const sums = reinterpret_cast<int32_t*>(memory + padded);
    int32_t* const zero_points = reinterpret_cast<int32_t*>(memory + 2 * padded);
    int8_t* const codes = reinterpret_cast<int8_t*>(memory + 3 * padded);
    const bool unsigned_codes = call_.b.view.type == ElementType::kU8;
    const int32_t zero_point = static_cast<int32_t>(call_.b.step.zero_point) - (unsigned_codes ? 128 : 0);
    const int64_t column_bytes = RoundUp(plan_.k, kGroup);
    const uint32_t all_zeros = static_cast<uint32_t>(plan_.k) * static_cast<uint32_t>(zero_point);
    ForPanels(n, [&](int64_t panel) {
      const int64_t column = panel * kPanelColumns;
      PanelBytes bytes;
      bytes.from = b + column * StrideOf(call_.b.view, call_.transpose_b ? 2 : 1);
      bytes.stride = StrideOf(call_.b.view, 2);
      bytes.k = plan_.k;
      bytes.count = static_cast<int>(std::min(kPanelColumns, n - column));
      bytes.columns = static_cast<int>(PanelColumnsOf(n, panel));
      bytes.flip = unsigned_codes ? 0x80 : 0;
      bytes.to = codes + column * column_bytes;
      bytes.sums = sums + column;
      if (call_.transpose_b) {
        kernels_.panel_of_columns(bytes);
      } else {
        std::fill_n(bytes.sums, bytes.columns, 0);
        kernels_.panel_of_rows(bytes);
      }
      for (int c = 0; c < bytes.columns; ++c) {
        bytes.sums[c] = static_cast<int32_t>(static_cast<uint32_t>(bytes.sums[c]) - all_zeros);
        scales[column + c] = call_.b.step.scale;
        zero_points[column + c] = zero_point;
      }
    });
    PackedGemm weights;
    weights.n = n;
    weights.k = plan_.k;
    weights.scales = scales;
    weights.sums = sums;
    if (zero_point != 0) weights.zero_points = zero_points;
    weights.panels = reinterpret_cast<const uint8_t*>(codes);
    weights.panel_bytes = column_bytes * kPanelColumns;
    GemmActivations a;
    a.rows = matrix.a;
    a.m = matrix.m;
    a.step = call_.a.step;
    a.limits = call_.a.limits;
    Gemm(a, weights, epilogue, workspace, alone_);
  }

  template <typename Body>
  void ForPanels(int64_t n, const Body& body) const {
    const int64_t panels = PartsOf(n, kPanelColumns);
    const int64_t together = std::max<int64_t>(1, kPieceElements / std::max<int64_t>(1, plan_.k * kPanelColumns));
    const int64_t pieces = PartsOf(panels, together);
    ForItems(pieces, alone_ || pieces < 2, [&](int64_t piece) {
      const int64_t end = PartStart(panels, pieces, piece + 1);
      for (int64_t panel = PartStart(panels, pieces, piece); panel < end; ++panel) body(panel);
    });
  }

  const MatmulCall& call_;
  const Plan& plan_;
  const bool alone_;
  const ProductKernels& kernels_;
};

/** Runs all matrices as one with more rows, if they share b and their rows lie at one stride. */
bool RunAsOne(const MatmulCall& call, const MatmulOutput& output, const Plan& plan, char* workspace) {
  if (!IsBroadcast(call.b.view)) return false;
  Matrix matrix;
  matrix.epilogue = output.epilogue;
  if (!AsMatrix(call.a.view, &matrix.a) || !AsMatrix(output.out, &matrix.epilogue.out)) return false;
  if (output.residual.data != nullptr && !AsMatrix(output.residual, &matrix.epilogue.residual)) return false;
  matrix.m = plan.m * plan.batch;
  matrix.b = call.b.view.data;
  Product(call, plan, false).Run(matrix, workspace);
  return true;
}

}  // namespace

MatmulWorkspace MatmulWorkspaceSize(const MatmulCall& call) {
  const Plan plan(call);
  return {static_cast<size_t>(plan.Slots() * plan.slot_bytes), static_cast<size_t>(plan.slot_bytes)};
}

bool MatmulHasZeroPoints(const MatmulCall& call) {
  return call.b.step.zero_point != (call.b.view.type == ElementType::kU8 ? 128.0f : 0.0f);
}

void Matmul(const MatmulCall& call, const MatmulOutput& output, char* workspace, size_t workspace_bytes) {
  if (output.out.count == 0) return;
  const Plan plan(call);
  if (RunAsOne(call, output, plan, workspace)) return;
  // The number of threads may have been raised since the workspace was measured.
  const int64_t fitting = static_cast<int64_t>(workspace_bytes) / std::max<int64_t>(1, plan.slot_bytes);
  const int64_t slots = std::max<int64_t>(1, std::min(plan.Slots(), fitting));
  const Product product(call, plan, slots > 1);
  const Rows a(call.a.view, 2);
  const Rows b(call.b.view, 2);
  const Rows out(output.out, 2);
  const Rows residual = output.residual.data != nullptr ? Rows(output.residual, 2) : Rows();
  std::atomic<int64_t> next(0);
  ForItems(slots, slots == 1, [&](int64_t slot) {
    for (int64_t i = next++; i < plan.batch; i = next++) {
      Matrix matrix;
      matrix.a = {a.At(i), call.a.view.type, StrideOf(call.a.view, 2)};
      matrix.m = plan.m;
      matrix.b = b.At(i);
      matrix.epilogue = output.epilogue;
      matrix.epilogue.out = {out.At(i), output.out.type, StrideOf(output.out, 2)};
      if (residual.given()) {
        matrix.epilogue.residual = {residual.At(i), output.residual.type, StrideOf(output.residual, 2)};
      }
      product.Run(matrix, workspace + slot * plan.slot_bytes);
    }
  });
}

}  // namespace cpu
}  // namespace octet
