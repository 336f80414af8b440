// SPDX-License-Identifier: Apache-2.0
#include "cpu/code_epilogue.h"

#include <algorithm>

#include "numerics/quick_codes.h"

namespace octet {
namespace cpu {
namespace {

// Codes that take longer than what is made ready for them.
constexpr int64_t kFewOutputs = 4096;
// Zero points that additions of 16 bits do not confuse with codes beyond them.
constexpr float kMostZeroPoint = 4096.0f;

/** Activations that kernels have: others end in the limits of codes (api/epilogue.cc). */
bool HasKernel(numerics::Activation activation) {
  return activation != numerics::Activation::kRelu && activation != numerics::Activation::kRelu6;
}

}  // namespace

CodeEpilogue::CodeEpilogue(const EpilogueKernels& kernels, const EpilogueView& epilogue, float a_scale, int32_t a_zero,
                           int64_t outputs)
    : kernels_(kernels),
      activation_(epilogue.activation),
      bias_(epilogue.bias),
      factor_(epilogue.factor),
      a_scale_(a_scale),
      a_zero_(a_zero) {
  const bool with_residual = epilogue.residual.data != nullptr;
  activates_ = activation_ != numerics::Activation::kNone || factor_ != nullptr;
  usable_ = kernels.finish_codes != nullptr && outputs >= kFewOutputs && IsCode(epilogue.out.type) &&
            HasKernel(activation_) &&
            (!with_residual || (!activates_ && IsCode(epilogue.residual.type) &&
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

bool CodeEpilogue::MakePanel(const PackedGemm& weights, int64_t first_column, int64_t panel, PanelValues* values,
                             TileCodes* codes) const {
  if (!usable_ || weights.zero_points != nullptr) return false;
  const int64_t column = panel * kPanelColumns;
  const int columns = static_cast<int>(std::min(kPanelColumns, weights.n - column));
  codes->steps = &steps_;
  codes->activates = activates_;
  codes->activation = activation_;
  codes->values = values;
  codes->columns = columns;
  PanelColumns made_of;
  made_of.columns = columns;
  made_of.w_sum = weights.sums + column;
  made_of.w_scale = weights.scales + column;
  if (bias_ != nullptr) made_of.bias = bias_ + first_column + column;
  if (factor_ != nullptr) made_of.factor = factor_ + first_column + column;
  made_of.activates = activates_;
  made_of.a_zero = a_zero_;
  made_of.a_scale = a_scale_;
  made_of.limit = limit_;
  return kernels_.make_panel(made_of, values);
}

}  // namespace cpu
}  // namespace octet
