// SPDX-License-Identifier: Apache-2.0
// Functions of whole numbers. A slice of a reduction is a warp's, which takes 32 elements at a time: slices of indices
// and positions are as long as texts, and there are as many as texts in a batch.
#include "cuda/integers.h"

#include "core/integer_result.h"
#include "cuda/map.h"
#include "cuda/slices.h"
#include "cuda/values.h"
#include "numerics/integers.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kA = 1;
constexpr int kB = 2;
constexpr int kX = 1;
constexpr int kWarp = 32;
constexpr int kThreads = 128;
constexpr unsigned kWholeWarp = 0xffffffffu;

struct MapFunction {
  static constexpr int kOperands = 3;
  static constexpr int kMostElements = 4;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    int64_t left[kElements];
    int64_t right[kElements];
    LoadIntegers(chunk, walk, kA, type, left);
    LoadIntegers(chunk, walk, kB, type, right);
#pragma unroll
    for (int i = 0; i < kElements; ++i) left[i] = ResultOf(function, left[i], right[i]);
    if (type == ElementType::kS64) {
      chunk.Store(walk, kOut, left);
      return;
    }
    int32_t narrow[kElements];
#pragma unroll
    for (int i = 0; i < kElements; ++i) narrow[i] = static_cast<int32_t>(left[i]);
    chunk.Store(walk, kOut, narrow);
  }

  IntegerFunction function;
  ElementType type;
};

__device__ int64_t Load(const char* at, ElementType type) {
  return type == ElementType::kS64 ? *reinterpret_cast<const int64_t*>(at) : *reinterpret_cast<const int32_t*>(at);
}

__device__ void Store(int64_t value, ElementType type, char* at) {
  if (type == ElementType::kS64) {
    *reinterpret_cast<int64_t*>(at) = value;
  } else {
    *reinterpret_cast<int32_t*>(at) = static_cast<int32_t>(value);
  }
}

__device__ int64_t FromLane(int64_t value, int lane) {
  return __shfl_sync(kWholeWarp, static_cast<long long>(value), lane);
}

/** What is made of the elements of a slice. */
enum class Slices { kSum, kMax, kMin, kArgmax, kCumulativeSum };

struct Parameters {
  Slices what;
  ElementType type;
  ElementType out;
};

/** An element, or what several make, and the place of the greatest. */
struct Taken {
  int64_t value;
  int64_t place;
};

__device__ Taken Joined(Slices what, const Taken& a, const Taken& b) {
  switch (what) {
    case Slices::kMin:
      return b.value < a.value ? b : a;
    case Slices::kMax:
    case Slices::kArgmax:
      return b.value > a.value || (b.value == a.value && b.place < a.place) ? b : a;
    default:
      return {numerics::WrappedAdd(a.value, b.value), 0};
  }
}

/** Of no element: behind all others. */
__device__ Taken Nothing(Slices what, int64_t length) {
  if (what == Slices::kMin) return {INT64_MAX, length};
  return {what == Slices::kMax || what == Slices::kArgmax ? INT64_MIN : 0, length};
}

__global__ void __launch_bounds__(kThreads)
    ReduceKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ Parameters p) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int64_t slice = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / kWarp;
  if (slice >= walk.slices) return;
  const char* const start = walk.Slice(kX, slice);
  Taken taken = Nothing(p.what, walk.length);
  for (int64_t i = lane; i < walk.length; i += kWarp) {
    taken = Joined(p.what, taken, {Load(start + walk.inner.OffsetOf(kX, i), p.type), i});
  }
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    const Taken other = {FromLane(taken.value, lane ^ offset), FromLane(taken.place, lane ^ offset)};
    taken = Joined(p.what, taken, other);
  }
  if (lane == 0) Store(p.what == Slices::kArgmax ? taken.place : taken.value, p.out, walk.Slice(kOut, slice));
}

__global__ void __launch_bounds__(kThreads)
    CumulativeSumKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ Parameters p) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int64_t slice = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / kWarp;
  if (slice >= walk.slices) return;
  const char* const start = walk.Slice(kX, slice);
  char* const out = walk.Slice(kOut, slice);
  int64_t before = 0;
  for (int64_t first = 0; first < walk.length; first += kWarp) {
    const int64_t i = first + lane;
    int64_t sum = i < walk.length ? Load(start + walk.inner.OffsetOf(kX, i), p.type) : 0;
    for (int offset = 1; offset < kWarp; offset *= 2) {
      const int64_t other = FromLane(sum, lane < offset ? lane : lane - offset);
      if (lane >= offset) sum = numerics::WrappedAdd(sum, other);
    }
    sum = numerics::WrappedAdd(sum, before);
    if (i < walk.length) Store(sum, p.out, out + walk.inner.OffsetOf(kOut, i));
    before = FromLane(sum, kWarp - 1);
  }
}

octet_status LaunchSlices(const Call* call, const char* kernel, const SliceWalk<2>& walk, const Parameters& p) {
  if (walk.slices == 0) return OCTET_OK;
  const auto blocks = static_cast<unsigned>((walk.slices * kWarp + kThreads - 1) / kThreads);
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  if (p.what == Slices::kCumulativeSum) {
    CumulativeSumKernel<<<blocks, kThreads, 0, StreamOf(call)>>>(walk, p);
  } else {
    ReduceKernel<<<blocks, kThreads, 0, StreamOf(call)>>>(walk, p);
  }
  return Launched(call, kernel);
}

Slices SlicesOf(Reduction reduction) {
  if (reduction == Reduction::kMax) return Slices::kMax;
  return reduction == Reduction::kMin ? Slices::kMin : Slices::kSum;
}

}  // namespace

octet_status MapIntegers(const Call* call, IntegerFunction function, const TensorView* a, const TensorView* b,
                         const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  WalkStrides operands[3] = {StridesOf(*out), StridesOf(*a), StridesOf(*b)};
  return LaunchByWidth(call, "integer_binary", *out, operands, {out->type, a->type, b->type},
                       MapFunction{function, out->type});
}

octet_status ReduceIntegers(const Call* call, Reduction reduction, const TensorView* x, const bool* reduced,
                            const TensorView* out) {
  return LaunchSlices(call, "integer_reduce", ReductionOver(*x, reduced, *out),
                      {SlicesOf(reduction), x->type, out->type});
}

octet_status ArgmaxIntegers(const Call* call, const TensorView* x, int dim, const TensorView* out) {
  bool reduced[kMaxDims] = {};
  reduced[dim] = true;
  return LaunchSlices(call, "integer_argmax", ReductionOver(*x, reduced, *out), {Slices::kArgmax, x->type, out->type});
}

octet_status CumulativeSum(const Call* call, const TensorView* x, int dim, const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  bool reduced[kMaxDims] = {};
  reduced[dim] = true;
  SliceStrides<2> from;
  from.shape = ShapeOf(*x);
  from.operands[kOut] = StridesOf(*out);
  from.operands[kX] = StridesOf(*x);
  return LaunchSlices(call, "cumulative_sum", SlicesOver(from, reduced), {Slices::kCumulativeSum, x->type, out->type});
}

}  // namespace cuda
}  // namespace octet
