// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm_grouped.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/gemm_call.h"
#include "api/packed_gemm.h"
#include "api/placed_groups.h"
#include "api/weights.h"
#include "api/weights_on_device.h"
#include "api/words.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

constexpr TypeSet kOffsetType = {Bit(ElementType::kS32), "s32"};

/** Fails if sums of the weights' K could overflow; when: what that depends on. */
octet_status CheckDepth(const Checker& check, const TensorView& weights, int bits, bool has_zero_points,
                        const char* when) {
  const int64_t most = MostProducts(bits, has_zero_points);
  if (weights.shape[0] <= INT32_MAX && weights.shape[1] <= kMostGemmColumns && weights.shape[2] <= most) {
    return OCTET_OK;
  }
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: weights has shape %s; expected G and N up to %" PRId64 " and K up to %" PRId64
              "%s, or sums could overflow",
              check.function(), ListWords(weights.shape, 3).text, kMostGemmColumns, most, when);
}

/** `data`: whether the elements are to be read. bytes: of the block. */
octet_status ReadWeights(Checker* check, const DLTensor* weights, int bits, bool data, TensorView* view,
                         int64_t* bytes) {
  OCTET_RETURN_IF_ERROR(ReadWeightTensor(check, weights, kByteTypes, 3, "[G, N, K]", data, view));
  OCTET_RETURN_IF_ERROR(CheckDepth(*check, *view, bits, false, ""));
  // Whether there are zero points is known when the grid is.
  if (PackedGroupsBytes(view->shape[0], view->shape[1], view->shape[2], bits, true, bytes)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: weights has shape %s, which is more than 2^60 bytes", check->function(),
              ListWords(view->shape, 3).text);
}

octet_status PackSize(const DLTensor* weights, const octet_weight_format& format, size_t* bytes) {
  Checker check("octet_gemm_grouped_pack_size");
  TensorView view;
  int bits = 0;
  int64_t needed = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, false, &view, &needed));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(needed);
  return OCTET_OK;
}

/** The weights of a group, or of all groups in one: [N, K] or [G * N, K]. */
TensorView MatrixOf(const TensorView& weights, int64_t group, int64_t rows) {
  TensorView matrix;
  matrix.data = weights.data + group * weights.strides[0];
  matrix.type = weights.type;
  matrix.ndim = 2;
  matrix.count = rows * weights.shape[2];
  matrix.shape[0] = rows;
  matrix.shape[1] = weights.shape[2];
  matrix.strides[0] = weights.strides[1];
  matrix.strides[1] = weights.strides[2];
  return matrix;
}

octet_status Pack(const DLTensor* weights, const octet_grid* grid, const octet_weight_format& format, void* packed,
                  size_t packed_bytes) {
  Checker check("octet_gemm_grouped_pack");
  TensorView view;
  GridView grid_view;
  int bits = 0;
  int64_t needed = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, true, &view, &needed));
  const int64_t groups = view.shape[0];
  const int64_t n = view.shape[1];
  const int64_t k = view.shape[2];
  OCTET_RETURN_IF_ERROR(
      ReadWeightGrid(&check, grid, MatrixOf(view, 0, groups * n), &grid_view, "weights as [G * N, K]"));
  const bool has_zero_points = cpu::GemmHasZeroPoints(grid_view, view.type, bits);
  OCTET_RETURN_IF_ERROR(CheckDepth(check, view, bits, has_zero_points, has_zero_points ? " with zero points" : ""));
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  if (packed_bytes < static_cast<size_t>(needed)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed_bytes is %zu; expected at least %" PRId64 ", which octet_gemm_grouped_pack_size says",
                check.function(), packed_bytes, needed);
  }
  PackedGroupsHeader header = {};
  std::memcpy(header.magic, kPackedGroupsMagic, sizeof(header.magic));
  header.version = kPackedGroupsVersion;
  header.bits = static_cast<uint32_t>(bits);
  header.groups = groups;
  header.n = n;
  header.k = k;
  header.has_zero_points = has_zero_points ? 1 : 0;
  PackedGroupsBytes(groups, n, k, bits, has_zero_points, &header.bytes);
  std::memcpy(packed, &header, sizeof(header));
  char* block = static_cast<char*>(packed) + sizeof(header);
  const int64_t block_bytes = LayoutOf(n, k, bits, has_zero_points).bytes;
  for (int64_t group = 0; group < groups; ++group, block += block_bytes) {
    const TensorView matrix = MatrixOf(view, group, n);
    if (!cpu::PackGemm(matrix, grid_view, {group * n, groups * n}, bits, has_zero_points, block)) {
      return BadHalfByte(check, view.type);
    }
  }
  return OCTET_OK;
}

octet_status PackedInfo(const void* packed, size_t packed_bytes, octet_gemm_grouped_info* info) {
  Checker check("octet_gemm_grouped_packed_info");
  PlacedGroups weights;
  OCTET_RETURN_IF_ERROR(ReadPlacedGroups(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("info", info));
  *info = {weights.groups,
           weights.n,
           weights.k,
           weights.bits == 8 ? OCTET_WEIGHTS_8_BIT : OCTET_WEIGHTS_4_BIT,
           weights.has_zero_points ? 1 : 0,
           weights.bytes};
  return OCTET_OK;
}

/** Weights and activations. */
struct Operands {
  PlacedGroups weights;
  TensorView a;
  GemmActivations activations;
};

octet_status ReadOperands(Checker* check, const DLTensor* a, TypeSet types, const void* packed, size_t packed_bytes,
                          Operands* operands) {
  const PlacedGroups& weights = operands->weights;
  GemmActivations& activations = operands->activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGroups(*check, packed, packed_bytes, &operands->weights));
  OCTET_RETURN_IF_ERROR(ReadGemmRows(check, a, types, weights.k, &operands->a, &activations.rows, &activations.m));
  if (activations.m > INT32_MAX) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s; expected M up to %d, which offsets (s32) can count",
                check->function(), ListWords(operands->a.shape, 2).text, INT32_MAX);
  }
  return CheckSamePlace(*check, weights.on_device, static_cast<int>(weights.device_id), "a",
                        "octet_gemm_grouped_to_device");
}

octet_status ReadOffsets(Checker* check, const DLTensor* offsets, const Operands& operands, TensorView* view,
                         RowGroups* groups) {
  const PlacedGroups& weights = operands.weights;
  const int64_t m = operands.activations.m;
  const Named named = {"offsets", view};
  OCTET_RETURN_IF_ERROR(check->Tensor("offsets", offsets, kOffsetType, Role::kCompactInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 1, "[G]"));
  OCTET_RETURN_IF_ERROR(check->Count(named, weights.groups, "G of the packed weights: where each group ends"));
  *groups = {reinterpret_cast<const int32_t*>(view->data), weights.groups};
  if (weights.on_device) return OCTET_OK;
  int64_t before = 0;
  for (int64_t group = 0; group < weights.groups; ++group) {
    const int64_t end = groups->End(group);
    if (end < before || end > m) {
      return Fail(OCTET_INVALID_ARGUMENT,
                  "%s: offsets is %" PRId64 " at element %" PRId64 "; expected %" PRId64
                  " (where the group before ends) to %" PRId64 " (M): where each group ends, cumulative sums of sizes",
                  check->function(), end, group, before, m);
    }
    before = end;
  }
  return OCTET_OK;
}

octet_status WorkspaceBytes(const Checker& check, const Operands& operands, size_t* bytes) {
  const PlacedGroups& weights = operands.weights;
  const int64_t m = operands.activations.m;
  if (!weights.on_device) {
    *bytes = cpu::GroupedGemmWorkspaceSize(m, weights.k, weights.groups);
    return OCTET_OK;
  }
  return RunOnCuda(check, nullptr, CudaTable()->gemm.grouped_workspace_size, m, &weights.device, bytes);
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_grouped_workspace_size");
  Operands operands;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, kFloatOrByteTypes, packed, packed_bytes, &operands));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, operands, bytes);
}

octet_status Grouped(const char* function, const DLTensor* a, const RowGrids& grids, const DLTensor* offsets,
                     const GemmCall& call) {
  Checker check(function);
  Operands operands;
  TensorView offsets_view;
  RowGroups groups;
  EpilogueView epilogue;
  size_t needed = 0;
  const PlacedGroups& weights = operands.weights;
  GemmActivations& activations = operands.activations;
  OCTET_RETURN_IF_ERROR(ReadOperands(&check, a, grids.types(), call.packed, call.packed_bytes, &operands));
  OCTET_RETURN_IF_ERROR(ReadRowGrids(&check, grids, &activations));
  OCTET_RETURN_IF_ERROR(ReadOffsets(&check, offsets, operands, &offsets_view, &groups));
  OCTET_RETURN_IF_ERROR(ReadGemmOutput(&check, call, {activations.m, weights.n, weights.groups},
                                       {{"a", &operands.a}, {"offsets", &offsets_view}}, &epilogue));
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, operands, &needed));
  OCTET_RETURN_IF_ERROR(CheckRun(check, call, weights.on_device, needed));
  if (weights.on_device) {
    return RunOnCuda(check, call.stream, CudaTable()->gemm.run_grouped, &activations, &weights.device, &groups,
                     &epilogue, call.workspace);
  }
  cpu::GroupedGemm(activations, weights.on_host, groups, epilogue, static_cast<char*>(call.workspace));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_gemm_grouped_pack_size(const DLTensor* weights, octet_weight_format format, size_t* bytes) {
  return octet::api::Guarded("octet_gemm_grouped_pack_size",
                             [&] { return octet::api::PackSize(weights, format, bytes); });
}

octet_status octet_gemm_grouped_pack(const DLTensor* weights, const octet_grid* grid, octet_weight_format format,
                                     void* packed, size_t packed_bytes) {
  return octet::api::Guarded("octet_gemm_grouped_pack",
                             [&] { return octet::api::Pack(weights, grid, format, packed, packed_bytes); });
}

octet_status octet_gemm_grouped_packed_info(const void* packed, size_t packed_bytes, octet_gemm_grouped_info* info) {
  return octet::api::Guarded("octet_gemm_grouped_packed_info",
                             [&] { return octet::api::PackedInfo(packed, packed_bytes, info); });
}

octet_status octet_gemm_grouped_workspace_size(const DLTensor* a, const void* packed, size_t packed_bytes,
                                               size_t* bytes) {
  return octet::api::Guarded("octet_gemm_grouped_workspace_size",
                             [&] { return octet::api::WorkspaceSize(a, packed, packed_bytes, bytes); });
}

octet_status octet_gemm_grouped(const DLTensor* a, const octet_grid* a_grid, const DLTensor* offsets,
                                const void* packed, size_t packed_bytes, const octet_epilogue* epilogue, DLTensor* out,
                                void* workspace, size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_gemm_grouped", [&] {
    return octet::api::Grouped("octet_gemm_grouped", a, octet::api::GridOfAllRows(a_grid), offsets,
                               {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}

octet_status octet_gemm_grouped_dynamic(const DLTensor* a, int32_t n_bits, float eps, const DLTensor* offsets,
                                        const void* packed, size_t packed_bytes, const octet_epilogue* epilogue,
                                        DLTensor* out, void* workspace, size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_gemm_grouped_dynamic", [&] {
    return octet::api::Grouped("octet_gemm_grouped_dynamic", a, octet::api::GridsOfRows(n_bits, eps), offsets,
                               {packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}
