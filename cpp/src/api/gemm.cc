// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm.h"

#include <cinttypes>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/gemm_call.h"
#include "api/packed_gemm.h"
#include "api/placed_gemm.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_gemm.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

/** `data`: whether the elements are to be read. */
octet_status ReadWeights(Checker* check, const DLTensor* weights, int bits, bool data, TensorView* view) {
  OCTET_RETURN_IF_ERROR(ReadWeightTensor(check, weights, kByteTypes, 2, "[N, K]", data, view));
  const int64_t most = MostProducts(bits, false);
  if (view->shape[0] > kMostGemmColumns || view->shape[1] > most) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: weights has shape %s; expected N up to %" PRId64 " and K up to %" PRId64
                ", or sums could overflow",
                check->function(), ListWords(view->shape, 2).text, kMostGemmColumns, most);
  }
  return OCTET_OK;
}

octet_status PackSize(const DLTensor* weights, const octet_weight_format& format, size_t* bytes) {
  Checker check("octet_gemm_pack_size");
  TensorView view;
  int bits = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, false, &view));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  // Whether there are zero points is known when the grid is.
  *bytes = static_cast<size_t>(LayoutOf(view.shape[0], view.shape[1], bits, true).bytes);
  return OCTET_OK;
}

octet_status Pack(const DLTensor* weights, const octet_grid* grid, const octet_weight_format& format, void* packed,
                  size_t packed_bytes) {
  Checker check("octet_gemm_pack");
  TensorView view;
  GridView grid_view;
  int bits = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, true, &view));
  OCTET_RETURN_IF_ERROR(ReadWeightGrid(&check, grid, view, &grid_view));
  const bool has_zero_points = cpu::GemmHasZeroPoints(grid_view, view.type, bits);
  const int64_t most = MostProducts(bits, has_zero_points);
  if (view.shape[1] > most) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_gemm_pack: weights has shape %s; expected K up to %" PRId64
                " with zero points, or sums could overflow",
                ListWords(view.shape, 2).text, most);
  }
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  const size_t needed = static_cast<size_t>(LayoutOf(view.shape[0], view.shape[1], bits, true).bytes);
  if (packed_bytes < needed) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_gemm_pack: packed_bytes is %zu; expected at least %zu, which octet_gemm_pack_size says",
                packed_bytes, needed);
  }
  const cpu::GridRows rows = {0, view.shape[0]};
  if (!cpu::PackGemm(view, grid_view, rows, bits, has_zero_points, static_cast<char*>(packed))) {
    return BadHalfByte(check, view.type);
  }
  return OCTET_OK;
}

octet_status PackedInfo(const void* packed, size_t packed_bytes, octet_gemm_info* info) {
  Checker check("octet_gemm_packed_info");
  PlacedGemm weights;
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("info", info));
  *info = {weights.n, weights.k, weights.bits == 8 ? OCTET_WEIGHTS_8_BIT : OCTET_WEIGHTS_4_BIT,
           weights.has_zero_points ? 1 : 0, weights.bytes};
  return OCTET_OK;
}

/** Weights and activations. */
struct Operands {
  PlacedGemm weights;
  TensorView a;
  GemmActivations activations;
};

octet_status ReadOperands(Checker* check, const DLTensor* a, TypeSet types, const void* packed, size_t packed_bytes,
                          Operands* operands) {
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(*check, packed, packed_bytes, &operands->weights));
  GemmActivations& activations = operands->activations;
  OCTET_RETURN_IF_ERROR(
      ReadGemmRows(check, a, types, operands->weights.k, &operands->a, &activations.rows, &activations.m));
  return SamePlace(*check, operands->weights);
}

octet_status WorkspaceBytes(const Checker& check, const Operands& operands, size_t* bytes) {
  const PlacedGemm& weights = operands.weights;
  const int64_t m = operands.activations.m;
  if (!weights.on_device) {
    *bytes = cpu::GemmWorkspaceSize(m, weights.k);
    return OCTET_OK;
  }
  return RunOnCuda(check, nullptr, CudaTable()->gemm.workspace_size, m, weights.n, weights.k, bytes);
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_workspace_size");
  Operands operands;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, kFloatOrByteTypes, packed, packed_bytes, &operands));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, operands, bytes);
}

octet_status Gemm(const char* function, const DLTensor* a, const RowGrids& grids, const GemmCall& call) {
  Checker check(function);
  Operands operands;
  EpilogueView epilogue;
  size_t needed = 0;
  const PlacedGemm& weights = operands.weights;
  GemmActivations& activations = operands.activations;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, grids.types(), call.packed, call.packed_bytes, &operands));
  OCTET_RETURN_IF_ERROR(ReadRowGrids(&check, grids, &activations));
  OCTET_RETURN_IF_ERROR(ReadGemmOutput(&check, call, {activations.m, weights.n}, {{"a", &operands.a}}, &epilogue));
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, operands, &needed));
  OCTET_RETURN_IF_ERROR(CheckRun(check, call, weights.on_device, needed));
  if (weights.on_device) {
    return RunOnCuda(check, call.stream, CudaTable()->gemm.run, &activations, &weights.device, &epilogue,
                     call.workspace);
  }
  cpu::Gemm(activations, weights.on_host, epilogue, static_cast<char*>(call.workspace));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_pack_size(const DLTensor* weights, octet_weight_format format, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_pack_size", [&] { return octet::api::PackSize(weights, format, bytes); });
}

octet_status octet_gemm_pack(const DLTensor* weights, const octet_grid* grid, octet_weight_format format, void* packed,
                             size_t packed_bytes) {
  return octet::api::Guarded("octet_gemm_pack",
                             [&] { return octet::api::Pack(weights, grid, format, packed, packed_bytes); });
}

octet_status octet_gemm_packed_info(const void* packed, size_t packed_bytes, octet_gemm_info* info) {
  return octet::api::Guarded("octet_gemm_packed_info",
                             [&] { return octet::api::PackedInfo(packed, packed_bytes, info); });
}

octet_status octet_gemm_workspace_size(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_workspace_size",
                             [&] { return octet::api::WorkspaceSize(a, packed, packed_bytes, bytes); });
}

octet_status octet_gemm(const DLTensor* a, const octet_grid* a_grid, const void* packed, size_t packed_bytes,
                        const octet_epilogue* epilogue, DLTensor* out, void* workspace, size_t workspace_bytes,
                        void* stream) {
  return octet::api::Guarded("octet_gemm", [&] {
    return octet::api::Gemm("octet_gemm", a, octet::api::GridOfAllRows(a_grid),
                            {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}

octet_status octet_gemm_dynamic(const DLTensor* a, int32_t n_bits, float eps, const void* packed, size_t packed_bytes,
                                const octet_epilogue* epilogue, DLTensor* out, void* workspace, size_t workspace_bytes,
                                void* stream) {
  return octet::api::Guarded("octet_gemm_dynamic", [&] {
    return octet::api::Gemm("octet_gemm_dynamic", a, octet::api::GridsOfRows(n_bits, eps),
                            {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}
