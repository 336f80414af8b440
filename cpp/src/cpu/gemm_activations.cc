// SPDX-License-Identifier: Apache-2.0
#include "cpu/gemm_activations.h"

#include <algorithm>
#include <cstring>

#include "core/packed_gemm.h"
#include "cpu/kernels.h"
#include "numerics/grid.h"

namespace octet {
namespace cpu {
namespace {

constexpr int64_t kLine = 64;
/** Codes made at a time where they are widened: they stay in the first-level cache. */
constexpr int64_t kPiece = 4096;

bool IsFloat(ElementType type) {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBF16;
}

bool IsSigned(const GemmActivations& a) {
  if (a.dynamic || a.rows.type == ElementType::kS8) return true;
  return IsFloat(a.rows.type) && a.limits.int_min < 0.0f;
}

/** Step and limits of a row. */
struct RowStep {
  numerics::Step step;
  numerics::Limits limits;
};

RowStep StepOf(const GemmActivations& a, int64_t row, int64_t k) {
  if (!a.dynamic) return {a.step, a.limits};
  return {DynamicStep(a, k, row, 1), DynamicLimits(a)};
}

/** Codes first..first+count-1 of a row as u8. */
void MakeCodes(const GemmKernels& kernels, const GemmActivations& a, const char* row, const RowStep& step,
               int64_t first, int64_t count, uint8_t* codes) {
  if (count == 0) return;
  const char* from = row + first * SizeOf(a.rows.type);
  if (a.rows.type == ElementType::kU8) {
    std::memcpy(codes, from, static_cast<size_t>(count));
  } else if (a.rows.type == ElementType::kS8) {
    kernels.flip(reinterpret_cast<const uint8_t*>(from), codes, count);
  } else {
    // Adding 128 to zero point and ends of the grid makes u8 of s8 codes: all of it is exact, below 2^23 at least, and
    // above the end of the grid is what counts.
    const float raise = IsSigned(a) ? 128.0f : 0.0f;
    const float zero_point = step.step.zero_point + raise;
    Row quantized;
    quantized.in[0] = from;
    quantized.out[0] = codes;
    quantized.count = count;
    quantized.grid.scale = &step.step.scale;
    quantized.grid.zero_point = &zero_point;
    quantized.grid.limits = {step.limits.int_min + raise, step.limits.int_max + raise};
    CurrentKernels().quantize[FloatIndex(a.rows.type)][CodeIndex(ElementType::kU8)](quantized);
  }
}

}  // namespace

numerics::Step DynamicStep(const GemmActivations& a, int64_t k, int64_t first, int64_t count) {
  MinMaxState state = {0.0f, 0.0f};
  const auto min_max = CurrentKernels().min_max[FloatIndex(a.rows.type)];
  for (int64_t row = first; row < first + count; ++row) min_max(a.rows.data + row * a.rows.stride, k, &state);
  const float delta = numerics::SymmetricGrid(state.min, state.max, a.limits.int_max, a.eps, false).delta;
  return {numerics::ScaleOf(delta, a.eps, false), 0.0f};
}

numerics::Limits DynamicLimits(const GemmActivations& a) { return {-a.limits.int_max - 1.0f, a.limits.int_max}; }

numerics::Step CodesOfRow(const GemmKernels& kernels, const GemmActivations& a, int64_t k, int64_t row,
                          uint8_t* codes) {
  const RowStep step = StepOf(a, row, k);
  MakeCodes(kernels, a, a.rows.data + row * a.rows.stride, step, 0, k, codes);
  return step.step;
}

int32_t ReadyZeroPoint(const GemmActivations& a) {
  return static_cast<int32_t>(a.step.zero_point) + (IsSigned(a) ? 128 : 0);
}

void MakeReadyCodes(const GemmKernels& kernels, const GemmActivations& a, const char* from, int64_t count,
                    uint8_t* codes) {
  MakeCodes(kernels, a, from, {a.step, a.limits}, 0, count, codes);
}

int64_t ReadyStride(int64_t k, int64_t size) {
  // An odd number of cache lines: rows at a multiple of 4096 bytes would share few places of the first-level cache.
  const int64_t lines = RoundUp(k * size, kLine) / kLine;
  return (lines | 1) * kLine;
}

void ReadyRow(const GemmKernels& kernels, const GemmActivations& a, int64_t k, int64_t from, const ReadyRows& rows,
              int64_t to, bool with_sum) {
  const char* row = a.rows.data + from * a.rows.stride;
  const RowStep step = StepOf(a, from, k);
  if (a.dynamic) rows.scales[to] = step.step.scale;
  char* out = rows.codes + to * rows.stride;
  // Zeros for the weights beyond K, zeros too, to be multiplied with: half bytes come by two groups.
  const int64_t padding = RoundUp(k, 2 * kGroup) - k;
  int32_t sum = 0;
  if (!kernels.wide_activations) {
    uint8_t* codes = reinterpret_cast<uint8_t*>(out);
    MakeCodes(kernels, a, row, step, 0, k, codes);
    if (with_sum) sum = kernels.sum(codes, k);
    if (padding > 0) std::memset(codes + k, 0, static_cast<size_t>(padding));
  } else {
    uint8_t codes[kPiece];
    int16_t* wide = reinterpret_cast<int16_t*>(out);
    for (int64_t i = 0; i < k; i += kPiece) {
      const int64_t count = std::min(kPiece, k - i);
      MakeCodes(kernels, a, row, step, i, count, codes);
      if (with_sum) sum += kernels.sum(codes, count);
      kernels.widen(codes, wide + i, count);
    }
    std::memset(wide + k, 0, static_cast<size_t>(padding) * sizeof(int16_t));
  }
  if (with_sum) rows.sums[to] = sum;
}

}  // namespace cpu
}  // namespace octet
