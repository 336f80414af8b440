// SPDX-License-Identifier: Apache-2.0
// Choices among elements as they are, and conversions between types.
#include "cuda/map.h"
#include "cuda/map_kernels.h"
#include "cuda/values.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;

__device__ bool IsFloat(ElementType type) {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBF16;
}

/** Truncated and limited to the type; NaN is 0, but true. */
__device__ int64_t IntegerOf(float value, ElementType type) {
  if (type == ElementType::kBool) return value != 0.0f ? 1 : 0;
  if (numerics::IsNan(value)) return 0;
  const bool narrow = type == ElementType::kS32;
  // The first float past the greatest integer.
  const float past = narrow ? 2147483648.0f : 9223372036854775808.0f;
  if (value >= past) return narrow ? INT32_MAX : INT64_MAX;
  if (value < -past) return narrow ? INT32_MIN : INT64_MIN;
  return static_cast<int64_t>(value);
}

struct CastFunction {
  static constexpr int kOperands = 2;
  /** Integers of 64 bits take two registers each. */
  static constexpr int kMostElements = 8;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    float floats[kElements];
    int64_t integers[kElements];
    if (IsFloat(x)) {
      LoadNumbers(chunk, walk, kX, x, floats);
      if (!IsFloat(out)) {
#pragma unroll
        for (int i = 0; i < kElements; ++i) integers[i] = IntegerOf(floats[i], out);
      }
    } else {
      LoadIntegers(chunk, walk, kX, x, integers);
#pragma unroll
      for (int i = 0; i < kElements; ++i) {
        if (x == ElementType::kBool) integers[i] = integers[i] != 0 ? 1 : 0;
        floats[i] = static_cast<float>(integers[i]);
      }
    }
    if (IsFloat(out)) return StoreFloats(chunk, walk, kOut, out, floats);
    StoreIntegersOf(chunk, walk, integers);
  }

  template <int kElements>
  __device__ void StoreIntegersOf(const Chunk<kElements>& chunk, const Walk<kOperands>& walk,
                                  const int64_t (&integers)[kElements]) const {
    const auto to = chunk.At(walk, kOut);
    if (out == ElementType::kS64) return chunk.Store(to, integers);
    if (out == ElementType::kS32) {
      return StoreEach<uint32_t>(chunk, to, [&](int i) { return static_cast<uint32_t>(integers[i]); });
    }
    StoreEach<uint8_t>(chunk, to, [&](int i) { return integers[i] != 0 ? 1 : 0; });
  }

  ElementType x;
  ElementType out;
};

template <typename T>
struct WhereFunction {
  static constexpr int kOperands = 4;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    uint8_t mask[kElements];
    T yes[kElements];
    T no[kElements];
    chunk.Load(walk, 1, mask);
    chunk.Load(walk, 2, yes);
    chunk.Load(walk, 3, no);
#pragma unroll
    for (int i = 0; i < kElements; ++i) yes[i] = mask[i] != 0 ? yes[i] : no[i];
    chunk.Store(walk, kOut, yes);
  }
};

template <typename T>
octet_status RunWhere(const Call* call, const TensorView& mask, const TensorView& a, const TensorView& b,
                      const TensorView& out) {
  WalkStrides operands[4] = {StridesOf(out), StridesOf(mask), StridesOf(a), StridesOf(b)};
  return LaunchMap<16 / sizeof(T)>(call, "where", ShapeOf(out), operands, kOut, WhereFunction<T>{});
}

}  // namespace

octet_status Where(const Call* call, const TensorView* mask, const TensorView* a, const TensorView* b,
                   const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  switch (out->item_size()) {
    case 8:
      return RunWhere<uint64_t>(call, *mask, *a, *b, *out);
    case 4:
      return RunWhere<uint32_t>(call, *mask, *a, *b, *out);
    case 2:
      return RunWhere<uint16_t>(call, *mask, *a, *b, *out);
    default:
      return RunWhere<uint8_t>(call, *mask, *a, *b, *out);
  }
}

octet_status Cast(const Call* call, const TensorView* x, const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  WalkStrides operands[2] = {StridesOf(*out), StridesOf(*x)};
  return LaunchByWidth(call, "cast", *out, operands, {out->type, x->type}, CastFunction{x->type, out->type});
}

}  // namespace cuda
}  // namespace octet
