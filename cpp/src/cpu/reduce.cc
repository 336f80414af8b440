// SPDX-License-Identifier: Apache-2.0
#include "cpu/reduce.h"

#include <algorithm>
#include <cstring>

#include "cpu/integers.h"
#include "cpu/kernels.h"
#include "cpu/reduction_slices.h"
#include "cpu/rows.h"
#include "numerics/norm.h"
#include "numerics/summation.h"

namespace octet {
namespace cpu {
namespace {

static_assert(kTileElements == numerics::kBlock, "a tile is a block of a sum");

// Elements of a piece of work.
constexpr int64_t kPiece = ReductionSlices::kPiece;

int CodeAt(const char* codes, int64_t i, bool is_signed) {
  const auto byte = static_cast<uint8_t>(codes[i]);
  return is_signed ? static_cast<int8_t>(byte) : byte;
}

/** Exact sum, least and greatest of codes. */
struct CodeTotals {
  int64_t sum = 0;
  int least = 255;
  int greatest = -128;
};

template <bool kSigned>
void AddCodes(const char* codes, int64_t count, CodeTotals* totals) {
  int32_t sum = 0;
  int least = totals->least;
  int greatest = totals->greatest;
  for (int64_t i = 0; i < count; ++i) {
    const int code = CodeAt(codes, i, kSigned);
    sum += code;
    least = std::min(least, code);
    greatest = std::max(greatest, code);
  }
  totals->sum += sum;
  totals->least = least;
  totals->greatest = greatest;
}

float ReduceCodes(Reduction reduction, const ReductionSlices& slices, int64_t slice, const Operand& x,
                  TileBuffer* buffer) {
  CodeTotals totals;
  const auto add = x.view.type == ElementType::kS8 ? AddCodes<true> : AddCodes<false>;
  slices.ForEachTileOf(slice, buffer, [&](const char* codes, int64_t, int64_t count) { add(codes, count, &totals); });
  if (reduction == Reduction::kMax) return numerics::ValueOfCode(static_cast<float>(totals.greatest), x.step);
  if (reduction == Reduction::kMin) return numerics::ValueOfCode(static_cast<float>(totals.least), x.step);
  const int64_t centred = totals.sum - slices.length() * static_cast<int64_t>(x.step.zero_point);
  const float sum = x.step.scale * static_cast<float>(centred);
  return reduction == Reduction::kMean ? sum / static_cast<float>(slices.length()) : sum;
}

float ReduceFloats(Reduction reduction, const ReductionSlices& slices, int64_t slice, ElementType type,
                   TileBuffer* buffer) {
  const RowKernels& rows = CurrentRowKernels();
  if (reduction == Reduction::kMax || reduction == Reduction::kMin) {
    MinMaxState state = {numerics::Infinity(), -numerics::Infinity()};
    const auto min_max = CurrentKernels().min_max[FloatIndex(type)];
    slices.ForEachTileOf(slice, buffer, [&](const char* raw, int64_t, int64_t count) { min_max(raw, count, &state); });
    // One bit pattern for what compares equal, so that the order of elements does not show.
    return (reduction == Reduction::kMax ? state.max : state.min) + 0.0f;
  }
  numerics::BlockTotal total = numerics::StartTotal(slices.length());
  slices.ForEachTileOf(slice, buffer, [&](const char* raw, int64_t, int64_t count) {
    const void* values = raw;
    if (type != ElementType::kF32) {
      rows.convert.load[RowTypeIndex(type)](raw, {1.0f, 0.0f}, count, buffer->values);
      values = buffer->values;
    }
    numerics::AddBlock(rows.norm.sum(values, count), &total);
  });
  const double sum = numerics::TotalOf(total);
  return reduction == Reduction::kMean ? numerics::MeanOf(sum, slices.length()) : static_cast<float>(sum);
}

// Slices that are summed side by side: with the lanes of their sums 16 KB.
constexpr int64_t kColumns = 64;

/** Sums of slices first..first + count - 1, which lie side by side, each in the order of numerics/summation.h. */
void SumColumns(const ReductionSlices& slices, ElementType type, int64_t first, int64_t count, double* sums) {
  const RowKernels& kernels = CurrentRowKernels();
  alignas(64) float lanes[numerics::kLanes][kColumns];
  alignas(64) float values[kColumns];
  numerics::BlockTotal totals[kColumns];
  for (int64_t c = 0; c < count; ++c) totals[c] = numerics::StartTotal(slices.length());
  for (int64_t start = 0; start < slices.length(); start += numerics::kBlock) {
    std::memset(lanes, 0, sizeof(lanes));
    const int64_t end = std::min(start + numerics::kBlock, slices.length());
    for (int64_t i = start; i < end; ++i) {
      const void* row = slices.At(first, i);
      if (type != ElementType::kF32) {
        kernels.convert.load[RowTypeIndex(type)](row, {1.0f, 0.0f}, count, values);
        row = values;
      }
      kernels.reduce.accumulate(row, 1.0f, count, lanes[(i - start) % numerics::kLanes]);
    }
    for (int64_t width = numerics::kLanes / 2; width > 0; width /= 2) {
      for (int64_t lane = 0; lane < width; ++lane) {
        kernels.reduce.accumulate(lanes[lane + width], 1.0f, count, lanes[lane]);
      }
    }
    for (int64_t c = 0; c < count; ++c) numerics::AddBlock(lanes[0][c], &totals[c]);
  }
  for (int64_t c = 0; c < count; ++c) sums[c] = numerics::TotalOf(totals[c]);
}

/** Sums or means of floats whose slices lie side by side: rows of memory are read once, not once for each slice. */
void ReduceColumns(Reduction reduction, const ReductionSlices& slices, ElementType type, const Operand& out) {
  const Rows places(out.view, 0);
  const auto store = CurrentRowKernels().convert.store[RowTypeIndex(out.view.type)];
  const int64_t columns = slices.columns();
  const int64_t parts = (columns + kColumns - 1) / kColumns;
  const int64_t items = slices.count() / columns * parts;
  const int64_t per_piece = std::max<int64_t>(1, kPiece / (kColumns * std::max<int64_t>(1, slices.length())));
  ParallelFor((items + per_piece - 1) / per_piece, [&](int64_t piece) {
    const int64_t end = std::min(items, (piece + 1) * per_piece);
    for (int64_t item = piece * per_piece; item < end; ++item) {
      const int64_t start = item % parts * kColumns;
      const int64_t first = item / parts * columns + start;
      const int64_t count = std::min(kColumns, columns - start);
      double sums[kColumns];
      SumColumns(slices, type, first, count, sums);
      for (int64_t c = 0; c < count; ++c) {
        const float value =
            reduction == Reduction::kMean ? numerics::MeanOf(sums[c], slices.length()) : static_cast<float>(sums[c]);
        store(&value, out.step, out.limits, 1, places.At(first + c));
      }
    }
  });
}

}  // namespace

void Reduce(Reduction reduction, const Operand& x, const bool* reduced, const Operand& out) {
  if (out.view.count == 0) return;
  const ReductionSlices slices(x.view, reduced);
  const bool adds = reduction == Reduction::kSum || reduction == Reduction::kMean;
  if (adds && !IsCode(x.view.type) && slices.columns() > 1 && slices.length() > 1) {
    ReduceColumns(reduction, slices, x.view.type, out);
    return;
  }
  const Rows places(out.view, 0);
  const auto store = CurrentRowKernels().convert.store[RowTypeIndex(out.view.type)];
  slices.ForEachSlice([&](int64_t slice, TileBuffer* buffer) {
    const float value = IsCode(x.view.type) ? ReduceCodes(reduction, slices, slice, x, buffer)
                                            : ReduceFloats(reduction, slices, slice, x.view.type, buffer);
    store(&value, out.step, out.limits, 1, places.At(slice));
  });
}

void Argmax(const TensorView& x, int dim, const TensorView& out) {
  if (out.count == 0) return;
  bool reduced[kMaxDims] = {};
  reduced[dim] = true;
  const ReductionSlices slices(x, reduced);
  const Rows places(out, 0);
  const auto load = CurrentRowKernels().convert.load[RowTypeIndex(x.type)];
  slices.ForEachSlice([&](int64_t slice, TileBuffer* buffer) {
    float greatest = -numerics::Infinity();
    int64_t place = 0;
    slices.ForEachTileOf(slice, buffer, [&](const char* raw, int64_t start, int64_t count) {
      load(raw, {1.0f, 0.0f}, count, buffer->values);
      for (int64_t i = 0; i < count; ++i) {
        const float value = buffer->values[i];
        if (numerics::IsNan(greatest) || !(value > greatest || numerics::IsNan(value))) continue;
        greatest = value;
        place = start + i;
      }
    });
    StoreInteger(place, out.type, places.At(slice));
  });
}

}  // namespace cpu
}  // namespace octet
