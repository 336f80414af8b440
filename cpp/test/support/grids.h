// SPDX-License-Identifier: Apache-2.0
// A grid with memory of its own, and the values of codes in double.
#ifndef OCTET_TEST_SUPPORT_GRIDS_H_
#define OCTET_TEST_SUPPORT_GRIDS_H_

#include <cmath>

#include "support/tensor.h"

namespace octet {
namespace test {

/** One grid for a tensor, as wide as its type. */
class TensorGrid {
 public:
  TensorGrid(DLDataType type, float scale, float zero_point)
      : scale_(scale),
        zero_point_(zero_point),
        int_min_(type.code == kDLInt ? -128.0f : 0.0f),
        int_max_(type.code == kDLInt ? 127.0f : 255.0f),
        coded_(type.bits == 8),
        delta_(Tensor::Scalar(scale)),
        zero_float_(Tensor::Scalar(zero_point)) {
    grid_ = {delta_.dl(), zero_float_.dl(), int_min_, int_max_, OCTET_SCALE_LINEAR, 1e-12f, -1};
  }
  TensorGrid(const TensorGrid&) = delete;

  /** Null for floats. */
  const octet_grid* get() const { return coded_ ? &grid_ : nullptr; }

  /** In f32, as the library says. */
  double ValueOf(double stored) const {
    return coded_ ? static_cast<double>(scale_ * (static_cast<float>(stored) - zero_point_)) : stored;
  }
  double CodeOf(float value) const {
    if (std::isnan(value)) return static_cast<double>(zero_point_);
    const float code = std::nearbyint(value / scale_) + zero_point_;
    return static_cast<double>(std::fmin(std::fmax(code, int_min_), int_max_));
  }
  /** What a tensor of the type holds for a value: its code, or the value itself. */
  double StoredOf(double value) const { return coded_ ? CodeOf(static_cast<float>(value)) : value; }

 private:
  float scale_;
  float zero_point_;
  float int_min_;
  float int_max_;
  bool coded_;
  Tensor delta_;
  Tensor zero_float_;
  octet_grid grid_;
};

constexpr DLDataType kValueTypes[] = {kF32, kF16, kBF16, kS8, kU8};

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_GRIDS_H_
