// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm.h"

#include <cinttypes>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/gemm_activations.h"
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
  OCTET_RETURN_IF_ERROR(ReadWeightTensor(check, weights, 2, "[N, K]", data, view));
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

octet_status ReadActivations(Checker* check, const DLTensor* a, TypeSet types, const PlacedGemm& weights,
                             TensorView* view, GemmActivations* activations) {
  OCTET_RETURN_IF_ERROR(ReadGemmRows(check, a, types, weights.k, view, activations));
  return SamePlace(*check, weights);
}

/** Bytes of workspace for m rows. */
octet_status WorkspaceBytes(const Checker& check, int64_t m, const PlacedGemm& weights, size_t* bytes) {
  if (!weights.on_device) {
    *bytes = cpu::GemmWorkspaceSize(m, weights.k);
    return OCTET_OK;
  }
  return RunOnCuda(check, nullptr, CudaTable()->gemm.workspace_size, m, weights.n, weights.k, bytes);
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_workspace_size");
  PlacedGemm weights;
  TensorView view;
  GemmActivations activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, kFloatOrByteTypes, weights, &view, &activations));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, activations.m, weights, bytes);
}

/** What the two products have in common, after their activations have been read. */
struct Rest {
  const void* packed;
  size_t packed_bytes;
  const octet_epilogue* epilogue;
  DLTensor* out;
  void* workspace;
  size_t workspace_bytes;
  void* stream;
};

octet_status Run(Checker* check, const TensorView& a_view, const PlacedGemm& weights, const GemmActivations& a,
                 const Rest& rest) {
  EpilogueTensors tensors;
  EpilogueView epilogue;
  OCTET_RETURN_IF_ERROR(ReadEpilogue(check, rest.epilogue, rest.out, weights.n, &tensors, &epilogue));
  const TensorView& out = tensors.out;
  OCTET_RETURN_IF_ERROR(CheckGemmOutput(*check, out, a.m, weights.n));
  OCTET_RETURN_IF_ERROR(check->NoOverlap({{"out", &out}},
                                         {{"epilogue.residual", &tensors.residual},
                                          {"a", &a_view},
                                          {"epilogue.bias", &tensors.bias},
                                          {"epilogue.factor", &tensors.factor}},
                                         &out));
  if (!weights.on_device) OCTET_RETURN_IF_ERROR(check->Stream(rest.stream));
  size_t needed = 0;
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(*check, a.m, weights, &needed));
  OCTET_RETURN_IF_ERROR(check->Workspace(rest.workspace, rest.workspace_bytes, needed));
  if (weights.on_device) {
    return RunOnCuda(*check, rest.stream, CudaTable()->gemm.run, &a, &weights.device, &epilogue, rest.workspace);
  }
  cpu::Gemm(a, weights.on_host, epilogue, static_cast<char*>(rest.workspace));
  return OCTET_OK;
}

octet_status Gemm(const DLTensor* a, const octet_grid* a_grid, const Rest& rest) {
  Checker check("octet_gemm");
  PlacedGemm weights;
  TensorView view;
  GemmActivations activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, rest.packed, rest.packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, kFloatOrByteTypes, weights, &view, &activations));
  OCTET_RETURN_IF_ERROR(ReadGemmGrid(&check, a_grid, &activations));
  return Run(&check, view, weights, activations, rest);
}

octet_status GemmDynamic(const DLTensor* a, int32_t n_bits, float eps, const Rest& rest) {
  Checker check("octet_gemm_dynamic");
  PlacedGemm weights;
  TensorView view;
  GemmActivations activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGemm(check, rest.packed, rest.packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, kFloatTypes, weights, &view, &activations));
  OCTET_RETURN_IF_ERROR(ReadDynamicGrids(check, n_bits, eps, &activations));
  return Run(&check, view, weights, activations, rest);
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
    return octet::api::Gemm(a, a_grid, {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}

octet_status octet_gemm_dynamic(const DLTensor* a, int32_t n_bits, float eps, const void* packed, size_t packed_bytes,
                                const octet_epilogue* epilogue, DLTensor* out, void* workspace, size_t workspace_bytes,
                                void* stream) {
  return octet::api::Guarded("octet_gemm_dynamic", [&] {
    return octet::api::GemmDynamic(a, n_bits, eps,
                                   {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}
