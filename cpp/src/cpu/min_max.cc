// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>

#include "cpu/backend.h"
#include "cpu/compact.h"
#include "cpu/kernels.h"
#include "cpu/scratch.h"
#include "cpu/slices.h"
#include "cpu/thread_pool.h"
#include "numerics/rounding.h"

namespace octet {
namespace cpu {
namespace {

// Elements of a piece of work: reading 256 KB of f32 takes about as long as waking a thread.
constexpr int64_t kPiece = 65536;

constexpr int64_t kBuffer = 1024;

void TakeIn(const Kernels& kernels, ElementType type, const Slices& slices, int64_t slice, int64_t begin, int64_t end,
            MinMaxState* state) {
  alignas(64) float buffer[kBuffer];
  while (begin < end) {
    const Slices::Run run = slices.RunAt(slice, begin, end - begin);
    if (run.stride == SizeOf(type) && run.count >= kBuffer / 8) {
      kernels.min_max[FloatIndex(type)](run.data, run.count, state);
      begin += run.count;
    } else {
      const int64_t count = std::min(kBuffer, end - begin);
      kernels.min_max[FloatIndex(ElementType::kF32)](slices.Read(kernels, slice, begin, count, buffer), count, state);
      begin += count;
    }
  }
}

/** One bit pattern for what compares equal, so that the order of elements does not show. */
float Canonical(float value) { return numerics::IsNan(value) ? numerics::QuietNan() : value + 0.0f; }

}  // namespace

void MinMax(const TensorView& x, int axis, const TensorView& out_min, const TensorView& out_max) {
  if (out_min.count == 0) return;
  const Kernels& kernels = CurrentKernels();
  const Slices slices(x, axis, out_min.count, SliceOrder::kAny);
  const int64_t count = slices.count();
  const int64_t length = slices.length();
  Scratch scratch(Scratch::Bytes<MinMaxState>(count));
  MinMaxState* states = scratch.Take<MinMaxState>(count);
  std::fill(states, states + count, MinMaxState{numerics::Infinity(), -numerics::Infinity()});

  const int64_t pieces = (length + kPiece - 1) / kPiece;
  const int64_t per_item = std::max<int64_t>(1, kPiece / length);
  const int64_t total = pieces * count;
  const int64_t items = (total + per_item - 1) / per_item;
  std::mutex merging;
  ParallelFor(items, [&](int64_t item) {
    const int64_t last = std::min(total, (item + 1) * per_item);
    for (int64_t i = item * per_item; i < last; ++i) {
      // Slices of one piece follow each other: where the axis is the innermost dimension they share cache lines.
      const int64_t slice = i % count;
      const int64_t begin = i / count * kPiece;
      MinMaxState state = {numerics::Infinity(), -numerics::Infinity()};
      TakeIn(kernels, x.type, slices, slice, begin, std::min(begin + kPiece, length), &state);
      if (pieces == 1) {
        states[slice] = state;
      } else {
        const std::lock_guard<std::mutex> lock(merging);
        states[slice].min = numerics::MinNan(states[slice].min, state.min);
        states[slice].max = numerics::MaxNan(states[slice].max, state.max);
      }
    }
  });
  for (int64_t i = 0; i < count; ++i) {
    StoreCompact(out_min, i, Canonical(states[i].min));
    StoreCompact(out_max, i, Canonical(states[i].max));
  }
}

}  // namespace cpu
}  // namespace octet
