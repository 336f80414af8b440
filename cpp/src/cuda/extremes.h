// SPDX-License-Identifier: Apache-2.0
// Least and greatest values, exact sums of codes, and the place of the greatest: reductions whose result does not
// depend on the order (found.h). Slices are cut into parts, one a thread block; the parts of a slice are put together
// by a second launch where there are several.
#ifndef OCTET_CUDA_EXTREMES_H_
#define OCTET_CUDA_EXTREMES_H_

#include "cuda/backend.h"
#include "cuda/slices.h"

namespace octet {
namespace cuda {

/** What becomes of a slice's extremes. */
struct ExtremesOutput {
  enum class Kind { kMinMax, kReduce, kArgmax };
  Kind kind;
  /** kMinMax: f32, an element a slice. */
  float* out_min;
  float* out_max;
  /** kReduce: the output is operand 0 of the walk. */
  Reduction reduction;
  Coding out;
  Coding x;
  /** kArgmax: likewise, s64 or else s32. */
  bool wide;
};

/** Operand 1 is read. Elements are not taken off their grid. */
octet_status LaunchExtremes(const Call* call, const char* kernel, const SliceWalk<2>& walk,
                            const ExtremesOutput& output);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_EXTREMES_H_
