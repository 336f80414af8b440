/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Fake quantization: values snapped to a grid, in floats, with the derivatives that straight-through rounding gives.
 *
 * Common to all functions: tensors of one call have the same shape (unless said otherwise) and lie on the same device;
 * x, out and the gradients of x are f32, f16 or bf16, all of one type, with any strides (outputs: no zero strides, no
 * overlap) and any alignment. x and out may be the same memory with the same strides. Tensors without elements are
 * fine. stream: null on the CPU. Safe to call from any thread.
 */
#ifndef OCTET_FAKE_QUANTIZE_H_
#define OCTET_FAKE_QUANTIZE_H_

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * out = scale * (clamp(round_half_even(x / scale) + zero_point) - zero_point).
 */
OCTET_API octet_status octet_fake_quantize(const octet_grid* grid, const DLTensor* x, DLTensor* out, void* stream);

/**
 * Backward of octet_fake_quantize. Rounding is straight-through (derivative 1); with u = round(x / scale) + zero_point,
 * inside = int_min <= u <= int_max (its ends included) and q = clamp(u):
 *
 *     grad_x          = inside ? grad_out : 0                              (NaN x: NaN)
 *     d out / d scale = (q - zero_point) - (inside ? x / scale : 0)
 *     d out / d zero  = inside ? 0 : -scale, and 0 where round(zero_float) lies outside int_min..int_max
 *     grad_delta      = sum of grad_out * (d out / d scale) * (d scale / d delta), over the elements that share delta;
 *                       d scale / d delta is 1, or 0 for delta < eps; in the log domain it is scale
 *     grad_zero_float = sum of grad_out * (d out / d zero)
 *
 * The sums follow one fixed order that depends on shape alone (not on strides, threads or instruction set).
 *
 * @param grad_out         like x.
 * @param grad_x           out, like x; null: not wanted.
 * @param grad_delta       out: f32, compact, as many elements as grid.delta; null: not wanted.
 * @param grad_zero_float  out: likewise; must be null where grid.zero_float is.
 */
OCTET_API octet_status octet_fake_quantize_backward(const octet_grid* grid, const DLTensor* x, const DLTensor* grad_out,
                                                    DLTensor* grad_x, DLTensor* grad_delta, DLTensor* grad_zero_float,
                                                    void* stream);

/**
 * Forward together with the partial derivatives of every element, in one pass: for frameworks whose autograd takes no
 * custom backward function but can multiply. With the formulas of octet_fake_quantize_backward:
 *
 *     d_x     = inside ? 1 : 0                                (NaN x: NaN)
 *     d_delta = (d out / d scale) * (d scale / d delta)
 *     d_zero  = d out / d zero
 *
 * @param out                    like x; null: not wanted.
 * @param d_x, d_delta, d_zero   out, like x in shape and dtype; each may be null. d_zero must be null where
 * grid.zero_float is.
 */
OCTET_API octet_status octet_fake_quantize_partials(const octet_grid* grid, const DLTensor* x, DLTensor* out,
                                                    DLTensor* d_x, DLTensor* d_delta, DLTensor* d_zero, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_FAKE_QUANTIZE_H_ */
