// SPDX-License-Identifier: Apache-2.0
// Activation functions in f32 and the functions they are made of, for every element of a tensor. Templates over V:
// OneLane in scalar code, a vector of cpu/vector_kernels.h otherwise; the same operations in the same order in both.
//
// Coefficients: minimax fits of our own (relative error), computed in double and rounded to f32. Greatest errors over
// every 97th float of the whole range, in units in the last place (numerics_test.cc holds them to that):
//
//     Exp 1.0   Sigmoid 2.3   Tanh 1.4   SiLU 3.1   GELU, erf form 6.2   GELU, tanh form 13
//
// where the result is above 3e-38 in magnitude, for SiLU and GELU above 1e-30, for the tanh form above 1e-3: below, the
// results are products with an exponential whose argument is itself rounded.
#ifndef OCTET_NUMERICS_ACTIVATION_H_
#define OCTET_NUMERICS_ACTIVATION_H_

#include "numerics/one_lane.h"
#include "numerics/portable.h"

namespace octet {
namespace numerics {

/** An exponential in two parts: 2^power * (1 + fraction). */
template <typename V>
struct SplitExp {
  typename V::Floats power;
  typename V::Floats fraction;
};

/** e^x = 2^k * e^r, |r| <= ln(2) / 2, for |x| up to 104. */
template <typename V>
OCTET_MATH SplitExp<V> SplitExpLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // ln(2) in two parts: k times the first one is exact.
  const F k = V::Round(V::Mul(x, V::Set(1.44269504f)));
  const F r = V::FmaMinus(k, V::Set(-2.12194440e-4f), V::FmaMinus(k, V::Set(0.693359375f), x));
  // (e^r - 1 - r) / r^2
  F sum = V::Set(0.00138146f);
  sum = V::Fma(sum, r, V::Set(0.008368716f));
  sum = V::Fma(sum, r, V::Set(0.04166839f));
  sum = V::Fma(sum, r, V::Set(0.16666521f));
  sum = V::Fma(sum, r, V::Set(0.49999994f));
  return {k, V::Fma(V::Mul(r, r), sum, r)};
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
  const F power = V::Mul(V::Add(sum, sum), V::PowerOfTwo(V::Sub(split.power, one)));
  return V::Select(V::LessEqual(x, least), V::Set(0.0f), power);
}

/** The same for x that are not positive, or NaN: fewer steps to the same bits. */
template <typename V>
OCTET_MATH typename V::Floats ExpOfNonPositiveLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F least = V::Set(-86.5f);
  const SplitExp<V> split = SplitExpLanes<V>(V::Max(least, x));
  // 2^k is a normal number here, and so is the product: twice the sum times half of it would be the same.
  const F power = V::Mul(V::Add(split.fraction, V::Set(1.0f)), V::PowerOfTwo(split.power));
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

/** x * (1 + erf(x / sqrt(2))) / 2. */
template <typename V>
OCTET_MATH typename V::Floats GeluErfLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // The tail is the factor of a negative x, and one less it that of a positive one: 1 + erf would cancel.
  const F tail = NormalTailLanes<V>(x);
  const F one = V::Set(1.0f);
  return V::Mul(x, V::Select(V::LessEqual(x, V::Set(0.0f)), tail, V::Sub(one, tail)));
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

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_ACTIVATION_H_
