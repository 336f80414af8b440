// SPDX-License-Identifier: Apache-2.0
// Checked arguments of a convolution as backends see them.
#ifndef OCTET_CORE_CONV2D_ARGUMENTS_H_
#define OCTET_CORE_CONV2D_ARGUMENTS_H_

#include "core/epilogue_view.h"
#include "core/tensor_view.h"

namespace octet {

/** Tensors [N, H, W, C] of any strides. */
struct Conv2dArguments {
  TensorView x;
  /** As in GemmActivations. */
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 0.0f};
  /** Its rows and those of the residual are not looked at, save whether there is a residual. */
  EpilogueView epilogue;
  TensorView out;
  TensorView residual;
};

}  // namespace octet

#endif  // OCTET_CORE_CONV2D_ARGUMENTS_H_
