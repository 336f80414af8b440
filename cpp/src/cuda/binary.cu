// SPDX-License-Identifier: Apache-2.0
// out = activation(function(a, b)), and comparisons of a and b, on values.
#include <type_traits>

#include "cuda/functions.h"
#include "cuda/map.h"
#include "cuda/map_kernels.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kA = 1;
constexpr int kB = 2;

/** left i = function(left i, right i), for all elements of a thread at once: so the switch is taken once. */
template <int kElements, typename Function>
__device__ void OnEach(float (&left)[kElements], const float (&right)[kElements], const Function& function) {
#pragma unroll
  for (int i = 0; i < kElements; ++i) left[i] = function(left[i], right[i]);
}

/** As the vectors of the CPU: of two zeros the second one, NaN if either is. */
template <int kElements>
__device__ void Calculate(Binary function, float (&left)[kElements], const float (&right)[kElements]) {
  using numerics::IsNan;
  using numerics::OneLane;
  switch (function) {
    case Binary::kAdd:
      return OnEach(left, right, [](float a, float b) { return a + b; });
    case Binary::kSub:
      return OnEach(left, right, [](float a, float b) { return a - b; });
    case Binary::kMul:
      return OnEach(left, right, [](float a, float b) { return a * b; });
    case Binary::kDiv:
      return OnEach(left, right, [](float a, float b) { return a / b; });
    case Binary::kMin:
      return OnEach(left, right, [](float a, float b) { return IsNan(a) ? a : OneLane::Min(a, b); });
    case Binary::kMax:
      return OnEach(left, right, [](float a, float b) { return IsNan(a) ? a : OneLane::Max(a, b); });
  }
}

/** kLong: for long activations. */
template <bool kLong>
struct BinaryFunction {
  static constexpr int kOperands = 3;
  static constexpr int kMostElements = kLong ? 8 : 16;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float left[kElements];
    float right[kElements];
    LoadValues(chunk, walk, kA, a, left);
    LoadValues(chunk, walk, kB, b, right);
    Calculate(function, left, right);
    Apply<kLong>(activation, {0.0f, 0.0f}, left);
    StoreValues(chunk, walk, kOut, out, left);
  }

  Binary function;
  numerics::Unary activation;
  Coding a;
  Coding b;
  Coding out;
};

template <bool kLong>
octet_status RunBinary(const Call* call, Binary function, const Operand& a, const Operand& b,
                       numerics::Unary activation, const Operand& out) {
  WalkStrides operands[3] = {StridesOf(out.view), StridesOf(a.view), StridesOf(b.view)};
  const BinaryFunction<kLong> kernel = {function, activation, CodingOf(a), CodingOf(b), CodingOf(out)};
  return LaunchByWidth(call, "binary", out.view, operands, {out.view.type, a.view.type, b.view.type}, kernel);
}

template <int kElements, typename T, typename Holds>
__device__ void TellEach(const T (&left)[kElements], const T (&right)[kElements], uint8_t (&results)[kElements],
                         const Holds& holds) {
#pragma unroll
  for (int i = 0; i < kElements; ++i) results[i] = holds(left[i], right[i]) ? 1 : 0;
}

template <int kElements, typename T>
__device__ void Tell(Comparison comparison, const T (&left)[kElements], const T (&right)[kElements],
                     uint8_t (&results)[kElements]) {
  switch (comparison) {
    case Comparison::kEqual:
      return TellEach(left, right, results, [](T a, T b) { return a == b; });
    case Comparison::kNotEqual:
      return TellEach(left, right, results, [](T a, T b) { return a != b; });
    case Comparison::kLess:
      return TellEach(left, right, results, [](T a, T b) { return a < b; });
    case Comparison::kLessEqual:
      return TellEach(left, right, results, [](T a, T b) { return a <= b; });
    case Comparison::kGreater:
      return TellEach(left, right, results, [](T a, T b) { return a > b; });
    case Comparison::kGreaterEqual:
      return TellEach(left, right, results, [](T a, T b) { return a >= b; });
  }
}

/** Source: Coding for values, ElementType for integers. */
template <typename Source>
struct CompareFunction {
  static constexpr bool kIntegers = std::is_same_v<Source, ElementType>;
  static constexpr int kOperands = 3;
  static constexpr int kMostElements = kIntegers ? 4 : 16;
  using Number = std::conditional_t<kIntegers, int64_t, float>;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    Number left[kElements];
    Number right[kElements];
    uint8_t results[kElements];
    if constexpr (kIntegers) {
      LoadIntegers(chunk, walk, kA, a, left);
      LoadIntegers(chunk, walk, kB, b, right);
    } else {
      LoadValues(chunk, walk, kA, a, left);
      LoadValues(chunk, walk, kB, b, right);
    }
    Tell(comparison, left, right, results);
    chunk.Store(walk, kOut, results);
  }

  Comparison comparison;
  Source a;
  Source b;
};

template <typename Source>
octet_status RunCompare(const Call* call, const char* kernel, const TensorView& a, const TensorView& b,
                        const TensorView& out, const CompareFunction<Source>& function) {
  if (out.count == 0) return OCTET_OK;
  WalkStrides operands[3] = {StridesOf(out), StridesOf(a), StridesOf(b)};
  return LaunchByWidth(call, kernel, out, operands, {out.type, a.type, b.type}, function);
}

}  // namespace

octet_status MapBinary(const Call* call, Binary function, const Operand* a, const Operand* b,
                       numerics::Unary activation, const Operand* out) {
  if (out->view.count == 0) return OCTET_OK;
  return IsLong(activation) ? RunBinary<true>(call, function, *a, *b, activation, *out)
                            : RunBinary<false>(call, function, *a, *b, activation, *out);
}

octet_status Compare(const Call* call, Comparison comparison, const Operand* a, const Operand* b,
                     const TensorView* out) {
  return RunCompare(call, "compare", a->view, b->view, *out,
                    CompareFunction<Coding>{comparison, CodingOf(*a), CodingOf(*b)});
}

octet_status CompareIntegers(const Call* call, Comparison comparison, const TensorView* a, const TensorView* b,
                             const TensorView* out) {
  return RunCompare(call, "compare_integers", *a, *b, *out, CompareFunction<ElementType>{comparison, a->type, b->type});
}

}  // namespace cuda
}  // namespace octet
