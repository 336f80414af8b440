// SPDX-License-Identifier: Apache-2.0
// Functions of the elements of one row or of two, over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_MAP_H_
#define OCTET_CPU_VECTOR_MAP_H_

#include <cstdint>
#include <utility>

#include "cpu/row_kernels.h"
#include "cpu/vector_codes.h"
#include "cpu/vector_kernels.h"
#include "numerics/unary.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorMap {
  using Floats = typename V::Floats;
  using Mask = typename V::Mask;

  template <int kFunction>
  static void Unary(const void* x, numerics::UnaryParameters parameters, int64_t count, void* out) {
    ForEachVector<V>(count, [&](auto lanes) {
      const Floats value = lanes.template Load<float>(x);
      lanes.template Store<float>(out,
                                  numerics::UnaryLanes<V, static_cast<numerics::Unary>(kFunction)>(value, parameters));
    });
  }

  template <Binary kFunction>
  static Floats Apply(const Floats& a, const Floats& b) {
    switch (kFunction) {
      case Binary::kAdd:
        return V::Add(a, b);
      case Binary::kSub:
        return V::Sub(a, b);
      case Binary::kMul:
        return V::Mul(a, b);
      case Binary::kDiv:
        return V::Div(a, b);
      // Of two zeros the second one; NaN if either is.
      case Binary::kMin:
        return V::Select(V::IsNan(a), a, V::Min(a, b));
      case Binary::kMax:
        return V::Select(V::IsNan(a), a, V::Max(a, b));
    }
    return a;
  }

  template <int kFunction>
  static void BinaryRow(const void* a, const void* b, int64_t count, void* out) {
    ForEachVector<V>(count, [&](auto lanes) {
      lanes.template Store<float>(
          out, Apply<static_cast<Binary>(kFunction)>(lanes.template Load<float>(a), lanes.template Load<float>(b)));
    });
  }

  template <typename From, typename To>
  static void MultiplyCodes(const void* x, const void* factors, const CodeGrids& grids, int64_t count, void* out) {
    const VectorStep<V> step = {V::Set(grids.step.scale), V::Set(grids.step.zero_point)};
    WithCodes<V>(grids.out_step, grids.out_limits, [&](const auto& codes) {
      ForEachVector<V>(count, [&](auto lanes) {
        const Floats value = ValueOfCodeVector<V>(lanes.template Load<From>(x), step);
        const Floats product = V::Mul(value, lanes.template Load<float>(factors));
        lanes.template StoreIntegers<To>(out, codes.Of(product));
      });
    });
  }

  template <Comparison kComparison>
  static Mask Compare(const Floats& a, const Floats& b) {
    switch (kComparison) {
      case Comparison::kEqual:
      case Comparison::kNotEqual:
        return V::Equal(a, b);
      case Comparison::kLessEqual:
      case Comparison::kGreater:
        return V::LessEqual(a, b);
      case Comparison::kGreaterEqual:
      case Comparison::kLess:
        return V::LessEqual(b, a);
    }
    return V::None();
  }

  /** Not equal is the opposite of equal; greater and less are the opposite of the others but for NaN. */
  template <int kNumber>
  static void CompareRow(const void* a, const void* b, int64_t count, void* out) {
    constexpr Comparison kComparison = static_cast<Comparison>(kNumber);
    constexpr bool kOpposite =
        kComparison == Comparison::kNotEqual || kComparison == Comparison::kGreater || kComparison == Comparison::kLess;
    const Floats yes = V::Set(kOpposite ? 0.0f : 1.0f);
    const Floats no = V::Set(kOpposite ? 1.0f : 0.0f);
    const Floats unordered = V::Set(kComparison == Comparison::kNotEqual ? 1.0f : 0.0f);
    ForEachVector<V>(count, [&](auto lanes) {
      const Floats left = lanes.template Load<float>(a);
      const Floats right = lanes.template Load<float>(b);
      const Floats result = V::Select(Compare<kComparison>(left, right), yes, no);
      const Mask nan = V::Or(V::IsNan(left), V::IsNan(right));
      lanes.template Store<uint8_t>(out, V::Select(nan, unordered, result));
    });
  }

  template <int... kUnary, int... kBinary, int... kCompare>
  static constexpr MapKernels MakeOf(std::integer_sequence<int, kUnary...>, std::integer_sequence<int, kBinary...>,
                                     std::integer_sequence<int, kCompare...>) {
    return {{Unary<kUnary>...},
            {BinaryRow<kBinary>...},
            {{MultiplyCodes<int8_t, int8_t>, MultiplyCodes<int8_t, uint8_t>},
             {MultiplyCodes<uint8_t, int8_t>, MultiplyCodes<uint8_t, uint8_t>}},
            {CompareRow<kCompare>...}};
  }

  static constexpr MapKernels Make() {
    return MakeOf(std::make_integer_sequence<int, numerics::kUnaryFunctions>(),
                  std::make_integer_sequence<int, kBinaryFunctions>(), std::make_integer_sequence<int, kComparisons>());
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_MAP_H_
