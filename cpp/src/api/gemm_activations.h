// SPDX-License-Identifier: Apache-2.0
// Checks of the activations of matrix products with packed weights.
#ifndef OCTET_API_GEMM_ACTIVATIONS_H_
#define OCTET_API_GEMM_ACTIVATIONS_H_

#include "api/check.h"
#include "core/epilogue_view.h"
#include "core/gemm_activations.h"

namespace octet {
namespace api {

/** Checks a, [M, k], and sets rows and m. view: out. */
octet_status ReadGemmRows(Checker* check, const DLTensor* a, TypeSet types, int64_t k, TensorView* view,
                          GemmActivations* activations);

/** Sets the grid of all rows, which have been read. */
octet_status ReadGemmGrid(Checker* check, const octet_grid* a_grid, GemmActivations* activations);

/** Sets a grid for every row. */
octet_status ReadDynamicGrids(const Checker& check, int32_t n_bits, float eps, GemmActivations* activations);

/** Checks the shape of the output, [m, n]. */
octet_status CheckGemmOutput(const Checker& check, const TensorView& out, int64_t m, int64_t n);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_GEMM_ACTIVATIONS_H_
