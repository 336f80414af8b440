// SPDX-License-Identifier: Apache-2.0
// Checks of what packed weights of matrix products and convolutions have in common.
#ifndef OCTET_API_WEIGHTS_H_
#define OCTET_API_WEIGHTS_H_

#include "api/check.h"
#include "octet/gemm.h"

namespace octet {
namespace api {

/** The greatest number of products whose sums of (a - za) * (w - zw) fit s32, with |a - za| <= 255. */
int64_t MostProducts(int bits, bool has_zero_points);

octet_status ReadFormat(const Checker& check, const octet_weight_format& format, int* bits);

/** Checks weights of `ndim` dimensions named by `meaning`. `data`: whether the elements are to be read, by the host. */
octet_status ReadWeightTensor(Checker* check, const DLTensor* weights, TypeSet types, int ndim, const char* meaning,
                              bool data, TensorView* view);

/** Checks the grid of weights whose channels are dimension 0; name: what has this dimension. */
octet_status ReadWeightGrid(Checker* check, const octet_grid* grid, const TensorView& weights, GridView* view,
                            const char* name = "weights");

/** Whether a packed block lies at a multiple of 64. */
octet_status Aligned(const Checker& check, const char* name, const void* pointer);

/** Says that a code does not fit in half a byte. */
octet_status BadHalfByte(const Checker& check, ElementType type);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_WEIGHTS_H_
