// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/epilogue_loop.h"

namespace octet {
namespace cuda {
namespace {

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
  // A ReLU that is the last step is in the limits of the codes already.
  if (!epilogue.codes.fits || epilogue.scales.a_scales != nullptr || view.activation != numerics::Activation::kNone) {
    return LoopKind::kAny;
  }
  if (view.residual.data == nullptr) return LoopKind::kCodes;
  const numerics::Step step = view.residual_step;
  if (!IsCode(view.residual.type) || !(step.scale < numerics::Infinity()) ||
      !numerics::IsWholeUpTo(step.zero_point, 32768.0f)) {
    return LoopKind::kAny;
  }
  return LoopKind::kCodesAndResidual;
}

LoopKind LoopOf(const Epilogue& epilogue) {
  if (!IsCommon(epilogue)) return LoopKind::kAny;
  switch (epilogue.view.out.type) {
    case ElementType::kF32:
      return LoopKind::kF32;
    case ElementType::kF16:
      return LoopKind::kF16;
    case ElementType::kBF16:
      return LoopKind::kBF16;
    default:
      return CodeLoopOf(epilogue);
  }
}

}  // namespace

void Complete(Epilogue* epilogue) {
  epilogue->codes =
      IsCode(epilogue->view.out.type) ? QuickBytesOf(epilogue->view.out_step, epilogue->view.out_limits) : QuickBytes{};
  epilogue->loop = LoopOf(*epilogue);
}

}  // namespace cuda
}  // namespace octet
