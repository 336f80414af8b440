// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/epilogue_loop.h"

#include <algorithm>

namespace octet {
namespace cuda {
namespace {

bool IsByte(ElementType type) { return type == ElementType::kS8 || type == ElementType::kU8; }

/** Whether the loops but kAny know what is done to values; there may be a residual. */
bool IsCommon(const Epilogue& epilogue) {
  const EpilogueView& view = epilogue.view;
  if (view.factor != nullptr || epilogue.scales.w_zeros != nullptr) return false;
  if (view.residual.data != nullptr && (!epilogue.residual_vectors || epilogue.columns % 4 != 0)) return false;
  return view.activation == numerics::Activation::kNone || view.activation == numerics::Activation::kRelu ||
         view.activation == numerics::Activation::kRelu6;
}

LoopKind CodeLoopOf(const Epilogue& epilogue) {
  const EpilogueView& view = epilogue.view;
  if (!epilogue.codes.fits || epilogue.scales.a_scales != nullptr) return LoopKind::kAny;
  if (view.residual.data == nullptr) return LoopKind::kCodes;
  const bool comes_first = view.residual_first || view.activation == numerics::Activation::kNone;
  const numerics::Step step = view.residual_step;
  if (!IsByte(view.residual.type) || !comes_first || !(step.scale < numerics::Infinity()) ||
      !numerics::IsWholeUpTo(step.zero_point, 32768.0f)) {
    return LoopKind::kAny;
  }
  return LoopKind::kCodesAndResidual;
}

/** Activations of these loops clamp values, as grids do. */
QuickBytes Narrowed(QuickBytes codes, numerics::Activation activation) {
  if (activation != numerics::Activation::kNone) codes.grid.low = std::max(codes.grid.low, 0.0f);
  if (activation == numerics::Activation::kRelu6) codes.grid.high = std::min(codes.grid.high, 6.0f);
  return codes;
}

EpilogueLoop LoopOf(const Epilogue& epilogue) {
  EpilogueLoop loop = {LoopKind::kAny, epilogue.codes};
  if (!IsCommon(epilogue)) return loop;
  switch (epilogue.view.out.type) {
    case ElementType::kF32:
      loop.kind = LoopKind::kF32;
      return loop;
    case ElementType::kF16:
      loop.kind = LoopKind::kF16;
      return loop;
    case ElementType::kBF16:
      loop.kind = LoopKind::kBF16;
      return loop;
    default:
      break;
  }
  loop.codes = Narrowed(epilogue.codes, epilogue.view.activation);
  // Of a grid without a code for what the activation leaves, the nearer end is the code of everything.
  if (loop.codes.grid.low <= loop.codes.grid.high) loop.kind = CodeLoopOf(epilogue);
  return loop;
}

}  // namespace

void Complete(Epilogue* epilogue) {
  epilogue->codes =
      IsByte(epilogue->view.out.type) ? QuickBytesOf(epilogue->view.out_step, epilogue->view.out_limits) : QuickBytes{};
  epilogue->loop = LoopOf(*epilogue);
}

}  // namespace cuda
}  // namespace octet
