// SPDX-License-Identifier: Apache-2.0
#include "octet/attention.h"

#include <cinttypes>

#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/softmax_terms.h"
#include "api/words.h"
#include "cpu/attention.h"
#include "numerics/attention.h"

namespace octet {
namespace api {
namespace {

// 255 * 255 times as much fits s32.
constexpr int64_t kMostProducts = INT32_MAX / (255 * 255);
constexpr float kDynamicMax = 127.0f;

/** `data`: whether the elements are to be read. */
octet_status ReadView(Checker* check, const char* name, const DLTensor* tensor, bool data, const char* meaning,
                      TensorView* view) {
  DLTensor shape_only;
  if (!data && tensor != nullptr) {
    shape_only = *tensor;
    // Any address that is not null: it is not used.
    if (shape_only.data == nullptr) shape_only.data = &shape_only;
    tensor = &shape_only;
  }
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim({name, view}, 4, meaning));
  return check->RowsWithoutGaps({name, view});
}

octet_status Size(const Checker& check, const char* name, const TensorView& view, int dim, int64_t expected,
                  const char* reason) {
  if (view.shape[dim] == expected) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected %" PRId64 " as dimension %d, %s", check.function(),
              name, ListWords(view.shape, view.ndim).text, expected, dim, reason);
}

octet_status Most(const Checker& check, const char* name, const TensorView& view, int dim) {
  if (view.shape[dim] <= kMostProducts) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s has shape %s; expected up to %" PRId64 " as dimension %d, or sums could overflow",
              check.function(), name, ListWords(view.shape, view.ndim).text, kMostProducts, dim);
}

/** Checks what has to do with shapes. */
octet_status ReadViews(Checker* check, const octet_attention_inputs* inputs, bool data, AttentionCall* call) {
  OCTET_RETURN_IF_ERROR(check->NotNull("inputs", inputs));
  TensorView& q = call->q.view;
  TensorView& k = call->k.view;
  TensorView& v = call->v.view;
  OCTET_RETURN_IF_ERROR(ReadView(check, "inputs.q", inputs->q, data, "[batch, heads, queries, dim]", &q));
  OCTET_RETURN_IF_ERROR(ReadView(check, "inputs.k", inputs->k, data, "[batch, kv_heads, keys, dim]", &k));
  OCTET_RETURN_IF_ERROR(ReadView(check, "inputs.v", inputs->v, data, "[batch, kv_heads, keys, v_dim]", &v));
  OCTET_RETURN_IF_ERROR(Size(*check, "inputs.k", k, 0, q.shape[0], "the batch of inputs.q"));
  OCTET_RETURN_IF_ERROR(Size(*check, "inputs.k", k, 3, q.shape[3], "dim of inputs.q"));
  OCTET_RETURN_IF_ERROR(Size(*check, "inputs.v", v, 0, q.shape[0], "the batch of inputs.q"));
  OCTET_RETURN_IF_ERROR(Size(*check, "inputs.v", v, 1, k.shape[1], "kv_heads of inputs.k"));
  OCTET_RETURN_IF_ERROR(Size(*check, "inputs.v", v, 2, k.shape[2], "keys of inputs.k"));
  OCTET_RETURN_IF_ERROR(Most(*check, "inputs.q", q, 3));
  OCTET_RETURN_IF_ERROR(Most(*check, "inputs.k", k, 2));
  if (k.shape[1] == 0 ? q.shape[1] != 0 : q.shape[1] % k.shape[1] != 0) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: inputs.k has shape %s; expected a divisor of %" PRId64 ", the heads of inputs.q, as dimension 1",
                check->function(), ListWords(k.shape, 4).text, q.shape[1]);
  }
  return OCTET_OK;
}

/** The grid of an input, or that it has none. */
octet_status ReadInputGrid(Checker* check, const char* name, const octet_grid* grid, const GridNames& names, float eps,
                           AttentionInput* input) {
  if (grid == nullptr && IsCode(input->view.type)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is null, but %s has dtype %s; pass the grid of its codes",
                check->function(), names.grid, name, TypeWords(input->view.type));
  }
  if (grid == nullptr) {
    OCTET_RETURN_IF_ERROR(check->Eps("inputs.eps", eps));
    input->dynamic = true;
    input->limits = {-kDynamicMax - 1.0f, kDynamicMax};
    input->eps = eps;
    return OCTET_OK;
  }
  CodeGrid code_grid;
  OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, grid, input->view.type, names, &code_grid));
  input->step = code_grid.step;
  input->limits = code_grid.limits;
  return OCTET_OK;
}

octet_status ReadProbabilityGrid(Checker* check, const octet_grid* grid, AttentionCall* call) {
  call->p_step = numerics::kProbabilityStep;
  call->p_limits = numerics::kProbabilityLimits;
  if (grid == nullptr) return OCTET_OK;
  CodeGrid code_grid;
  // Any type that is not one of bytes: s8 and u8 are both good.
  OCTET_RETURN_IF_ERROR(ReadCodeGrid(check, grid, ElementType::kF32, OCTET_GRID_NAMES("inputs.p_grid"), &code_grid));
  const float zero_point = code_grid.step.zero_point;
  if (!(code_grid.limits.int_min <= zero_point && zero_point <= code_grid.limits.int_max)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: inputs.p_grid reaches from %g to %g without a zero point; expected one, for the probabilities of "
                "keys that do not take part",
                check->function(), static_cast<double>(code_grid.limits.int_min),
                static_cast<double>(code_grid.limits.int_max));
  }
  call->p_step = code_grid.step;
  call->p_limits = code_grid.limits;
  return OCTET_OK;
}

/** Bytes that a call asks for, and the least that it takes. */
octet_status Workspace(const Checker& check, const AttentionCall& call, size_t* wanted, size_t* least) {
  if (check.on_cuda()) {
    *least = 0;
    OCTET_RETURN_IF_ERROR(RunOnCuda(check, nullptr, CudaTable()->attention.workspace_size, &call, least));
    *wanted = *least;
    return OCTET_OK;
  }
  const cpu::AttentionWorkspace workspace = cpu::AttentionWorkspaceSize(call);
  *wanted = workspace.wanted;
  *least = workspace.least;
  return OCTET_OK;
}

octet_status WorkspaceSize(const octet_attention_inputs* inputs, size_t* bytes) {
  Checker check("octet_attention_workspace_size");
  AttentionCall call;
  size_t least = 0;
  OCTET_RETURN_IF_ERROR(ReadViews(&check, inputs, false, &call));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return Workspace(check, call, bytes, &least);
}

octet_status Attention(const octet_attention_inputs* inputs, DLTensor* out, const octet_grid* out_grid, void* workspace,
                       size_t workspace_bytes, void* stream) {
  Checker check("octet_attention");
  AttentionCall call;
  SoftmaxTermsView terms;
  OCTET_RETURN_IF_ERROR(ReadViews(&check, inputs, true, &call));
  const float eps = inputs->eps;
  OCTET_RETURN_IF_ERROR(
      ReadInputGrid(&check, "inputs.q", inputs->q_grid, OCTET_GRID_NAMES("inputs.q_grid"), eps, &call.q));
  OCTET_RETURN_IF_ERROR(
      ReadInputGrid(&check, "inputs.k", inputs->k_grid, OCTET_GRID_NAMES("inputs.k_grid"), eps, &call.k));
  OCTET_RETURN_IF_ERROR(
      ReadInputGrid(&check, "inputs.v", inputs->v_grid, OCTET_GRID_NAMES("inputs.v_grid"), eps, &call.v));
  OCTET_RETURN_IF_ERROR(ReadProbabilityGrid(&check, inputs->p_grid, &call));
  const int64_t* q = call.q.view.shape;
  const int64_t scores[4] = {q[0], q[1], q[2], call.k.view.shape[2]};
  OCTET_RETURN_IF_ERROR(ReadSoftmaxTerms(&check, inputs->terms, {"the scores", 4, scores}, &terms));
  call.scale = terms.scale;
  call.bias = terms.bias.ShapedOrNull();
  call.mask = terms.mask.ShapedOrNull();
  call.lengths = terms.LengthsOrNull();
  call.causal = terms.causal;
  call.causal_offset = terms.causal_offset;
  const TensorView& out_view = call.out.view;
  const Named named = {"out", &out_view};
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &call.out));
  OCTET_RETURN_IF_ERROR(check.Ndim(named, 4, "[batch, heads, queries, v_dim]"));
  OCTET_RETURN_IF_ERROR(Size(check, "out", out_view, 0, q[0], "the batch of inputs.q"));
  OCTET_RETURN_IF_ERROR(Size(check, "out", out_view, 1, q[1], "the heads of inputs.q"));
  OCTET_RETURN_IF_ERROR(Size(check, "out", out_view, 2, q[2], "the queries of inputs.q"));
  OCTET_RETURN_IF_ERROR(Size(check, "out", out_view, 3, call.v.view.shape[3], "v_dim of inputs.v"));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named},
                                        {{"inputs.q", &call.q.view},
                                         {"inputs.k", &call.k.view},
                                         {"inputs.v", &call.v.view},
                                         {"terms.bias", terms.bias.GivenOrNull()},
                                         {"terms.mask", terms.mask.GivenOrNull()},
                                         {"terms.lengths", terms.LengthsOrNull()}},
                                        nullptr));
  size_t wanted = 0;
  size_t least = 0;
  OCTET_RETURN_IF_ERROR(Workspace(check, call, &wanted, &least));
  if (!check.on_cuda()) OCTET_RETURN_IF_ERROR(check.Stream(stream));
  OCTET_RETURN_IF_ERROR(check.Workspace(workspace, workspace_bytes, least));
  if (check.on_cuda()) return RunOnCuda(check, stream, CudaTable()->attention.run, &call, workspace);
  cpu::Attention(call, static_cast<char*>(workspace), workspace_bytes);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_attention_workspace_size(const octet_attention_inputs* inputs, size_t* bytes) {
  return octet::api::Guarded("octet_attention_workspace_size",
                             [&] { return octet::api::WorkspaceSize(inputs, bytes); });
}

octet_status octet_attention(const octet_attention_inputs* inputs, DLTensor* out, const octet_grid* out_grid,
                             void* workspace, size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_attention", [&] {
    return octet::api::Attention(inputs, out, out_grid, workspace, workspace_bytes, stream);
  });
}
