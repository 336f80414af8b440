// SPDX-License-Identifier: Apache-2.0
#include "cpu/code_epilogue.h"

#include <algorithm>
#include <cmath>

#include "numerics/quick_codes.h"

namespace octet {
namespace cpu {
namespace {

// Codes that take longer than what is made ready for them.
constexpr int64_t kFewOutputs = 4096;
// Zero points that additions of 16 bits do not confuse with codes beyond them.
constexpr float kMostZeroPoint = 4096.0f;

}  // namespace

CodeEpilogue::CodeEpilogue(const EpilogueKernels& kernels, const EpilogueView& epilogue, float a_scale, int32_t a_zero,
                           int64_t outputs)
    : a_scale_(a_scale), a_zero_(a_zero) {
  const bool with_residual = epilogue.residual.data != nullptr;
  usable_ = kernels.finish_codes != nullptr && outputs >= kFewOutputs && IsCode(epilogue.out.type) &&
            epilogue.activation == numerics::Activation::kNone && epilogue.factor == nullptr &&
            (!with_residual || (IsCode(epilogue.residual.type) &&
                                numerics::IsWholeUpTo(epilogue.residual_step.zero_point, kMostZeroPoint))) &&
            numerics::IsWholeUpTo(epilogue.out_step.zero_point, kMostZeroPoint) &&
            numerics::FitsQuickGrid(epilogue.out_step, epilogue.out_limits);
  if (!usable_) return;
  const float scale = epilogue.out_step.scale;
  const float raise = epilogue.out.type == ElementType::kS8 ? 128.0f : 0.0f;
  steps_.reciprocal = 1.0f / scale;
  steps_.reciprocal_rest = numerics::ReciprocalRest(scale);
  steps_.zero_point = static_cast<int16_t>(epilogue.out_step.zero_point + raise);
  steps_.low = static_cast<uint8_t>(epilogue.out_limits.int_min + raise);
  steps_.high = static_cast<uint8_t>(epilogue.out_limits.int_max + raise);
  steps_.flip = static_cast<uint8_t>(raise);
  limit_ = 0x1p30f * scale;
  if (!with_residual) return;
  const float residual_raise = epilogue.residual.type == ElementType::kS8 ? 128.0f : 0.0f;
  steps_.residual_scale = epilogue.residual_step.scale;
  steps_.residual_zero_point = epilogue.residual_step.zero_point + residual_raise;
  steps_.residual_flip = static_cast<uint8_t>(residual_raise);
  limit_ -= steps_.residual_scale * (2.0f * kMostZeroPoint);
}

bool CodeEpilogue::MakePanel(const PackedGemm& weights, int64_t panel, const float* bias, PanelValues* values,
                             TileCodes* codes) const {
  if (!usable_ || weights.zero_points != nullptr) return false;
  const int64_t column = panel * kPanelColumns;
  const int columns = static_cast<int>(std::min(kPanelColumns, weights.n - column));
  codes->steps = &steps_;
  codes->values = values;
  codes->columns = columns;
  const int32_t* const w_sum = weights.sums + column;
  const float* const w_scale = weights.scales + column;
  // Loops of a shape that compilers vectorize: a panel of few groups takes a microsecond or two in all.
  int beyond = 0;
  alignas(64) float biases[kPanelColumns] = {};
  if (bias != nullptr) std::copy_n(bias + column, columns, biases);
  const int all = static_cast<int>(RoundUp(columns, kHalfPanel));
  for (int i = 0; i < all; ++i) {
    values->start[i] = static_cast<int32_t>(0u - static_cast<uint32_t>(a_zero_) * static_cast<uint32_t>(w_sum[i]));
    values->scale[i] = a_scale_ * w_scale[i];
    values->bias[i] = biases[i];
  }
  for (int i = 0; i < all; ++i) {
    beyond |= std::abs(values->scale[i]) * 0x1p31f + std::abs(values->bias[i]) <= limit_ ? 0 : 1;
  }
  return beyond == 0;
}

}  // namespace cpu
}  // namespace octet
