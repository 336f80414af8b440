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

/** As the vectors of the CPU: of two zeros the second one, NaN if either is. */
__device__ float Calculate(Binary function, float a, float b) {
  switch (function) {
    case Binary::kAdd:
      return a + b;
    case Binary::kSub:
      return a - b;
    case Binary::kMul:
      return a * b;
    case Binary::kDiv:
      return a / b;
    case Binary::kMin:
      return numerics::IsNan(a) ? a : numerics::OneLane::Min(a, b);
    case Binary::kMax:
      return numerics::IsNan(a) ? a : numerics::OneLane::Max(a, b);
  }
  return a;
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
#pragma unroll
    for (int i = 0; i < kElements; ++i) left[i] = Calculate(function, left[i], right[i]);
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

template <typename T>
__device__ bool Holds(Comparison comparison, T a, T b) {
  switch (comparison) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    case Comparison::kGreaterEqual:
      return a >= b;
  }
  return false;
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
#pragma unroll
    for (int i = 0; i < kElements; ++i) results[i] = Holds(comparison, left[i], right[i]) ? 1 : 0;
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
