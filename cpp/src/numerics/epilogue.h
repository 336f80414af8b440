// SPDX-License-Identifier: Apache-2.0
// What happens to an s32 sum of products after the last product, up to the value that is stored. Every operation is one
// IEEE operation in the order written; templates over V as in activation.h.
//
// With activation codes a (zero point za), weight codes w (zero point zw) and K products:
//
//     sum    = sum of a * w
//     exact  = sum - za * (sum of w - K * zw) - zw * (sum of a)      = sum of (a - za) * (w - zw), in integers mod 2^32
//     y      = fma(float(exact), a_scale * w_scale, bias)            bias 0 where there is none
//     y      = activation(y) * factor; y = y + residual              or the sum first, as the epilogue says
//     stored = y rounded to f16 or bf16, or the code of y on the output grid (grid.h; NaN: the zero point)
//
// A residual of codes is scale * (code - zero_point).
#ifndef OCTET_NUMERICS_EPILOGUE_H_
#define OCTET_NUMERICS_EPILOGUE_H_

#include "numerics/activation.h"
#include "numerics/grid.h"
#include "numerics/portable.h"

namespace octet {
namespace numerics {

/** In the order of octet_activation. */
enum class Activation {
  kNone,
  kRelu,
  kRelu6,
  kGeluErf,
  kGeluTanh,
  kSilu,
  kSigmoid,
  kTanh,
  kHardswish,
  kHardsigmoid,
};

constexpr int kActivations = 10;

template <typename V, Activation kActivation>
OCTET_MATH typename V::Floats Activate(typename V::Floats x) {
  if constexpr (kActivation == Activation::kRelu) {
    return ReluLanes<V>(x);
  } else if constexpr (kActivation == Activation::kRelu6) {
    return Relu6Lanes<V>(x);
  } else if constexpr (kActivation == Activation::kGeluErf) {
    return GeluErfLanes<V>(x);
  } else if constexpr (kActivation == Activation::kGeluTanh) {
    return GeluTanhLanes<V>(x);
  } else if constexpr (kActivation == Activation::kSilu) {
    return SiluLanes<V>(x);
  } else if constexpr (kActivation == Activation::kSigmoid) {
    return SigmoidLanes<V>(x);
  } else if constexpr (kActivation == Activation::kTanh) {
    return TanhLanes<V>(x);
  } else if constexpr (kActivation == Activation::kHardswish) {
    return HardswishLanes<V>(x);
  } else if constexpr (kActivation == Activation::kHardsigmoid) {
    return HardsigmoidLanes<V>(x);
  } else {
    return x;
  }
}

/** sum - a_zero * w_sum - w_zero * a_sum, where w_sum is (sum of w) - K * zw. Wraps around, as the sum did. */
OCTET_MATH int32_t ExactSum(int32_t sum, int32_t a_zero, int32_t w_sum, int32_t w_zero, int32_t a_sum) {
  return static_cast<int32_t>(static_cast<uint32_t>(sum) -
                              static_cast<uint32_t>(a_zero) * static_cast<uint32_t>(w_sum) -
                              static_cast<uint32_t>(w_zero) * static_cast<uint32_t>(a_sum));
}

OCTET_MATH float ScaledSum(int32_t exact, float a_scale, float w_scale, float bias) {
  return Fma(static_cast<float>(exact), a_scale * w_scale, bias);
}

/** A code as an integer; NaN is the zero point (0 if that is NaN too). */
OCTET_MATH int32_t IntegerCode(float code, float zero_point) {
  if (IsNan(code)) code = zero_point;
  if (IsNan(code)) code = 0.0f;
  return static_cast<int32_t>(code);
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_EPILOGUE_H_
