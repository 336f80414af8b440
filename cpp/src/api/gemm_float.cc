// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm_float.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/placed_float.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_float.h"
#include "cpu/float_panels.h"
#include "cpu/float_product.h"

namespace octet {
namespace api {
namespace {

/** `data`: whether the elements are to be read. */
octet_status ReadWeights(Checker* check, const DLTensor* weights, bool data, TensorView* view) {
  DLTensor shape_only;
  if (!data && weights != nullptr) {
    shape_only = *weights;
    // Any address that is not null: it is not used.
    if (shape_only.data == nullptr) shape_only.data = &shape_only;
    weights = &shape_only;
  }
  OCTET_RETURN_IF_ERROR(check->Tensor("weights", weights, kFloatTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim({"weights", view}, 2, "[N, K]"));
  if (FloatWeightsFit(view->shape[0], view->shape[1])) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: weights has shape %s; expected N up to 2147483647 and K up to 268435456",
              check->function(), ListWords(view->shape, 2).text);
}

octet_status PackSize(const DLTensor* weights, size_t* bytes) {
  Checker check("octet_gemm_float_pack_size");
  TensorView view;
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, false, &view));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(PackedFloatBytes(view.shape[0], view.shape[1]));
  return OCTET_OK;
}

octet_status Pack(const DLTensor* weights, void* packed, size_t packed_bytes) {
  Checker check("octet_gemm_float_pack");
  TensorView view;
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, true, &view));
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedFloatHeader header = {};
  std::memcpy(header.magic, kPackedFloatMagic, sizeof(header.magic));
  header.version = kPackedFloatVersion;
  header.n = view.shape[0];
  header.k = view.shape[1];
  header.bytes = PackedFloatBytes(header.n, header.k);
  if (packed_bytes < static_cast<size_t>(header.bytes)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_gemm_float_pack: packed_bytes is %zu; expected at least %" PRId64
                ", which octet_gemm_float_pack_size says",
                packed_bytes, header.bytes);
  }
  std::memcpy(packed, &header, sizeof(header));
  cpu::FloatMatrix matrix;
  matrix.data = view.data;
  matrix.type = view.type;
  matrix.k = header.k;
  matrix.n = header.n;
  if (view.count > 0) {
    matrix.k_stride = view.strides[1] * view.item_size();
    matrix.n_stride = view.strides[0] * view.item_size();
  }
  float* const panels = reinterpret_cast<float*>(static_cast<char*>(packed) + sizeof(header));
  for (int64_t panel = 0; panel * kPanelColumns < header.n; ++panel) {
    cpu::MakeFloatPanel(matrix, panel, panels + panel * kPanelColumns * header.k);
  }
  return OCTET_OK;
}

octet_status ReadActivations(Checker* check, const DLTensor* a, const PlacedFloat& weights, TensorView* view) {
  const Named named = {"a", view};
  OCTET_RETURN_IF_ERROR(check->Tensor("a", a, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 2, "[M, K]"));
  if (view->shape[1] != weights.k) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s; expected [M, %" PRId64 "], K of the packed weights",
                check->function(), ListWords(view->shape, 2).text, weights.k);
  }
  OCTET_RETURN_IF_ERROR(check->RowsWithoutGaps(named));
  return SamePlace(*check, weights);
}

/** Bytes of workspace for m rows. */
octet_status WorkspaceBytes(const Checker& check, int64_t m, const PlacedFloat& weights, size_t* bytes) {
  if (weights.on_device) {
    return RunOnCuda(check, nullptr, CudaTable()->gemm_float.workspace_size, m, weights.n, weights.k, bytes);
  }
  *bytes = cpu::FloatGemmWorkspaceSize(m, weights.k);
  return OCTET_OK;
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_float_workspace_size");
  PlacedFloat weights;
  TensorView view;
  OCTET_RETURN_IF_ERROR(ReadPlacedFloat(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, weights, &view));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, view.shape[0], weights, bytes);
}

/** The arguments besides the operands. */
struct Rest {
  const void* packed;
  size_t packed_bytes;
  const octet_epilogue* epilogue;
  DLTensor* out;
  void* workspace;
  size_t workspace_bytes;
  void* stream;
};

octet_status Gemm(const DLTensor* a, const octet_grid* a_grid, const Rest& rest) {
  Checker check("octet_gemm_float");
  PlacedFloat weights;
  Operand operand;
  EpilogueTensors tensors;
  EpilogueView epilogue;
  OCTET_RETURN_IF_ERROR(ReadPlacedFloat(check, rest.packed, rest.packed_bytes, &weights));
  const int64_t n = weights.n;
  const TensorView& view = operand.view;
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, weights, &operand.view));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"a", a, a_grid, OCTET_GRID_NAMES("a_grid")}, &operand));
  OCTET_RETURN_IF_ERROR(ReadEpilogue(&check, rest.epilogue, rest.out, n, &tensors, &epilogue));
  const TensorView& out = tensors.out;
  if (out.ndim != 2 || out.shape[0] != view.shape[0] || out.shape[1] != n) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: out has shape %s; expected [%" PRId64 ", %" PRId64 "], M of a and N of the packed weights",
                check.function(), ListWords(out.shape, out.ndim).text, view.shape[0], n);
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap(
      {{"out", &out}}, {{"epilogue.residual", &tensors.residual}, {"a", &view}, {"epilogue.bias", &tensors.bias}},
      &out));
  if (!weights.on_device) OCTET_RETURN_IF_ERROR(check.Stream(rest.stream));
  FloatActivations activations;
  activations.m = view.shape[0];
  activations.rows = {view.data, view.type, view.count == 0 ? 0 : view.strides[0] * view.item_size()};
  activations.step = operand.step;
  size_t needed = 0;
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, activations.m, weights, &needed));
  OCTET_RETURN_IF_ERROR(check.Workspace(rest.workspace, rest.workspace_bytes, needed));
  if (weights.on_device) {
    const DeviceFloatWeights on_device = weights.OnDevice();
    return RunOnCuda(check, rest.stream, CudaTable()->gemm_float.run, &activations, &on_device, &epilogue,
                     rest.workspace);
  }
  cpu::FloatWeights on_host;
  if (weights.has_codes) {
    on_host.codes = &weights.codes.on_host;
  } else {
    on_host.floats = &weights.on_host;
  }
  cpu::FloatGemm(activations, on_host, epilogue, false, static_cast<char*>(rest.workspace));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_float_pack_size(const DLTensor* weights, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_float_pack_size", [&] { return octet::api::PackSize(weights, bytes); });
}

octet_status octet_gemm_float_pack(const DLTensor* weights, void* packed, size_t packed_bytes) {
  return octet::api::Guarded("octet_gemm_float_pack", [&] { return octet::api::Pack(weights, packed, packed_bytes); });
}

octet_status octet_gemm_float_workspace_size(const DLTensor* a, const void* packed, size_t packed_bytes,
                                             size_t* bytes) {
  return octet::api::Guarded("octet_gemm_float_workspace_size",
                             [&] { return octet::api::WorkspaceSize(a, packed, packed_bytes, bytes); });
}

octet_status octet_gemm_float(const DLTensor* a, const octet_grid* a_grid, const void* packed, size_t packed_bytes,
                              const octet_epilogue* epilogue, DLTensor* out, void* workspace, size_t workspace_bytes,
                              void* stream) {
  return octet::api::Guarded("octet_gemm_float", [&] {
    return octet::api::Gemm(a, a_grid, {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}
