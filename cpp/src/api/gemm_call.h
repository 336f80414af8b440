// SPDX-License-Identifier: Apache-2.0
// What products with packed weights are called with, and the checks that they have in common.
#ifndef OCTET_API_GEMM_CALL_H_
#define OCTET_API_GEMM_CALL_H_

#include <initializer_list>

#include "api/check.h"
#include "core/epilogue_view.h"
#include "core/gemm_activations.h"
#include "octet/epilogue.h"

namespace octet {
namespace api {

/** The arguments besides activations and their grids. */
struct GemmCall {
  const void* packed;
  size_t packed_bytes;
  const octet_epilogue* epilogue;
  DLTensor* out;
  void* workspace;
  size_t workspace_bytes;
  void* stream;
};

/** The grids of activations: one for all rows, or one for each, of its own extremes. */
struct RowGrids {
  bool dynamic;
  /** If not dynamic. */
  const octet_grid* all_rows;
  /** If dynamic. */
  int32_t n_bits;
  float eps;

  /** Types of activations. */
  TypeSet types() const { return dynamic ? kFloatTypes : kFloatOrByteTypes; }
};

inline RowGrids GridOfAllRows(const octet_grid* grid) { return {false, grid, 0, 0.0f}; }
inline RowGrids GridsOfRows(int32_t n_bits, float eps) { return {true, nullptr, n_bits, eps}; }

/** Checks a, [M, k]. view, rows, m: out. */
octet_status ReadGemmRows(Checker* check, const DLTensor* a, TypeSet types, int64_t k, TensorView* view, RowsView* rows,
                          int64_t* m);

/** Sets the grids of activations, whose rows have been read. */
octet_status ReadRowGrids(Checker* check, const RowGrids& grids, GemmActivations* activations);

/** Of an output: rows, columns, and groups of rows, each with parameters of the epilogue of its own. */
struct GemmOutputSize {
  int64_t m;
  int64_t n;
  int64_t groups = 1;
};

/** Checks output and epilogue. inputs: the tensors that the product reads besides. */
octet_status ReadGemmOutput(Checker* check, const GemmCall& call, const GemmOutputSize& size,
                            std::initializer_list<Named> inputs, EpilogueView* epilogue);

/** Checks stream and workspace. on_device: where the product is made; needed: bytes. */
octet_status CheckRun(const Checker& check, const GemmCall& call, bool on_device, size_t needed);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_GEMM_CALL_H_
