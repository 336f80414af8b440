// SPDX-License-Identifier: Apache-2.0
// The reference.
#include <cstring>

#include "cpu/epilogue_kernels.h"
#include "numerics/half.h"

namespace octet {
namespace cpu {
namespace {

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

/** Calls put(row, column, value) for all sums. */
template <typename Put>
void ScaleEach(const ScaleStep& step, const Put& put) {
  for (int r = 0; r < step.rows; ++r) {
    const float a_scale = step.a_scale[r * step.a_scale_step];
    for (int c = 0; c < step.columns; ++c) {
      const int32_t w_zero = step.w_zero != nullptr ? step.w_zero[c] : 0;
      const int32_t a_sum = step.w_zero != nullptr ? step.a_sum[r] : 0;
      const int32_t exact =
          numerics::ExactSum(step.sums[r * kTileColumns + c], step.a_zero, step.w_sum[c], w_zero, a_sum);
      const float bias = step.bias != nullptr ? Load<float>(step.bias, c) : 0.0f;
      put(r, c, numerics::ScaledSum(exact, a_scale, step.w_scale[c], bias));
    }
  }
}

void Scale(const ScaleStep& step, float* values) {
  ScaleEach(step, [values](int r, int c, float y) { values[r * kTileColumns + c] = y; });
}

template <typename T>
void StoreCode(float value, const TileRows& out, char* row, int c) {
  const float code = numerics::Code(value, out.step, out.limits);
  Store(row, c, static_cast<T>(numerics::IntegerCode(code, out.step.zero_point)));
}

template <typename T>
void ScaleToCodes(const ScaleStep& step, const TileRows& out) {
  ScaleEach(step, [&out](int r, int c, float y) { StoreCode<T>(y, out, out.data + r * out.stride, c); });
}

void ScaleToFloats(const ScaleStep& step, const TileRows& residual, const TileRows& out) {
  ScaleEach(step, [&](int r, int c, float y) {
    if (residual.data != nullptr) y += Load<float>(residual.data + r * residual.stride, c);
    Store(out.data + r * out.stride, c, y);
  });
}

void AddBias(const float* bias, int rows, int columns, float* values) {
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) values[r * kTileColumns + c] += Load<float>(bias, c);
  }
}

template <numerics::Activation kActivation>
void Activate(float* values, int rows, int columns) {
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      float& value = values[r * kTileColumns + c];
      value = numerics::Activate<numerics::OneLane, kActivation>(value);
    }
  }
}

void Multiply(const float* factor, int rows, int columns, float* values) {
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) values[r * kTileColumns + c] *= Load<float>(factor, c);
  }
}

template <typename Element>
void ForEach(const TileRows& tile, const Element& element) {
  for (int r = 0; r < tile.rows; ++r) {
    for (int c = 0; c < tile.columns; ++c) element(tile.data + r * tile.stride, c, r * kTileColumns + c);
  }
}

template <typename T>
void AddFloats(const TileRows& residual, float* values) {
  ForEach(residual, [values](const char* row, int c, int i) { values[i] += numerics::Widen(Load<T>(row, c)); });
}

template <typename T>
void AddCodes(const TileRows& residual, float* values) {
  ForEach(residual, [values, &residual](const char* row, int c, int i) {
    values[i] += numerics::ValueOfCode(static_cast<float>(Load<T>(row, c)), residual.step);
  });
}

template <typename T>
void StoreFloats(const float* values, const TileRows& out) {
  ForEach(out, [values](char* row, int c, int i) {
    T narrow;
    numerics::Narrow(values[i], &narrow);
    Store(row, c, narrow);
  });
}

template <typename T>
void StoreCodes(const float* values, const TileRows& out) {
  ForEach(out, [values, &out](char* row, int c, int i) { StoreCode<T>(values[i], out, row, c); });
}

using A = numerics::Activation;

constexpr EpilogueKernels kKernels = {
    Scale,
    {ScaleToCodes<int8_t>, ScaleToCodes<uint8_t>},
    ScaleToFloats,
    AddBias,
    {Activate<A::kNone>, Activate<A::kRelu>, Activate<A::kRelu6>, Activate<A::kGeluErf>, Activate<A::kGeluTanh>,
     Activate<A::kSilu>, Activate<A::kSigmoid>, Activate<A::kTanh>, Activate<A::kHardswish>, Activate<A::kHardsigmoid>},
    Multiply,
    {AddFloats<float>, AddFloats<Float16>, AddFloats<BFloat16>, AddCodes<int8_t>, AddCodes<uint8_t>},
    {StoreFloats<float>, StoreFloats<Float16>, StoreFloats<BFloat16>, StoreCodes<int8_t>, StoreCodes<uint8_t>},
    nullptr,
    nullptr,
};

}  // namespace

const EpilogueKernels& ScalarEpilogueKernels() { return kKernels; }

}  // namespace cpu
}  // namespace octet
