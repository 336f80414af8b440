// SPDX-License-Identifier: Apache-2.0
#include "numerics/grid.h"

#include "cpu/backend.h"
#include "cpu/compact.h"
#include "cpu/kernels.h"
#include "cpu/slices.h"

namespace octet {
namespace cpu {
namespace {

/** Elements of a tensor of any strides, in row-major order. */
class Reader {
 public:
  explicit Reader(const TensorView& tensor) : slices_(tensor, -1, 1, SliceOrder::kRowMajor) {}

  float At(int64_t index) const {
    float buffer;
    return *slices_.Read(ScalarKernels(), 0, index, 1, &buffer);
  }

 private:
  Slices slices_;
};

}  // namespace

void GridFromRange(const TensorView& x_min, const TensorView& x_max, bool asymmetric, int32_t n_bits, bool log_domain,
                   float eps, const TensorView& delta, const TensorView* zero_float, bool* is_signed) {
  *is_signed = false;
  if (x_min.count == 0) return;
  const Reader mins(x_min);
  const Reader maxs(x_max);
  if (!asymmetric) {
    // The sign of the least minimum decides, and a NaN among them is the least.
    float least = mins.At(0);
    for (int64_t i = 1; i < x_min.count; ++i) least = numerics::MinNan(least, mins.At(i));
    *is_signed = numerics::RangeIsSigned(least);
  }
  const float int_max = numerics::GridLimits(n_bits, *is_signed).int_max;
  for (int64_t i = 0; i < x_min.count; ++i) {
    const numerics::StoredGrid grid = asymmetric
                                          ? numerics::AsymmetricGrid(mins.At(i), maxs.At(i), int_max, eps, log_domain)
                                          : numerics::SymmetricGrid(mins.At(i), maxs.At(i), int_max, eps, log_domain);
    StoreCompact(delta, i, grid.delta);
    if (zero_float != nullptr) StoreCompact(*zero_float, i, grid.zero_float);
  }
}

void GridResolve(const GridView& grid, const TensorView* scale, const TensorView* zero_point) {
  for (int64_t i = 0; i < grid.delta.count; ++i) {
    const float delta = LoadCompact(grid.delta, i);
    const float zero_float = grid.has_zero_float ? LoadCompact(grid.zero_float, i) : 0.0f;
    if (scale != nullptr) StoreCompact(*scale, i, numerics::ScaleOf(delta, grid.eps, grid.log_domain));
    if (zero_point != nullptr) {
      StoreCompact(*zero_point, i, grid.has_zero_float ? numerics::ZeroPointOf(zero_float, grid.limits) : 0.0f);
    }
  }
}

}  // namespace cpu
}  // namespace octet
