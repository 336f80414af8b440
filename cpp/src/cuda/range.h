// SPDX-License-Identifier: Apache-2.0
// Range estimation, grids from ranges, and the gradients of grids: entries of QuantizationFunctions.
#ifndef OCTET_CUDA_RANGE_H_
#define OCTET_CUDA_RANGE_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status FakeQuantizeBackward(const Call* call, const GridView* grid, const TensorView* x,
                                  const TensorView* grad_out, const FakeQuantizeGradients* gradients);
octet_status GridFromRange(const Call* call, const TensorView* x_min, const TensorView* x_max,
                           const GridFromRangeOptions* options, const TensorView* delta, const TensorView* zero_float,
                           bool* is_signed);
octet_status GridResolve(const Call* call, const GridView* grid, const TensorView* scale, const TensorView* zero_point);
octet_status MinMax(const Call* call, const TensorView* x, int axis, const TensorView* out_min,
                    const TensorView* out_max);
size_t PercentileWorkspaceSize(const TensorView* x, int64_t slices);
octet_status Percentile(const Call* call, const TensorView* x, int axis, double low, double high,
                        const TensorView* out_low, const TensorView* out_high, void* workspace);
octet_status RangeMse(const Call* call, const TensorView* x, int axis, const RangeMseOptions* options,
                      const TensorView* candidate_min, const TensorView* candidate_max, const TensorView* loss);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_RANGE_H_
