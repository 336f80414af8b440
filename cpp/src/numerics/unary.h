// SPDX-License-Identifier: Apache-2.0
// Functions of one value in f32 beyond the activations of epilogues (activation.h), and the table of all of them.
// Templates over V as there. Constants: fits and series of our own.
//
// Greatest errors in units in the last place (unary_test.cc holds them to that): Log 2, Erf 2.5, Softplus 3.5,
// Expm1 3, ELU 3.5, Mish 6. Pow with a whole exponent p, |p| <= 64: |p|; with others 4 + 2 * |p * log(x)|.
#ifndef OCTET_NUMERICS_UNARY_H_
#define OCTET_NUMERICS_UNARY_H_

#include "numerics/activation.h"
#include "numerics/portable.h"

namespace octet {
namespace numerics {

/** In the order of octet_unary_function. */
enum class Unary {
  kIdentity,
  kRelu,
  kRelu6,
  kGeluErf,
  kGeluTanh,
  kSilu,
  kSigmoid,
  kTanh,
  kHardswish,
  kHardsigmoid,
  kExp,
  kLog,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kNeg,
  kAbs,
  kErf,
  kPow,
  kClamp,
  kLeakyRelu,
  kElu,
  kSoftplus,
  kMish,
};

constexpr int kUnaryFunctions = 24;

/** Numbers that go with a function: exponent; least and greatest value; slope; alpha. */
struct UnaryParameters {
  float first;
  float second;
};

/** Natural logarithm: minus infinity of zeros, NaN of what lies below. */
template <typename V>
OCTET_MATH typename V::Floats LogLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F one = V::Set(1.0f);
  const F zero = V::Set(0.0f);
  // Subnormal numbers are scaled up to normal ones.
  const auto normal = V::LessEqual(V::Set(1.17549435e-38f), x);
  const F scaled = V::Select(normal, x, V::Mul(x, V::Set(8388608.0f)));
  F k = V::Sub(V::Exponent(scaled), V::Select(normal, zero, V::Set(23.0f)));
  F m = V::Mantissa(scaled);
  // m in (0.707, 1.414].
  const auto low = V::LessEqual(m, V::Set(1.41421354f));
  m = V::Select(low, m, V::Mul(m, V::Set(0.5f)));
  k = V::Select(low, k, V::Add(k, one));
  // log(1 + f) = f - (f^2 / 2 - s * (f^2 / 2 + R)), s = f / (2 + f), R = 2/3 s^2 + 2/5 s^4 + ...: |s| <= 0.1716, so
  // what is left out is below 2^-28 of f.
  const F f = V::Sub(m, one);
  const F s = V::Div(f, V::Add(V::Set(2.0f), f));
  const F z = V::Mul(s, s);
  F series = V::Set(0.222222224f);
  series = V::Fma(series, z, V::Set(0.285714298f));
  series = V::Fma(series, z, V::Set(0.4f));
  series = V::Fma(series, z, V::Set(0.666666687f));
  series = V::Mul(series, z);
  const F half_square = V::Mul(V::Mul(V::Set(0.5f), f), f);
  const F correction = V::Fma(s, V::Add(half_square, series), V::Mul(k, V::Set(-2.12194440e-4f)));
  const F result = V::Fma(k, V::Set(0.693359375f), V::Sub(f, V::Sub(half_square, correction)));
  const F infinity = V::Set(Infinity());
  const F positive = V::Select(V::Equal(x, infinity), infinity, result);
  // NaN is neither above nor below 0: it takes the last way, to a NaN.
  const F other = V::Select(V::Equal(x, zero), V::Set(-Infinity()), V::Set(QuietNan()));
  return V::Select(V::LessEqual(x, zero), other, V::Select(V::LessEqual(zero, x), positive, x));
}

/** log(1 + x) for 0 <= x <= 1. */
template <typename V>
OCTET_MATH typename V::Floats LogOnePlusLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // What rounding 1 + x lost is added to first order.
  const F sum = V::Add(V::Set(1.0f), x);
  const F lost = V::Sub(x, V::Sub(sum, V::Set(1.0f)));
  return V::Add(LogLanes<V>(sum), V::Div(lost, sum));
}

/** e^x - 1 for x <= 0. */
template <typename V>
OCTET_MATH typename V::Floats ExpMinusOneLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // Below -20 the result rounds to -1.
  const SplitExp<V> split = SplitExpLanes<V>(V::Max(V::Set(-20.0f), x));
  const F power = V::ShiftedPowerOfTwo(split.shifted_power);
  return V::Fma(split.fraction, power, V::Sub(power, V::Set(1.0f)));
}

template <typename V>
OCTET_MATH typename V::Floats ErfLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F magnitude = V::Abs(x);
  const F square = V::Mul(x, x);
  F small = V::Set(7.85385325e-5f);
  small = V::Fma(small, square, V::Set(-0.000801019117f));
  small = V::Fma(small, square, V::Set(0.00518832741f));
  small = V::Fma(small, square, V::Set(-0.0268538118f));
  small = V::Fma(small, square, V::Set(0.112835851f));
  small = V::Fma(small, square, V::Set(-0.376126258f));
  small = V::Fma(small, square, V::Set(1.12837917f));
  small = V::Mul(small, magnitude);
  const F tail = NormalTailLanes<V>(V::Mul(magnitude, V::Set(1.41421354f)));
  const F large = V::FmaMinus(V::Set(2.0f), tail, V::Set(1.0f));
  return V::CopySign(V::Select(V::LessEqual(magnitude, V::Set(1.0f)), small, large), x);
}

/** log(1 + e^x). */
template <typename V>
OCTET_MATH typename V::Floats SoftplusLanes(typename V::Floats x) {
  using F = typename V::Floats;
  const F zero = V::Set(0.0f);
  return V::Add(V::Max(zero, x), LogOnePlusLanes<V>(ExpLanes<V>(V::Sub(zero, V::Abs(x)))));
}

/** x * tanh(log(1 + e^x)). */
template <typename V>
OCTET_MATH typename V::Floats MishLanes(typename V::Floats x) {
  using F = typename V::Floats;
  // tanh(log(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1); from 20 on it is 1.
  const F e = ExpLanes<V>(V::Min(V::Set(20.0f), x));
  const F n = V::Mul(e, V::Add(e, V::Set(2.0f)));
  return V::Mul(x, V::Div(n, V::Add(n, V::Set(2.0f))));
}

/** x where above 0, else alpha * (e^x - 1). */
template <typename V>
OCTET_MATH typename V::Floats EluLanes(typename V::Floats x, float alpha) {
  using F = typename V::Floats;
  const F zero = V::Set(0.0f);
  const F below = V::Mul(V::Set(alpha), ExpMinusOneLanes<V>(V::Min(zero, x)));
  return V::Select(V::LessEqual(zero, x), x, below);
}

/** x^exponent as in C, but that of a NaN is NaN unless the exponent is 0. */
template <typename V>
OCTET_MATH typename V::Floats PowLanes(typename V::Floats x, float exponent) {
  using F = typename V::Floats;
  const F one = V::Set(1.0f);
  const float magnitude = FloatOf(BitsOf(exponent) & 0x7fffffffu);
  if (magnitude == 0.5f) {
    // Of -infinity, as of what lies below 0, the root is NaN.
    const F root = V::Sqrt(x);
    return exponent < 0.0f ? V::Div(one, root) : root;
  }
  if (magnitude <= 64.0f && RoundHalfEven(magnitude) == magnitude) {
    F result = one;
    F square = x;
    for (int32_t rest = static_cast<int32_t>(magnitude); rest != 0; rest >>= 1) {
      if ((rest & 1) != 0) result = V::Mul(result, square);
      square = V::Mul(square, square);
    }
    return exponent < 0.0f ? V::Div(one, result) : result;
  }
  const F power = ExpLanes<V>(V::Mul(V::Set(exponent), LogLanes<V>(V::Abs(x))));
  // Powers of negative numbers: those with whole exponents alone, and odd ones keep the sign. Floats from 2^24 on are
  // even.
  const bool whole = RoundHalfEven(magnitude) == magnitude;
  const bool odd = whole && magnitude < 16777216.0f && (static_cast<int32_t>(magnitude) & 1) != 0;
  const F below = whole ? (odd ? V::CopySign(power, x) : power) : V::Set(QuietNan());
  const F negative = V::Select(V::Equal(x, V::Set(0.0f)), odd ? V::CopySign(power, x) : power, below);
  return V::Select(V::LessEqual(x, V::Set(0.0f)), negative, power);
}

template <typename V, Unary kFunction>
OCTET_MATH typename V::Floats UnaryLanes(typename V::Floats x, UnaryParameters parameters) {
  using F = typename V::Floats;
  const F zero = V::Set(0.0f);
  const F one = V::Set(1.0f);
  switch (kFunction) {
    case Unary::kIdentity:
      return x;
    case Unary::kRelu:
      return ReluLanes<V>(x);
    case Unary::kRelu6:
      return Relu6Lanes<V>(x);
    case Unary::kGeluErf:
      return GeluErfLanes<V>(x);
    case Unary::kGeluTanh:
      return GeluTanhLanes<V>(x);
    case Unary::kSilu:
      return SiluLanes<V>(x);
    case Unary::kSigmoid:
      return SigmoidLanes<V>(x);
    case Unary::kTanh:
      return TanhLanes<V>(x);
    case Unary::kHardswish:
      return HardswishLanes<V>(x);
    case Unary::kHardsigmoid:
      return HardsigmoidLanes<V>(x);
    case Unary::kExp:
      return ExpLanes<V>(x);
    case Unary::kLog:
      return LogLanes<V>(x);
    case Unary::kSqrt:
      return V::Sqrt(x);
    case Unary::kRsqrt:
      return V::Div(one, V::Sqrt(x));
    case Unary::kReciprocal:
      return V::Div(one, x);
    case Unary::kNeg:
      return V::Mul(V::Set(-1.0f), x);
    case Unary::kAbs:
      return V::Abs(x);
    case Unary::kErf:
      return ErfLanes<V>(x);
    case Unary::kPow:
      return PowLanes<V>(x, parameters.first);
    case Unary::kClamp:
      return V::Min(V::Set(parameters.second), V::Max(V::Set(parameters.first), x));
    case Unary::kLeakyRelu:
      return V::Select(V::LessEqual(zero, x), x, V::Mul(x, V::Set(parameters.first)));
    case Unary::kElu:
      return EluLanes<V>(x, parameters.first);
    case Unary::kSoftplus:
      return SoftplusLanes<V>(x);
    case Unary::kMish:
      return MishLanes<V>(x);
  }
  return x;
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_UNARY_H_
