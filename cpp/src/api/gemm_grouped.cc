// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm_grouped.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/gemm_activations.h"
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
  OCTET_RETURN_IF_ERROR(ReadWeightTensor(check, weights, 3, "[G, N, K]", data, view));
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

octet_status ReadActivations(Checker* check, const DLTensor* a, TypeSet types, const PlacedGroups& weights,
                             TensorView* view, GemmActivations* activations) {
  OCTET_RETURN_IF_ERROR(ReadGemmRows(check, a, types, weights.k, view, activations));
  if (activations->m > INT32_MAX) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s; expected M up to %d, which offsets (s32) can count",
                check->function(), ListWords(view->shape, 2).text, INT32_MAX);
  }
  return CheckSamePlace(*check, weights.on_device, static_cast<int>(weights.device_id), "a",
                        "octet_gemm_grouped_to_device");
}

octet_status ReadOffsets(Checker* check, const DLTensor* offsets, const PlacedGroups& weights, int64_t m,
                         TensorView* view, RowGroups* groups) {
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

octet_status WorkspaceBytes(const Checker& check, int64_t m, const PlacedGroups& weights, size_t* bytes) {
  if (!weights.on_device) {
    *bytes = cpu::GroupedGemmWorkspaceSize(m, weights.k, weights.groups);
    return OCTET_OK;
  }
  return RunOnCuda(check, nullptr, CudaTable()->gemm.grouped_workspace_size, m, &weights.device, bytes);
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_grouped_workspace_size");
  PlacedGroups weights;
  TensorView view;
  GemmActivations activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGroups(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, kFloatOrByteTypes, weights, &view, &activations));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, activations.m, weights, bytes);
}

/** What the two products have in common, after their activations have been read. */
struct Rest {
  const DLTensor* offsets;
  const void* packed;
  size_t packed_bytes;
  const octet_epilogue* epilogue;
  DLTensor* out;
  void* workspace;
  size_t workspace_bytes;
  void* stream;
};

octet_status Run(Checker* check, const TensorView& a_view, const PlacedGroups& weights, const GemmActivations& a,
                 const Rest& rest) {
  TensorView offsets;
  RowGroups groups;
  EpilogueTensors tensors;
  EpilogueView epilogue;
  OCTET_RETURN_IF_ERROR(ReadOffsets(check, rest.offsets, weights, a.m, &offsets, &groups));
  OCTET_RETURN_IF_ERROR(
      ReadEpilogue(check, rest.epilogue, rest.out, weights.n, &tensors, &epilogue, ColumnStride::kOne, weights.groups));
  const TensorView& out = tensors.out;
  OCTET_RETURN_IF_ERROR(CheckGemmOutput(*check, out, a.m, weights.n));
  OCTET_RETURN_IF_ERROR(check->NoOverlap({{"out", &out}},
                                         {{"epilogue.residual", &tensors.residual},
                                          {"a", &a_view},
                                          {"offsets", &offsets},
                                          {"epilogue.bias", &tensors.bias},
                                          {"epilogue.factor", &tensors.factor}},
                                         &out));
  if (!weights.on_device) OCTET_RETURN_IF_ERROR(check->Stream(rest.stream));
  size_t needed = 0;
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(*check, a.m, weights, &needed));
  OCTET_RETURN_IF_ERROR(check->Workspace(rest.workspace, rest.workspace_bytes, needed));
  if (weights.on_device) {
    return RunOnCuda(*check, rest.stream, CudaTable()->gemm.run_grouped, &a, &weights.device, &groups, &epilogue,
                     rest.workspace);
  }
  cpu::GroupedGemm(a, weights.on_host, groups, epilogue, static_cast<char*>(rest.workspace));
  return OCTET_OK;
}

octet_status Grouped(const DLTensor* a, const octet_grid* a_grid, const Rest& rest) {
  Checker check("octet_gemm_grouped");
  PlacedGroups weights;
  TensorView view;
  GemmActivations activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGroups(check, rest.packed, rest.packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, kFloatOrByteTypes, weights, &view, &activations));
  OCTET_RETURN_IF_ERROR(ReadGemmGrid(&check, a_grid, &activations));
  return Run(&check, view, weights, activations, rest);
}

octet_status GroupedDynamic(const DLTensor* a, int32_t n_bits, float eps, const Rest& rest) {
  Checker check("octet_gemm_grouped_dynamic");
  PlacedGroups weights;
  TensorView view;
  GemmActivations activations;
  OCTET_RETURN_IF_ERROR(ReadPlacedGroups(check, rest.packed, rest.packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, kFloatTypes, weights, &view, &activations));
  OCTET_RETURN_IF_ERROR(ReadDynamicGrids(check, n_bits, eps, &activations));
  return Run(&check, view, weights, activations, rest);
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
    return octet::api::Grouped(a, a_grid,
                               {offsets, packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}

octet_status octet_gemm_grouped_dynamic(const DLTensor* a, int32_t n_bits, float eps, const DLTensor* offsets,
                                        const void* packed, size_t packed_bytes, const octet_epilogue* epilogue,
                                        DLTensor* out, void* workspace, size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_gemm_grouped_dynamic", [&] {
    return octet::api::GroupedDynamic(
        a, n_bits, eps, {offsets, packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream});
  });
}
