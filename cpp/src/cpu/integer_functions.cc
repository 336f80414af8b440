// SPDX-License-Identifier: Apache-2.0
// Plain loops: tensors of indices and positions are small beside what they are looked up in.
#include "cpu/integer_functions.h"

#include <algorithm>
#include <cstring>

#include "core/integer_result.h"
#include "cpu/integers.h"
#include "cpu/reduction_slices.h"
#include "cpu/rows.h"
#include "cpu/tile_loop.h"
#include "numerics/integers.h"

namespace octet {
namespace cpu {
namespace {

int64_t Joined(Reduction reduction, int64_t a, int64_t b) {
  if (reduction == Reduction::kMax) return std::max(a, b);
  if (reduction == Reduction::kMin) return std::min(a, b);
  return numerics::WrappedAdd(a, b);
}

/** Of nothing. */
int64_t StartOf(Reduction reduction) {
  if (reduction == Reduction::kMax) return INT64_MIN;
  return reduction == Reduction::kMin ? INT64_MAX : 0;
}

}  // namespace

void MapIntegers(IntegerFunction function, const TensorView& a, const TensorView& b, const TensorView& out) {
  if (out.count == 0) return;
  const TileLoop loop({&out, &a, &b});
  const int64_t size = out.item_size();
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer a_buffer, b_buffer, out_buffer;
    const char* left = RawTile(loop, 1, first, count, &a_buffer);
    const char* right = RawTile(loop, 2, first, count, &b_buffer);
    WriteRawTile(loop, first, count, &out_buffer, [&](char* to) {
      for (int64_t i = 0; i < count; ++i) {
        const int64_t value =
            ResultOf(function, LoadInteger(left + i * size, a.type), LoadInteger(right + i * size, b.type));
        StoreInteger(value, out.type, to + i * size);
      }
    });
  });
}

void ReduceIntegers(Reduction reduction, const TensorView& x, const bool* reduced, const TensorView& out) {
  if (out.count == 0) return;
  const ReductionSlices slices(x, reduced);
  const Rows places(out, 0);
  const int64_t size = x.item_size();
  slices.ForEachSlice([&](int64_t slice, TileBuffer* buffer) {
    int64_t result = StartOf(reduction);
    slices.ForEachTileOf(slice, buffer, [&](const char* raw, int64_t, int64_t count) {
      for (int64_t i = 0; i < count; ++i) result = Joined(reduction, result, LoadInteger(raw + i * size, x.type));
    });
    StoreInteger(result, out.type, places.At(slice));
  });
}

void ArgmaxIntegers(const TensorView& x, int dim, const TensorView& out) {
  if (out.count == 0) return;
  bool reduced[kMaxDims] = {};
  reduced[dim] = true;
  const ReductionSlices slices(x, reduced);
  const Rows places(out, 0);
  const int64_t size = x.item_size();
  slices.ForEachSlice([&](int64_t slice, TileBuffer* buffer) {
    int64_t greatest = INT64_MIN;
    int64_t place = 0;
    slices.ForEachTileOf(slice, buffer, [&](const char* raw, int64_t start, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        const int64_t value = LoadInteger(raw + i * size, x.type);
        if (value <= greatest) continue;
        greatest = value;
        place = start + i;
      }
    });
    StoreInteger(place, out.type, places.At(slice));
  });
}

void CumulativeSum(const TensorView& x, int dim, const TensorView& out) {
  if (out.count == 0) return;
  bool reduced[kMaxDims] = {};
  reduced[dim] = true;
  const ReductionSlices slices(x, reduced);
  const ReductionSlices sums(out, reduced);
  const int64_t size = x.item_size();
  slices.ForEachSlice([&](int64_t slice, TileBuffer* buffer) {
    TileBuffer out_buffer;
    int64_t sum = 0;
    slices.ForEachTileOf(slice, buffer, [&](const char* raw, int64_t start, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        sum = numerics::WrappedAdd(sum, LoadInteger(raw + i * size, x.type));
        StoreInteger(sum, out.type, out_buffer.raw + i * size);
      }
      sums.Write(slice, start, count, out_buffer.raw);
    });
  });
}

}  // namespace cpu
}  // namespace octet
