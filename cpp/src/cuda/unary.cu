// SPDX-License-Identifier: Apache-2.0
// out = function(x), on values.
#include "cuda/functions.h"
#include "cuda/map.h"
#include "cuda/map_kernels.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;

template <bool kLong>
struct UnaryFunction {
  static constexpr int kOperands = 2;
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float values[kElements];
    LoadValues(chunk, walk, kX, x, values);
    Apply<kLong>(unary.function, unary.parameters, values);
    StoreValues(chunk, walk, kOut, out, values);
  }

  UnaryCall unary;
  Coding x;
  Coding out;
};

template <bool kLong>
octet_status Run(const Call* call, const UnaryCall& unary, const Operand& x, const Operand& out) {
  WalkStrides operands[2] = {StridesOf(out.view), StridesOf(x.view)};
  const UnaryFunction<kLong> function = {unary, CodingOf(x), CodingOf(out)};
  return LaunchByWidth(call, "unary", out.view, operands, {out.view.type, x.view.type}, function);
}

}  // namespace

octet_status MapUnary(const Call* call, const UnaryCall* unary, const Operand* x, const Operand* out) {
  if (out->view.count == 0) return OCTET_OK;
  return IsLong(unary->function) ? Run<true>(call, *unary, *x, *out) : Run<false>(call, *unary, *x, *out);
}

}  // namespace cuda
}  // namespace octet
