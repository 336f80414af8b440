// SPDX-License-Identifier: Apache-2.0
#include "cuda/grid.h"

#include <cstring>

namespace octet {
namespace cuda {

GridParameters ParametersOf(const GridView& grid) {
  GridParameters result = {grid.limits, grid.eps, grid.log_domain, grid.has_zero_float, false, 0.0f, 0.0f, {}};
  if (!grid.on_host) return result;
  result.by_value = true;
  std::memcpy(&result.delta, grid.delta.data, sizeof(float));
  if (grid.has_zero_float) std::memcpy(&result.zero_float, grid.zero_float.data, sizeof(float));
  const numerics::Step step = {numerics::ScaleOf(result.delta, grid.eps, grid.log_domain),
                               grid.has_zero_float ? numerics::ZeroPointOf(result.zero_float, grid.limits) : 0.0f};
  result.quick = QuickBytesOf(step, grid.limits);
  return result;
}

void AddGrid(const GridView& grid, WalkShape* shape, WalkStrides* operands, int count) {
  WalkStrides* const delta = &operands[count];
  WalkStrides* const zero_float = &operands[count + 1];
  // A grid that is passed by value is not read: any address will do.
  delta->data = grid.on_host ? operands[0].data : grid.delta.data;
  zero_float->data = grid.on_host || !grid.has_zero_float ? delta->data : grid.zero_float.data;
  for (int d = 0; d <= shape->dims; ++d) delta->bytes[d] = 0;
  const int64_t groups = grid.delta.count;
  if (grid.axis >= 0 && groups > 1) {
    const int axis = grid.axis;
    const int64_t size = shape->sizes[axis] / groups;
    for (int d = shape->dims; d > axis + 1; --d) shape->sizes[d] = shape->sizes[d - 1];
    shape->sizes[axis] = groups;
    shape->sizes[axis + 1] = size;
    for (int i = 0; i < count; ++i) {
      for (int d = shape->dims; d > axis; --d) operands[i].bytes[d] = operands[i].bytes[d - 1];
      operands[i].bytes[axis] = operands[i].bytes[axis + 1] * size;
    }
    ++shape->dims;
    delta->bytes[axis] = sizeof(float);
  }
  for (int d = 0; d < shape->dims; ++d) zero_float->bytes[d] = delta->bytes[d];
}

}  // namespace cuda
}  // namespace octet
