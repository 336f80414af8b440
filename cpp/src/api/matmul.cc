// SPDX-License-Identifier: Apache-2.0
#include "octet/matmul.h"

#include <algorithm>
#include <cinttypes>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/broadcast.h"
#include "cpu/matmul.h"

namespace octet {
namespace api {
namespace {

constexpr int kLeastDims = 2;

octet_status ReadMatrix(Checker* check, const char* name, const DLTensor* tensor, const char* meaning,
                        TensorView* view) {
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, kFloatOrByteTypes, Role::kInput, view));
  if (view->ndim < kLeastDims) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected at least 2 dimensions, %s", check->function(),
                name, ListWords(view->shape, view->ndim).text, meaning);
  }
  return check->RowsWithoutGaps({name, view});
}

octet_status Flag(const Checker& check, const char* name, int32_t value) {
  if (value == 0 || value == 1) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected 0 or 1", check.function(), name, static_cast<int>(value));
}

/** The operands as they were given, and broadcast. */
struct Operands {
  TensorView a;
  TensorView b;
  MatmulCall call;
  /** Dimensions of the output and its shape. */
  int ndim = 0;
  int64_t shape[kMaxDims];
};

octet_status CannotBroadcast(const Checker& check, const TensorView& a, const TensorView& b) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: a has shape %s, b has shape %s; expected dimensions before the last two that are equal, or 1",
              check.function(), ListWords(a.shape, a.ndim).text, ListWords(b.shape, b.ndim).text);
}

/** A tensor whose dimensions before the last two are those of the output. */
bool Broadcast(const TensorView& view, int ndim, const int64_t* shape, TensorView* result) {
  int64_t target[kMaxDims];
  std::copy(shape, shape + ndim - 2, target);
  std::copy(view.shape + view.ndim - 2, view.shape + view.ndim, target + ndim - 2);
  return BroadcastTo(view, ndim, target, result);
}

octet_status ReadOperands(Checker* check, const DLTensor* a, const DLTensor* b, int32_t transpose_b, Operands* all) {
  OCTET_RETURN_IF_ERROR(ReadMatrix(check, "a", a, "[..., M, K]", &all->a));
  OCTET_RETURN_IF_ERROR(ReadMatrix(check, "b", b, transpose_b != 0 ? "[..., N, K]" : "[..., K, N]", &all->b));
  OCTET_RETURN_IF_ERROR(Flag(*check, "transpose_b", transpose_b));
  const TensorView& left = all->a;
  const TensorView& right = all->b;
  const int64_t k = left.shape[left.ndim - 1];
  if (right.shape[right.ndim - (transpose_b != 0 ? 1 : 2)] != k) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s, b has shape %s; expected K of a, %" PRId64 ", as %s of b",
                check->function(), ListWords(left.shape, left.ndim).text, ListWords(right.shape, right.ndim).text, k,
                transpose_b != 0 ? "the last size" : "the last size but one");
  }
  const int ndim = std::max(left.ndim, right.ndim);
  all->ndim = ndim;
  for (int d = 3; d <= ndim; ++d) {
    const int64_t of_a = d <= left.ndim ? left.shape[left.ndim - d] : 1;
    const int64_t of_b = d <= right.ndim ? right.shape[right.ndim - d] : 1;
    if (of_a != of_b && of_a != 1 && of_b != 1) return CannotBroadcast(*check, left, right);
    all->shape[ndim - d] = of_a == 1 ? of_b : of_a;
  }
  MatmulCall& call = all->call;
  call.transpose_b = transpose_b != 0;
  if (!Broadcast(left, ndim, all->shape, &call.a.view) || !Broadcast(right, ndim, all->shape, &call.b.view)) {
    return CannotBroadcast(*check, left, right);
  }
  all->shape[ndim - 2] = call.m();
  all->shape[ndim - 1] = call.n();
  return OCTET_OK;
}

/** The product of the dimensions before the last two. */
int64_t CountOf(const int64_t* shape, int ndim) {
  int64_t count = 1;
  for (int d = 0; d < ndim - 2; ++d) count *= shape[d];
  return count;
}

MatmulSizes SizesOf(const Operands& operands) {
  const MatmulCall& call = operands.call;
  return {call.m(),
          call.n(),
          call.k(),
          CountOf(operands.shape, operands.ndim),
          CountOf(operands.a.shape, operands.a.ndim),
          CountOf(operands.b.shape, operands.b.ndim),
          call.integer()};
}

octet_status WorkspaceSize(const DLTensor* a, const DLTensor* b, int32_t transpose_b, size_t* bytes) {
  Checker check("octet_matmul_workspace_size");
  Operands operands;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, b, transpose_b, &operands));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  if (check.on_cuda()) {
    const MatmulSizes sizes = SizesOf(operands);
    return RunOnCuda(check, nullptr, CudaTable()->matmul.workspace_size, &sizes, bytes);
  }
  *bytes = cpu::MatmulWorkspaceSize(operands.call).wanted;
  return OCTET_OK;
}

octet_status SumsFit(const Checker& check, const MatmulCall& call) {
  if (!call.integer()) return OCTET_OK;
  const int64_t most = MostProducts(8, cpu::MatmulHasZeroPoints(call));
  if (call.k() <= most) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: a has K = %" PRId64 "; expected up to %" PRId64 ", or sums could overflow",
              check.function(), call.k(), most);
}

/** The rest of the arguments. */
struct Rest {
  const octet_grid* a_grid;
  const octet_grid* b_grid;
  const octet_epilogue* epilogue;
  DLTensor* out;
  void* workspace;
  size_t workspace_bytes;
  void* stream;
};

octet_status Matmul(const DLTensor* a, const DLTensor* b, int32_t transpose_b, const Rest& rest) {
  Checker check("octet_matmul");
  Operands operands;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, b, transpose_b, &operands));
  MatmulCall& call = operands.call;
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"a", a, rest.a_grid, OCTET_GRID_NAMES("a_grid")}, &call.a));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"b", b, rest.b_grid, OCTET_GRID_NAMES("b_grid")}, &call.b));
  OCTET_RETURN_IF_ERROR(SumsFit(check, call));
  EpilogueTensors tensors;
  MatmulOutput output;
  OCTET_RETURN_IF_ERROR(ReadEpilogue(&check, rest.epilogue, rest.out, call.n(), &tensors, &output.epilogue));
  const TensorView& out = tensors.out;
  if (out.ndim != operands.ndim || !std::equal(out.shape, out.shape + out.ndim, operands.shape)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: out has shape %s; expected %s", check.function(),
                ListWords(out.shape, out.ndim).text, ListWords(operands.shape, operands.ndim).text);
  }
  OCTET_RETURN_IF_ERROR(CheckOutputMemory(check, tensors, {{"a", &operands.a}, {"b", &operands.b}}));
  output.out = out;
  if (rest.epilogue != nullptr && rest.epilogue->residual != nullptr) output.residual = tensors.residual;
  if (check.on_cuda()) {
    const MatmulSizes sizes = SizesOf(operands);
    size_t needed = 0;
    OCTET_RETURN_IF_ERROR(RunOnCuda(check, rest.stream, CudaTable()->matmul.workspace_size, &sizes, &needed));
    OCTET_RETURN_IF_ERROR(check.Workspace(rest.workspace, rest.workspace_bytes, needed));
    return RunOnCuda(check, rest.stream, CudaTable()->matmul.run, &call, &output, rest.workspace, needed);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(rest.stream));
  OCTET_RETURN_IF_ERROR(check.Workspace(rest.workspace, rest.workspace_bytes, cpu::MatmulWorkspaceSize(call).least));
  cpu::Matmul(call, output, static_cast<char*>(rest.workspace), rest.workspace_bytes);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_matmul_workspace_size(const DLTensor* a, const DLTensor* b, int32_t transpose_b, size_t* bytes) {
  return octet::api::Guarded("octet_matmul_workspace_size",
                             [&] { return octet::api::WorkspaceSize(a, b, transpose_b, bytes); });
}

octet_status octet_matmul(const DLTensor* a, const octet_grid* a_grid, const DLTensor* b, const octet_grid* b_grid,
                          int32_t transpose_b, const octet_epilogue* epilogue, DLTensor* out, void* workspace,
                          size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_matmul", [&] {
    return octet::api::Matmul(a, b, transpose_b, {a_grid, b_grid, epilogue, out, workspace, workspace_bytes, stream});
  });
}
