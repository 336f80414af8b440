// SPDX-License-Identifier: Apache-2.0
#include "cpu/parameters.h"

#include "cpu/compact.h"

namespace octet {
namespace cpu {
size_t ParameterBytes(const GridView& grid, bool with_slopes) {
  return Scratch::Bytes<float>(grid.delta.count) * (with_slopes ? 4 : 2);
}

Parameters ResolveParameters(const GridView& grid, bool with_slopes, Scratch* scratch) {
  Parameters result;
  result.count = grid.delta.count;
  result.scale = scratch->Take<float>(result.count);
  result.zero_point = scratch->Take<float>(result.count);
  if (with_slopes) {
    result.scale_slope = scratch->Take<float>(result.count);
    result.zero_follows = scratch->Take<float>(result.count);
  }
  for (int64_t i = 0; i < result.count; ++i) {
    const float delta = LoadCompact(grid.delta, i);
    const float zero_float = grid.has_zero_float ? LoadCompact(grid.zero_float, i) : 0.0f;
    result.scale[i] = numerics::ScaleOf(delta, grid.eps, grid.log_domain);
    result.zero_point[i] = grid.has_zero_float ? numerics::ZeroPointOf(zero_float, grid.limits) : 0.0f;
    if (with_slopes) {
      result.scale_slope[i] = numerics::ScaleSlope(delta, result.scale[i], grid.eps, grid.log_domain);
      result.zero_follows[i] = numerics::ZeroPointFollows(zero_float, grid.limits) ? 1.0f : 0.0f;
    }
  }
  return result;
}

RowGrid RowGridAt(const Parameters& parameters, numerics::Limits limits, int64_t first, bool per_element) {
  RowGrid grid;
  grid.scale = parameters.scale + first;
  grid.zero_point = parameters.zero_point + first;
  if (parameters.scale_slope != nullptr) {
    grid.scale_slope = parameters.scale_slope + first;
    grid.zero_follows = parameters.zero_follows + first;
  }
  grid.limits = limits;
  grid.per_element = per_element;
  return grid;
}

}  // namespace cpu
}  // namespace octet
