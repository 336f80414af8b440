// SPDX-License-Identifier: Apache-2.0
// A grid's parameters as the kernels take them: resolved once a call, one value for each element of delta.
#ifndef OCTET_CPU_PARAMETERS_H_
#define OCTET_CPU_PARAMETERS_H_

#include "core/grid_view.h"
#include "cpu/kernels.h"
#include "cpu/scratch.h"

namespace octet {
namespace cpu {

struct Parameters {
  int64_t count = 0;
  float* scale = nullptr;
  float* zero_point = nullptr;
  /** Null unless asked for. */
  float* scale_slope = nullptr;
  float* zero_follows = nullptr;
};

/** Bytes of scratch that ResolveParameters takes. */
size_t ParameterBytes(const GridView& grid, bool with_slopes);

Parameters ResolveParameters(const GridView& grid, bool with_slopes, Scratch* scratch);

/** Parameters from number `first` on. */
RowGrid RowGridAt(const Parameters& parameters, numerics::Limits limits, int64_t first, bool per_element);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_PARAMETERS_H_
