// SPDX-License-Identifier: Apache-2.0
#include "octet/embedding.h"

#include <cinttypes>

#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/words.h"
#include "cpu/embedding.h"

namespace octet {
namespace api {
namespace {

constexpr TypeSet kU8Only = {Bit(ElementType::kU8), "u8"};
constexpr GridNames kTableGridNames = OCTET_GRID_NAMES("table.grid");

octet_status Pack(const DLTensor* codes, DLTensor* packed) {
  Checker check("octet_embedding_pack");
  TensorView codes_view, packed_view;
  OCTET_RETURN_IF_ERROR(check.Tensor("codes", codes, kByteTypes, Role::kInput, &codes_view));
  OCTET_RETURN_IF_ERROR(check.Ndim({"codes", &codes_view}, 2, "rows and the values of a row"));
  OCTET_RETURN_IF_ERROR(check.Tensor("packed", packed, kU8Only, Role::kOutput, &packed_view));
  OCTET_RETURN_IF_ERROR(check.Ndim({"packed", &packed_view}, 2, "rows and the bytes of a row"));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps({"packed", &packed_view}));
  if (packed_view.shape[0] != codes_view.shape[0] || packed_view.shape[1] != (codes_view.shape[1] + 1) / 2) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_embedding_pack: packed has shape %s; expected [%" PRId64 ", %" PRId64 "] for codes of shape %s",
                ListWords(packed_view.shape, 2).text, codes_view.shape[0], (codes_view.shape[1] + 1) / 2,
                ListWords(codes_view.shape, 2).text);
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"packed", &packed_view}}, {{"codes", &codes_view}}, nullptr));
  OCTET_RETURN_IF_ERROR(check.OnCpu());
  if (codes_view.count == 0) return OCTET_OK;
  const int64_t place = cpu::PackEmbedding(codes_view, packed_view);
  if (place < 0) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "octet_embedding_pack: codes has in row %" PRId64 ", column %" PRId64
              " a code that has no 4 bits; expected %s",
              place / codes_view.shape[1], place % codes_view.shape[1],
              codes_view.type == ElementType::kS8 ? "-8 to 7" : "0 to 15");
}

/** Checks the grid of a table of codes. */
octet_status ReadTableGrid(Checker* check, const octet_embedding_table& table, const Named& rows, bool packed,
                           GridView* grid) {
  OCTET_RETURN_IF_ERROR(check->NotNull(kTableGridNames.grid, table.grid));
  OCTET_RETURN_IF_ERROR(check->Grid(table.grid, &rows, grid, kTableGridNames));
  if (grid->axis > 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected -1 or 0, the rows", check->function(),
                kTableGridNames.axis, grid->axis);
  }
  if (!packed) return GridWithinBytes(*check, *grid, rows.view->type, kTableGridNames);
  const float low = grid->limits.int_min;
  const float high = grid->limits.int_max;
  if ((low >= -8.0f && high <= 7.0f) || (low >= 0.0f && high <= 15.0f)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s reaches from %.9g to %.9g; expected codes of 4 bits, within -8..7 or 0..15", check->function(),
              kTableGridNames.grid, static_cast<double>(low), static_cast<double>(high));
}

octet_status ReadTable(Checker* check, const octet_embedding_table* table, TensorView* rows, GridView* grid,
                       EmbeddingCall* call) {
  OCTET_RETURN_IF_ERROR(check->NotNull("table", table));
  OCTET_RETURN_IF_ERROR(check->Tensor("table.rows", table->rows, kFloatOrByteTypes, Role::kInput, rows));
  const Named named = {"table.rows", rows};
  OCTET_RETURN_IF_ERROR(check->Ndim(named, 2, "rows and the values of a row"));
  OCTET_RETURN_IF_ERROR(check->RowsWithoutGaps(named));
  if (table->wrap != 0 && table->wrap != 1) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: table.wrap is %d; expected 0 or 1", check->function(),
                static_cast<int>(table->wrap));
  }
  call->rows = rows;
  call->wrap = table->wrap != 0;
  call->packed = IsCode(rows->type) && table->bits == 4;
  const bool known = IsCode(rows->type) ? table->bits == 8 || table->bits == 4 : table->bits == 0;
  if (!known || (call->packed && rows->type != ElementType::kU8)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: table.bits is %d with table.rows of dtype %s; expected 8 with s8 or u8, 4 with u8, 0 with floats",
                check->function(), static_cast<int>(table->bits), TypeWords(rows->type));
  }
  if (!IsCode(rows->type)) {
    if (table->grid == nullptr) return OCTET_OK;
    return Fail(OCTET_INVALID_ARGUMENT, "%s: table.grid is given, but table.rows has dtype %s; pass null",
                check->function(), TypeWords(rows->type));
  }
  call->grid = grid;
  return ReadTableGrid(check, *table, named, call->packed, grid);
}

/** The shape of indices, then the length of a row. */
octet_status OutShape(const Checker& check, const EmbeddingCall& call, const TensorView& out) {
  const TensorView& indices = *call.indices;
  bool same = out.ndim == indices.ndim + 1;
  for (int d = 0; same && d < indices.ndim; ++d) same = out.shape[d] == indices.shape[d];
  const int64_t row = call.rows->shape[1];
  const int64_t length = same ? out.shape[out.ndim - 1] : 0;
  same = same && (call.packed ? length / 2 + length % 2 : length) == row;
  if (same) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: out has shape %s; expected that of indices, %s, and then the %s of a row of the table, shape %s",
              check.function(), ListWords(out.shape, out.ndim).text, ListWords(indices.shape, indices.ndim).text,
              call.packed ? "values (two a byte)" : "values", ListWords(call.rows->shape, 2).text);
}

octet_status Embedding(const octet_embedding_table* table, const DLTensor* indices, DLTensor* out,
                       const octet_grid* out_grid, void* stream) {
  Checker check("octet_embedding");
  TensorView rows, indices_view;
  GridView grid;
  Operand out_operand;
  EmbeddingCall call;
  OCTET_RETURN_IF_ERROR(ReadTable(&check, table, &rows, &grid, &call));
  OCTET_RETURN_IF_ERROR(check.Tensor("indices", indices, kIntegerTypes, Role::kInput, &indices_view));
  call.indices = &indices_view;
  OCTET_RETURN_IF_ERROR(
      ReadOperand(&check, {"out", out, out_grid, OCTET_GRID_NAMES("out_grid")}, Role::kOutput, &out_operand));
  const Named named_out = {"out", &out_operand.view};
  call.out = &out_operand;
  OCTET_RETURN_IF_ERROR(OutShape(check, call, out_operand.view));
  OCTET_RETURN_IF_ERROR(check.RowsWithoutGaps(named_out));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({named_out}, {{"table.rows", &rows}, {"indices", &indices_view}}, nullptr));
  if (check.on_cuda()) return RunOnCuda(check, stream, CudaTable()->rows.embedding, &call);
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  const int64_t place = cpu::FirstOutside(indices_view, call.wrap ? -rows.shape[0] : 0, rows.shape[0]);
  if (place >= 0) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_embedding: indices has %" PRId64 " at place %" PRId64
                " (in row-major order of shape %s); expected %" PRId64 " to %" PRId64 ", the rows of the table",
                cpu::IndexAt(indices_view, place), place, ListWords(indices_view.shape, indices_view.ndim).text,
                call.wrap ? -rows.shape[0] : 0, rows.shape[0] - 1);
  }
  cpu::Embedding(call);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_embedding_pack(const DLTensor* codes, DLTensor* packed) {
  return octet::api::Guarded("octet_embedding_pack", [&] { return octet::api::Pack(codes, packed); });
}

octet_status octet_embedding(const octet_embedding_table* table, const DLTensor* indices, DLTensor* out,
                             const octet_grid* out_grid, void* stream) {
  return octet::api::Guarded("octet_embedding",
                             [&] { return octet::api::Embedding(table, indices, out, out_grid, stream); });
}
