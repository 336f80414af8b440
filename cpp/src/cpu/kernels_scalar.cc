// SPDX-License-Identifier: Apache-2.0
// The reference: every kernel as a plain loop over the formulas of numerics/. The vector kernels equal it bit for bit,
// save for the payloads of NaNs.
#include <cstring>

#include "cpu/kernels.h"
#include "numerics/half.h"
#include "numerics/summation.h"

namespace octet {
namespace cpu {
namespace {

// Memory may have any alignment.
template <typename T>
T Load(const void* memory, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char*>(memory) + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <typename T>
void Store(void* memory, int64_t index, T value) {
  std::memcpy(static_cast<char*>(memory) + index * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

template <typename T>
float LoadFloat(const void* memory, int64_t index) {
  return numerics::Widen(Load<T>(memory, index));
}

template <typename T>
void StoreFloat(void* memory, int64_t index, float value) {
  T narrow;
  numerics::Narrow(value, &narrow);
  Store(memory, index, narrow);
}

int64_t ParameterIndex(const RowGrid& grid, int64_t element) { return grid.per_element ? element : 0; }

numerics::Step StepAt(const RowGrid& grid, int64_t element) {
  const int64_t i = ParameterIndex(grid, element);
  return {grid.scale[i], grid.zero_point[i]};
}

template <typename T>
void FakeQuantize(const Row& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    const numerics::Step step = StepAt(row.grid, i);
    const float code = numerics::Code(LoadFloat<T>(row.in[0], i), step, row.grid.limits);
    StoreFloat<T>(row.out[0], i, numerics::ValueOfCode(code, step));
  }
}

template <typename T>
void FakeQuantizeGradX(const Row& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    const float x = LoadFloat<T>(row.in[0], i);
    const float grad_out = LoadFloat<T>(row.in[1], i);
    const bool inside = numerics::FakeQuantizeWithSlopes(x, StepAt(row.grid, i), row.grid.limits).inside;
    StoreFloat<T>(row.out[0], i, numerics::IsNan(x) ? x : inside ? grad_out : 0.0f);
  }
}

template <typename T>
void FakeQuantizePartials(const Row& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    const float x = LoadFloat<T>(row.in[0], i);
    const numerics::FakeQuantized y = numerics::FakeQuantizeWithSlopes(x, StepAt(row.grid, i), row.grid.limits);
    const int64_t p = ParameterIndex(row.grid, i);
    const float slope = row.grid.scale_slope[p];
    if (row.out[0] != nullptr) StoreFloat<T>(row.out[0], i, y.out);
    if (row.out[1] != nullptr) StoreFloat<T>(row.out[1], i, numerics::IsNan(x) ? x : y.inside ? 1.0f : 0.0f);
    if (row.out[2] != nullptr) StoreFloat<T>(row.out[2], i, slope == 0.0f ? 0.0f : y.scale_slope * slope);
    if (row.out[3] != nullptr) {
      StoreFloat<T>(row.out[3], i, row.grid.zero_follows[p] == 0.0f ? 0.0f : y.zero_slope);
    }
  }
}

/** A code as an integer; NaN is the zero point (0 if that is NaN too). */
template <typename Integer>
Integer IntegerCode(float code, float zero_point) {
  if (numerics::IsNan(code)) code = zero_point;
  if (numerics::IsNan(code)) code = 0.0f;
  return static_cast<Integer>(static_cast<int32_t>(code));
}

template <typename T, typename Integer>
void Quantize(const Row& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    const numerics::Step step = StepAt(row.grid, i);
    const float code = numerics::Code(LoadFloat<T>(row.in[0], i), step, row.grid.limits);
    Store(row.out[0], i, IntegerCode<Integer>(code, step.zero_point));
  }
}

template <typename T>
void QuantizeToFloat(const Row& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    Store(row.out[0], i, numerics::Code(LoadFloat<T>(row.in[0], i), StepAt(row.grid, i), row.grid.limits));
  }
}

template <typename CodeType, typename T>
void Dequantize(const Row& row) {
  for (int64_t i = 0; i < row.count; ++i) {
    const float code = static_cast<float>(Load<CodeType>(row.in[0], i));
    StoreFloat<T>(row.out[0], i, numerics::ValueOfCode(code, StepAt(row.grid, i)));
  }
}

/** This code has no such stores. */
void EndStreaming() {}

template <typename T>
void Widen(const void* in, float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = LoadFloat<T>(in, i);
}

template <typename T>
void MinMax(const void* in, int64_t count, MinMaxState* state) {
  for (int64_t i = 0; i < count; ++i) {
    const float x = LoadFloat<T>(in, i);
    state->min = numerics::MinNan(state->min, x);
    state->max = numerics::MaxNan(state->max, x);
  }
}

GradientSums SumGradients(const float* x, const float* grad_out, int64_t count, const RowGrid& grid) {
  float scale_lanes[numerics::kLanes] = {};
  float zero_lanes[numerics::kLanes] = {};
  const numerics::Step step = StepAt(grid, 0);
  for (int64_t i = 0; i < count; ++i) {
    const numerics::FakeQuantized y = numerics::FakeQuantizeWithSlopes(x[i], step, grid.limits);
    const int64_t lane = i % numerics::kLanes;
    scale_lanes[lane] = __builtin_fmaf(grad_out[i], y.scale_slope, scale_lanes[lane]);
    zero_lanes[lane] = __builtin_fmaf(grad_out[i], y.zero_slope, zero_lanes[lane]);
  }
  return {numerics::SumOfLanes(scale_lanes), numerics::SumOfLanes(zero_lanes)};
}

void SquaredErrors(const float* x, int64_t count, const MseCandidate* candidates, int64_t candidate_count,
                   double* sums) {
  for (int64_t c = 0; c < candidate_count; ++c) {
    const MseCandidate& candidate = candidates[c];
    float lanes[numerics::kLanes] = {};
    for (int64_t i = 0; i < count; ++i) {
      float& lane = lanes[i % numerics::kLanes];
      lane = numerics::AddSquaredError(x[i], candidate, lane);
    }
    sums[c] += static_cast<double>(numerics::SumOfLanes(lanes));
  }
}

constexpr Kernels kKernels = {
    {FakeQuantize<float>, FakeQuantize<Float16>, FakeQuantize<BFloat16>},
    {FakeQuantizeGradX<float>, FakeQuantizeGradX<Float16>, FakeQuantizeGradX<BFloat16>},
    {FakeQuantizePartials<float>, FakeQuantizePartials<Float16>, FakeQuantizePartials<BFloat16>},
    {{Quantize<float, int8_t>, Quantize<float, uint8_t>, Quantize<float, int32_t>, QuantizeToFloat<float>},
     {Quantize<Float16, int8_t>, Quantize<Float16, uint8_t>, Quantize<Float16, int32_t>, QuantizeToFloat<Float16>},
     {Quantize<BFloat16, int8_t>, Quantize<BFloat16, uint8_t>, Quantize<BFloat16, int32_t>, QuantizeToFloat<BFloat16>}},
    {{Dequantize<int8_t, float>, Dequantize<int8_t, Float16>, Dequantize<int8_t, BFloat16>},
     {Dequantize<uint8_t, float>, Dequantize<uint8_t, Float16>, Dequantize<uint8_t, BFloat16>},
     {Dequantize<int32_t, float>, Dequantize<int32_t, Float16>, Dequantize<int32_t, BFloat16>},
     {Dequantize<float, float>, Dequantize<float, Float16>, Dequantize<float, BFloat16>}},
    EndStreaming,
    {Widen<float>, Widen<Float16>, Widen<BFloat16>},
    {MinMax<float>, MinMax<Float16>, MinMax<BFloat16>},
    SumGradients,
    SquaredErrors,
};

}  // namespace

const Kernels& ScalarKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
