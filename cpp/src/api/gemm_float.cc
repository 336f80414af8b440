// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm_float.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/gemm_call.h"
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
  OCTET_RETURN_IF_ERROR(ReadWeightTensor(check, weights, kFloatTypes, 2, "[N, K]", data, view));
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

/** Weights and activations. */
struct Operands {
  PlacedFloat weights;
  Operand a;
  FloatActivations activations;
};

octet_status ReadOperands(Checker* check, const DLTensor* a, const void* packed, size_t packed_bytes,
                          Operands* operands) {
  OCTET_RETURN_IF_ERROR(ReadPlacedFloat(*check, packed, packed_bytes, &operands->weights));
  FloatActivations& activations = operands->activations;
  OCTET_RETURN_IF_ERROR(ReadGemmRows(check, a, kFloatOrByteTypes, operands->weights.k, &operands->a.view,
                                     &activations.rows, &activations.m));
  return SamePlace(*check, operands->weights);
}

octet_status WorkspaceBytes(const Checker& check, const Operands& operands, size_t* bytes) {
  const PlacedFloat& weights = operands.weights;
  const int64_t m = operands.activations.m;
  if (weights.on_device) {
    return RunOnCuda(check, nullptr, CudaTable()->gemm_float.workspace_size, m, weights.n, weights.k, bytes);
  }
  *bytes = cpu::FloatGemmWorkspaceSize(m, weights.k);
  return OCTET_OK;
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_float_workspace_size");
  Operands operands;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, packed, packed_bytes, &operands));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, operands, bytes);
}

octet_status Gemm(const DLTensor* a, const octet_grid* a_grid, const GemmCall& call) {
  Checker check("octet_gemm_float");
  Operands operands;
  EpilogueView epilogue;
  size_t needed = 0;
  const PlacedFloat& weights = operands.weights;
  FloatActivations& activations = operands.activations;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, call.packed, call.packed_bytes, &operands));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"a", a, a_grid, OCTET_GRID_NAMES("a_grid")}, &operands.a));
  activations.step = operands.a.step;
  OCTET_RETURN_IF_ERROR(ReadGemmOutput(&check, call, {activations.m, weights.n}, {{"a", &operands.a.view}}, &epilogue));
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, operands, &needed));
  OCTET_RETURN_IF_ERROR(CheckRun(check, call, weights.on_device, needed));
  if (weights.on_device) {
    const DeviceFloatWeights on_device = weights.OnDevice();
    return RunOnCuda(check, call.stream, CudaTable()->gemm_float.run, &activations, &on_device, &epilogue,
                     call.workspace);
  }
  cpu::FloatWeights on_host;
  if (weights.has_codes) {
    on_host.codes = &weights.codes.on_host;
  } else {
    on_host.floats = &weights.on_host;
  }
  cpu::FloatGemm(activations, on_host, epilogue, false, static_cast<char*>(call.workspace));
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
