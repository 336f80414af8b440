// SPDX-License-Identifier: Apache-2.0
#include "octet/gemm_float.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/packed_gemm.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_float.h"
#include "cpu/float_panels.h"
#include "cpu/float_product.h"

namespace octet {
namespace api {
namespace {

// Sizes of blocks stay far from overflow.
constexpr int64_t kMostN = INT32_MAX;
constexpr int64_t kMostK = int64_t{1} << 28;

bool Fits(int64_t n, int64_t k) { return n >= 0 && n <= kMostN && k >= 0 && k <= kMostK; }

int64_t BytesOf(int64_t n, int64_t k) {
  return static_cast<int64_t>(sizeof(PackedFloatHeader)) + FloatPanels::BytesOf(n, k);
}

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
  if (Fits(view->shape[0], view->shape[1])) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: weights has shape %s; expected N up to %" PRId64 " and K up to %" PRId64,
              check->function(), ListWords(view->shape, 2).text, kMostN, kMostK);
}

octet_status PackSize(const DLTensor* weights, size_t* bytes) {
  Checker check("octet_gemm_float_pack_size");
  TensorView view;
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, false, &view));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(BytesOf(view.shape[0], view.shape[1]));
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
  header.bytes = BytesOf(header.n, header.k);
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

/** A block of either kind. */
struct PackedWeights {
  FloatPanels floats;
  PackedGemm codes;
  cpu::FloatWeights weights;
};

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(
      OCTET_INVALID_ARGUMENT,
      "%s: packed %s; expected a block made by octet_gemm_float_pack of this version (%u), or by octet_gemm_pack",
      check.function(), what, kPackedFloatVersion);
}

octet_status ReadPacked(const Checker& check, const void* packed, size_t packed_bytes, PackedWeights* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedFloatHeader header;
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kPackedGemmMagic, sizeof(header.magic)) == 0) {
    int64_t bytes = 0;
    result->weights.codes = &result->codes;
    return ReadPackedGemm(check, packed, packed_bytes, &result->codes, &bytes);
  }
  if (std::memcmp(header.magic, kPackedFloatMagic, sizeof(header.magic)) != 0) {
    return BadPacked(check, "does not begin with a header");
  }
  if (header.version != kPackedFloatVersion) return BadPacked(check, "has another version");
  if (!Fits(header.n, header.k) || header.bytes != BytesOf(header.n, header.k)) {
    return BadPacked(check, "has a header with impossible values");
  }
  if (packed_bytes < static_cast<size_t>(header.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  const char* data = static_cast<const char*>(packed) + sizeof(header);
  result->floats = {header.n, header.k, reinterpret_cast<const float*>(data)};
  result->weights.floats = &result->floats;
  return OCTET_OK;
}

octet_status ReadActivations(Checker* check, const DLTensor* a, int64_t k, TensorView* view) {
  const Named named = {"a", view};
  OCTET_RETURN_IF_ERROR(check->Tensor("a", a, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 2, "[M, K]"));
  if (view->shape[1] != k) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: a has shape %s; expected [M, %" PRId64 "], K of the packed weights",
                check->function(), ListWords(view->shape, 2).text, k);
  }
  return check->RowsWithoutGaps(named);
}

octet_status WorkspaceSize(const DLTensor* a, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_gemm_float_workspace_size");
  PackedWeights block;
  TensorView view;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &block));
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, block.weights.k(), &view));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = cpu::FloatGemmWorkspaceSize(view.shape[0], block.weights.k());
  return OCTET_OK;
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
  PackedWeights block;
  Operand operand;
  EpilogueTensors tensors;
  EpilogueView epilogue;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, rest.packed, rest.packed_bytes, &block));
  const int64_t n = block.weights.n();
  const int64_t k = block.weights.k();
  const TensorView& view = operand.view;
  OCTET_RETURN_IF_ERROR(ReadActivations(&check, a, k, &operand.view));
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
  OCTET_RETURN_IF_ERROR(check.Stream(rest.stream));
  cpu::FloatActivations activations;
  activations.m = view.shape[0];
  activations.rows = {view.data, view.type, view.count == 0 ? 0 : view.strides[0] * view.item_size()};
  activations.step = operand.step;
  OCTET_RETURN_IF_ERROR(
      check.Workspace(rest.workspace, rest.workspace_bytes, cpu::FloatGemmWorkspaceSize(activations.m, k)));
  cpu::FloatGemm(activations, block.weights, epilogue, false, static_cast<char*>(rest.workspace));
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
