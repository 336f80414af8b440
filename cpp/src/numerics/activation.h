// SPDX-License-Identifier: Apache-2.0
// Activation functions in f32 and the functions they are made of, for every element of a tensor. Templates over V:
// OneLane in scalar code, a vector of cpu/vector_kernels.h otherwise; the same operations in the same order in both.
//
// Coefficients: minimax fits of our own (relative error), computed in double and rounded to f32. Greatest errors over
// every 97th float of the whole range, in units in the last place (numerics_test.cc holds them to that):
//
//     Exp 1.0   Sigmoid 2.3   Tanh 1.4   SiLU 3.1   GELU, erf form 3.5   GELU, tanh form 13   Hardswish 1.9
//     Hardsigmoid 1.1
//
// where the result is above 4e-38 in magnitude, for SiLU above 1e-30, for GELU's tanh form above 1e-3, and for its erf
// form from x = -1 on: below, the results are products with an exponential whose argument is itself rounded. The erf
// form has a relative error of at most 2e-6 from -2, 8e-6 from -5 and 3e-5 from -8 on; 0.5 * x * (1 + erf(...)) in
// floats has lost half of its digits at -3 and all of them at -5.5.
#ifndef OCTET_NUMERICS_ACTIVATION_H_
#define OCTET_NUMERICS_ACTIVATION_H_

#include "numerics/one_lane.h"
#include "numerics/portable.h"

namespace octet {
namespace numerics {

/**
 * 1.5 * 2^23 + 127. A sum with it, of what is less than 2^22 in magnitude, is rounded to a whole number, and the lowest
 * bits of that sum are the exponent of a float: it is the power of two that V::ShiftedPowerOfTwo makes of it.
 */
constexpr float kExponentShift = 12583039.0f;

/** An exponential in two parts: 2^k * (1 + fraction), k = shifted_power - kExponentShift. */
template <typename V>
struct SplitExp {
  typename V::Floats shifted_power;
  typename V::Floats fraction;
};

/** e^x = 2^k * e^r, |r| <= ln(2) / 2, for |x| up to 104. */
template <typename V>
OCTET_MATH SplitExp<V> SplitExpLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // ln(2) in two parts: k times the first one is exact.
  const F shifted = V::Add(V::Mul(x, V::Set(1.44269504f)), V::Set(kExponentShift));
  const F k = V::Sub(shifted, V::Set(kExponentShift));
  const F r = V::FmaMinus(k, V::Set(-2.12194440e-4f), V::FmaMinus(k, V::Set(0.693359375f), x));
  // (e^r - 1 - r) / r^2
  F sum = V::Set(0.00138146f);
  sum = V::Fma(sum, r, V::Set(0.008368716f));
  sum = V::Fma(sum, r, V::Set(0.04166839f));
  sum = V::Fma(sum, r, V::Set(0.16666521f));
  sum = V::Fma(sum, r, V::Set(0.49999994f));
  return {shifted, V::Fma(V::Mul(r, r), sum, r)};
}

/**
 * e^x with a relative error of f32 arithmetic (exp_log.h has one rounded from double, for few values). 0 below e^-86.5
 * = 2.7e-38: subnormal numbers, which a power of two in one step could not make either, take some processors several
 * times as long, and the tails of activation functions are full of them.
 */
template <typename V>
OCTET_MATH typename V::Floats ExpLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F least = V::Set(-86.5f);
  const F one = V::Set(1.0f);
  // Beyond these ends the result is 0 or infinite. NaN, as second operand, goes through.
  const F bounded = V::Min(V::Set(89.0f), V::Max(least, x));
  const SplitExp<V> split = SplitExpLanes<V>(bounded);
  const F sum = V::Add(split.fraction, one);
  // 2^k is infinite for the greatest k, half of it is not.
  const F power = V::Mul(V::Add(sum, sum), V::ShiftedPowerOfTwo(V::Sub(split.shifted_power, one)));
  return V::Select(V::LessEqual(x, least), V::Set(0.0f), power);
}

/** The same for x that are not positive, or NaN: fewer steps to the same bits. */
template <typename V>
OCTET_MATH typename V::Floats ExpOfNonPositiveLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F least = V::Set(-86.5f);
  const SplitExp<V> split = SplitExpLanes<V>(V::Max(least, x));
  // 2^k is a normal number here, and so is the product: twice the sum times half of it would be the same.
  const F power = V::Mul(V::Add(split.fraction, V::Set(1.0f)), V::ShiftedPowerOfTwo(split.shifted_power));
  return V::Select(V::LessEqual(x, least), V::Set(0.0f), power);
}

/** 1 / (1 + e^-x). */
template <typename V>
OCTET_MATH typename V::Floats SigmoidLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // The exponential of what is not positive, so that small results keep their digits and nothing overflows.
  const F t = ExpOfNonPositiveLanes<V>(V::Sub(V::Set(0.0f), V::Abs(x)));
  const F one = V::Set(1.0f);
  return V::Div(V::Select(V::LessEqual(x, V::Set(0.0f)), t, one), V::Add(one, t));
}

template <typename V>
OCTET_MATH typename V::Floats TanhLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F magnitude = V::Abs(x);
  // Near 0 a polynomial; 1 - 2 / (1 + e^2x) would lose digits there.
  const F square = V::Mul(x, x);
  F small = V::Set(-0.006282467f);
  small = V::Fma(small, square, V::Set(0.021077754f));
  small = V::Fma(small, square, V::Set(-0.05385386f));
  small = V::Fma(small, square, V::Set(0.13332602f));
  small = V::Fma(small, square, V::Set(-0.3333332f));
  small = V::Fma(V::Mul(small, square), magnitude, magnitude);
  const F one = V::Set(1.0f);
  const F power = ExpLanes<V>(V::Add(magnitude, magnitude));
  const F large = V::Sub(one, V::Div(V::Set(2.0f), V::Add(one, power)));
  return V::CopySign(V::Select(V::LessEqual(magnitude, V::Set(0.55f)), small, large), x);
}

/** x * sigmoid(x). */
template <typename V>
OCTET_MATH typename V::Floats SiluLanes(typename V::Floats x) {
  return V::Mul(x, SigmoidLanes<V>(x));
}

/** The part of the normal distribution beyond |x|. */
template <typename V>
OCTET_MATH typename V::Floats NormalTailLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // e^(-x^2 / 2) * t * P(t) with t = 1 / (1 + 0.3 |x|). Beyond 13.2 it is 0.
  const F magnitude = V::Min(V::Set(15.0f), V::Abs(x));
  const F one = V::Set(1.0f);
  const F t = V::Div(one, V::Fma(magnitude, V::Set(0.3f), one));
  F sum = V::Set(-0.020623665f);
  sum = V::Fma(sum, t, V::Set(0.112436675f));
  sum = V::Fma(sum, t, V::Set(-0.22821608f));
  sum = V::Fma(sum, t, V::Set(0.19178781f));
  sum = V::Fma(sum, t, V::Set(-0.07942619f));
  sum = V::Fma(sum, t, V::Set(0.09615826f));
  sum = V::Fma(sum, t, V::Set(0.07838917f));
  sum = V::Fma(sum, t, V::Set(0.11023553f));
  sum = V::Fma(sum, t, V::Set(0.119571805f));
  sum = V::Fma(sum, t, V::Set(0.11968669f));
  // The square's rounding error, up to 2^-24 of up to 100, would be one of the result: it is made up for.
  const F half = V::Mul(V::Set(-0.5f), magnitude);
  const F exponent = V::Mul(half, magnitude);
  const F lost = V::Fma(half, magnitude, V::Sub(V::Set(0.0f), exponent));
  const F power = ExpOfNonPositiveLanes<V>(exponent);
  return V::Mul(V::Mul(sum, t), V::Fma(power, lost, power));
}

/**
 * x * (1 + erf(x / sqrt(2))) / 2 = max(x, 0) - |x| * tail(|x|), where tail is the part of the normal distribution
 * beyond |x|: 2^g(|x|) / 2 with a polynomial for g. It is not made of NormalTailLanes, which keeps its digits down to
 * 1e-38: without its division and the square's lost digits this takes half of the time, and it is the function that
 * models spend the most time in after their products.
 */
template <typename V>
OCTET_MATH typename V::Floats GeluErfLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F zero = V::Set(0.0f);
  const F magnitude = V::Abs(x);
  // Below -8 the result would be less than 5e-15 in magnitude, and is 0. NaN comes back by the greater of x and 0.
  const F a = V::Select(V::LessEqual(magnitude, V::Set(8.0f)), magnitude, zero);
  F g = V::Set(1.0573988e-9f);
  g = V::Fma(g, a, V::Set(-4.7867217e-8f));
  g = V::Fma(g, a, V::Set(9.4015235e-7f));
  g = V::Fma(g, a, V::Set(-1.0412135e-5f));
  g = V::Fma(g, a, V::Set(6.933829e-5f));
  g = V::Fma(g, a, V::Set(-2.4846385e-4f));
  g = V::Fma(g, a, V::Set(-7.050686e-5f));
  g = V::Fma(g, a, V::Set(0.0070333979f));
  g = V::Fma(g, a, V::Set(-0.052496579f));
  g = V::Fma(g, a, V::Set(-0.45920464f));
  g = V::Fma(g, a, V::Set(-1.1511058f));
  g = V::Mul(g, a);
  const F shifted = V::Add(g, V::Set(kExponentShift));
  const F f = V::Sub(g, V::Sub(shifted, V::Set(kExponentShift)));
  // 2^f / 2, |f| <= 1/2
  F half_power = V::Set(6.6323637e-4f);
  half_power = V::Fma(half_power, f, V::Set(0.0048357565f));
  half_power = V::Fma(half_power, f, V::Set(0.027753668f));
  half_power = V::Fma(half_power, f, V::Set(0.12011121f));
  half_power = V::Fma(half_power, f, V::Set(0.3465735f));
  half_power = V::Fma(half_power, f, V::Set(0.5f));
  const F tail = V::Mul(half_power, V::ShiftedPowerOfTwo(shifted));
  return V::FmaMinus(a, tail, V::Max(zero, x));
}

/** x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2, which is x * sigmoid(2 * (the argument of tanh)). */
template <typename V>
OCTET_MATH typename V::Floats GeluTanhLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F inner = V::Fma(V::Mul(x, x), V::Set(0.0713548163f), V::Set(1.59576912f));
  return V::Mul(x, SigmoidLanes<V>(V::Mul(x, inner)));
}

/** The greater of x and 0; NaN stays, -0 becomes +0. */
template <typename V>
OCTET_MATH typename V::Floats ReluLanes(typename V::Floats x) {
  return V::Add(V::Max(V::Set(0.0f), x), V::Set(0.0f));
}

/** Between 0 and 6; NaN stays. */
template <typename V>
OCTET_MATH typename V::Floats Relu6Lanes(typename V::Floats x) {
  return V::Min(V::Set(6.0f), ReluLanes<V>(x));
}

/**
 * x / 6 without a division, which takes vectors three to eight times as long. The product with 1/6, as a sum of two
 * floats, is off by 2^-46 of it before its only rounding that counts, and no quotient of normal floats by 6 lies closer
 * than 2^-27 to a tie: it is the rounded quotient, except that results below 4e-38 in magnitude may be two units of
 * their last place away. The greater part is below 1/6 for both to have one sign: infinite numbers stay.
 */
template <typename V>
OCTET_MATH typename V::Floats SixthLanes(typename V::Floats x) {
  return V::Fma(x, V::Set(0.166666657f), V::Mul(x, V::Set(9.93410776e-9f)));
}

/** Between 0 and 6, of x + 3, which is never -0; NaN stays. */
template <typename V>
OCTET_MATH typename V::Floats HardStepLanes(typename V::Floats x) {
  return V::Min(V::Set(6.0f), V::Max(V::Set(0.0f), V::Add(x, V::Set(3.0f))));
}

/** min(max(x + 3, 0), 6) / 6. */
template <typename V>
OCTET_MATH typename V::Floats HardsigmoidLanes(typename V::Floats x) {
  return SixthLanes<V>(HardStepLanes<V>(x));
}

/** x * min(max(x + 3, 0), 6) / 6. */
template <typename V>
OCTET_MATH typename V::Floats HardswishLanes(typename V::Floats x) {
  return SixthLanes<V>(V::Mul(x, HardStepLanes<V>(x)));
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_ACTIVATION_H_
