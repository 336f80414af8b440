// SPDX-License-Identifier: Apache-2.0
// Checks of dimensions that are reduced.
#ifndef OCTET_API_REDUCTION_DIMS_H_
#define OCTET_API_REDUCTION_DIMS_H_

#include "api/check.h"

namespace octet {
namespace api {

/** Marks the dimensions that are reduced. */
octet_status ReadDims(const Checker& check, const int32_t* dims, int32_t ndims, const TensorView& x, bool* reduced);

/** Checks a dimension of x. */
octet_status ReadDim(const Checker& check, int32_t dim, const TensorView& x);

/** Leaves the kept dimensions of out, which has all dimensions of x (reduced ones of size 1) or the kept ones alone. */
octet_status KeepDims(const Checker& check, const TensorView& x, const bool* reduced, TensorView* out);

/** Whether every result has elements to be chosen from. */
octet_status NotEmpty(const Checker& check, const TensorView& x, const bool* reduced, const TensorView& out);

/** Reads the tensors of an argmax; out comes without dim. */
octet_status ReadArgmax(Checker* check, const DLTensor* x, TypeSet types, int32_t dim, const DLTensor* out,
                        TensorView* x_view, TensorView* out_view);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_REDUCTION_DIMS_H_
