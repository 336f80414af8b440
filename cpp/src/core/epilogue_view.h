// SPDX-License-Identifier: Apache-2.0
// A checked octet_epilogue as backends see it, together with the output.
#ifndef OCTET_CORE_EPILOGUE_VIEW_H_
#define OCTET_CORE_EPILOGUE_VIEW_H_

#include "core/tensor_view.h"
#include "numerics/epilogue.h"
#include "numerics/grid.h"

namespace octet {

/** Rows of elements without gaps. */
struct RowsView {
  char* data = nullptr;
  ElementType type = ElementType::kF32;
  /** Bytes from row to row. */
  int64_t stride = 0;
};

struct EpilogueView {
  /** Any alignment; null: 0. */
  const float* bias = nullptr;
  numerics::Activation activation = numerics::Activation::kNone;
  /** One a column, at any alignment; null: 1. */
  const float* factor = nullptr;
  /** data is null: none. */
  RowsView residual;
  bool residual_first = false;
  numerics::Step residual_step = {1.0f, 0.0f};
  RowsView out;
  numerics::Step out_step = {1.0f, 0.0f};
  numerics::Limits out_limits = {0.0f, 0.0f};
};

}  // namespace octet

#endif  // OCTET_CORE_EPILOGUE_VIEW_H_
