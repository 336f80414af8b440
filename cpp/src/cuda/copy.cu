// SPDX-License-Identifier: Apache-2.0
// Copies of elements as they are, from any strides to any strides.
#include "cuda/map.h"
#include "cuda/map_kernels.h"
#include "cuda/transpose.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;

template <typename T>
struct CopyFunction {
  static constexpr int kOperands = 2;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    T elements[kElements];
    chunk.Load(walk, kX, elements);
    chunk.Store(walk, kOut, elements);
  }
};

template <typename T>
octet_status RunCopy(const Call* call, const TensorView& x, const TensorView& out) {
  WalkShape shape = ShapeOf(out);
  WalkStrides operands[2] = {StridesOf(out), StridesOf(x)};
  WalkShape simple = shape;
  Simplify(&simple, operands, 2);
  Transposition transposition;
  if (!IsTransposition(simple, operands[kOut], operands[kX], sizeof(T), &transposition)) {
    return LaunchMap<16 / sizeof(T)>(call, "copy", simple, operands, kOut, CopyFunction<T>{});
  }
  return LaunchTransposition(call, sizeof(T), transposition);
}

}  // namespace

octet_status Copy(const Call* call, const TensorView* x, const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  switch (out->item_size()) {
    case 8:
      return RunCopy<uint64_t>(call, *x, *out);
    case 4:
      return RunCopy<uint32_t>(call, *x, *out);
    case 2:
      return RunCopy<uint16_t>(call, *x, *out);
    default:
      return RunCopy<uint8_t>(call, *x, *out);
  }
}

}  // namespace cuda
}  // namespace octet
