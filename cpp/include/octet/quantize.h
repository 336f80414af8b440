/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From real values to integers and back.
 *
 * Strides, alignment, empty tensors, streams and threads: as in fake_quantize.h.
 */
#ifndef OCTET_QUANTIZE_H_
#define OCTET_QUANTIZE_H_

#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * codes = clamp(round_half_even(x / scale) + zero_point).
 *
 * @param x      f32, f16 or bf16.
 * @param codes  out, shape of x: s8 or u8 (the grid must fit the type), s32, or f32. NaN becomes the zero point in
 * integer types and stays NaN in f32.
 */
OCTET_API octet_status octet_quantize(const octet_grid* grid, const DLTensor* x, DLTensor* codes, void* stream);

/**
 * out = scale * (codes - zero_point), in f32, then rounded to the type of out. Codes are not clamped to the grid.
 *
 * @param codes  s8, u8, s32 (rounded to f32 where above 2^24) or f32.
 * @param out    out, shape of codes: f32, f16 or bf16.
 */
OCTET_API octet_status octet_dequantize(const octet_grid* grid, const DLTensor* codes, DLTensor* out, void* stream);

/**
 * Looks for a value that fake quantization would change: whether x is on the grid already. Zeros of both signs are the
 * same value; NaN is on no grid.
 *
 * @param grid   axis -1.
 * @param x      f32, on the CPU.
 * @param index  out: the number of the first such element in row-major order, -1 if there is none.
 */
OCTET_API octet_status octet_first_off_grid(const octet_grid* grid, const DLTensor* x, int64_t* index, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_QUANTIZE_H_ */
