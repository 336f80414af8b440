// SPDX-License-Identifier: Apache-2.0
// The formulas of the documentation written down a second time, with the standard library's functions.
#ifndef OCTET_TEST_SUPPORT_NAIVE_H_
#define OCTET_TEST_SUPPORT_NAIVE_H_

#include <cmath>

namespace octet {
namespace test {

struct NaiveGrid {
  float scale;
  float zero_point;
  float int_min;
  float int_max;

  float Unclamped(float x) const { return std::nearbyint(x / scale) + zero_point; }
  bool Inside(float x) const { return Unclamped(x) >= int_min && Unclamped(x) <= int_max; }
  float Code(float x) const {
    const float code = Unclamped(x);
    if (std::isnan(code)) return code;
    return std::fmin(std::fmax(code, int_min), int_max);
  }
  float FakeQuantize(float x) const { return scale * (Code(x) - zero_point); }
  float ScaleSlope(float x) const { return Code(x) - zero_point - (Inside(x) ? x / scale : 0.0f); }
  float ZeroSlope(float x) const { return Inside(x) ? 0.0f : -scale; }
};

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_NAIVE_H_
