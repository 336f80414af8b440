/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What a matrix product or a convolution does with its sums before they are stored, in the same pass:
 *
 *     y   = fma(sum, a_scale * w_scale[n], bias[n])      sum: exact, of (a - a_zero_point) * (w - w_zero_point)
 *     y   = activation(y) * factor[n], then y + residual or activation(y + residual) * factor[n]
 *     out = y rounded to its type, or the code of y on out_grid
 *
 * in f32; sums are rounded to f32 where above 2^24 in magnitude. exp, erf and tanh are polynomials of Octet's own: the
 * same bits on every instruction set and device, within some units of the last place of f32.
 */
#ifndef OCTET_EPILOGUE_H_
#define OCTET_EPILOGUE_H_

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Functions of one value. NaN stays NaN. */
typedef enum octet_activation {
  OCTET_ACTIVATION_NONE = 0,
  /** max(x, 0). */
  OCTET_ACTIVATION_RELU = 1,
  /** min(max(x, 0), 6). */
  OCTET_ACTIVATION_RELU6 = 2,
  /** x * (1 + erf(x / sqrt(2))) / 2. */
  OCTET_ACTIVATION_GELU_ERF = 3,
  /** x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2. */
  OCTET_ACTIVATION_GELU_TANH = 4,
  /** x / (1 + exp(-x)). */
  OCTET_ACTIVATION_SILU = 5,
  /** 1 / (1 + exp(-x)). */
  OCTET_ACTIVATION_SIGMOID = 6,
  OCTET_ACTIVATION_TANH = 7,
  /** x * min(max(x + 3, 0), 6) / 6. */
  OCTET_ACTIVATION_HARDSWISH = 8,
  /** min(max(x + 3, 0), 6) / 6. */
  OCTET_ACTIVATION_HARDSIGMOID = 9,
} octet_activation;

/** Where the residual is added. */
typedef enum octet_residual_place {
  /** activation(y) + residual. */
  OCTET_RESIDUAL_AFTER_ACTIVATION = 0,
  /** activation(y + residual). */
  OCTET_RESIDUAL_BEFORE_ACTIVATION = 1,
} octet_residual_place;

/** An epilogue. Zeroed memory is a valid one: nothing but scaling, floats out. Read during the call only. Zero
 * points of its grids must not be NaN. */
typedef struct octet_epilogue {
  /** f32 [N], compact; null: 0. */
  const DLTensor* bias;
  octet_activation activation;
  /** f32 [N], compact: by what columns are multiplied after the activation; null: 1. */
  const DLTensor* factor;
  /** Shape of the output: f32, f16 or bf16, or s8 or u8 codes on residual_grid; null: none. Last dimension without
   * gaps. It may be the memory of the output with the same strides if both have elements of the same size. */
  const DLTensor* residual;
  octet_residual_place residual_place;
  /** The grid of a residual of codes, axis -1; null for other residuals. */
  const octet_grid* residual_grid;
  /** The grid of an s8 or u8 output, axis -1, within the type; null for a float output. NaN becomes the zero point. */
  const octet_grid* out_grid;
} octet_epilogue;

#ifdef __cplusplus
}
#endif

#endif /* OCTET_EPILOGUE_H_ */
