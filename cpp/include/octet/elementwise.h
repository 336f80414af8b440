/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Functions of single elements, and copies.
 *
 * Common to all functions: tensors may have any strides (outputs: no zero strides, no overlap) and any alignment.
 * Inputs are broadcast to the shape of the output: dimensions are aligned at the last one, and those of size 1, and
 * missing ones, repeat. "Values" are f32, f16 or bf16, or s8 or u8 codes with a grid beside them (axis -1, within the
 * type; null for floats), which count as scale * (code - zero_point); all is computed in f32, and stored rounded to the
 * type or put on the grid of the output (NaN: the zero point). An output may be the memory of an input with the same
 * shape, strides and size of elements. Results do not depend on strides, threads or instruction set. Nothing is
 * allocated. Tensors without elements are fine. stream: null on the CPU. Safe to call from any thread.
 */
#ifndef OCTET_ELEMENTWISE_H_
#define OCTET_ELEMENTWISE_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Functions of two values. NaN if either is; of two zeros the least or greatest is the second one. */
typedef enum octet_binary_function {
  OCTET_ADD = 0,
  OCTET_SUB = 1,
  OCTET_MUL = 2,
  OCTET_DIV = 3,
  OCTET_MIN = 4,
  OCTET_MAX = 5,
} octet_binary_function;

/** out = activation(function(a, b)), on values. */
OCTET_API octet_status octet_binary(octet_binary_function function, const DLTensor* a, const octet_grid* a_grid,
                                    const DLTensor* b, const octet_grid* b_grid, octet_activation activation,
                                    DLTensor* out, const octet_grid* out_grid, void* stream);

/** Functions of one value; "first" and "second" are parameters. The first ten have the numbers of octet_activation.
 * Greatest errors in units in the last place are in brackets, 0.5 where there are none. */
typedef enum octet_unary_function {
  /** x: with different grids a requantization, with other types a conversion. */
  OCTET_IDENTITY = 0,
  OCTET_RELU = 1,
  OCTET_RELU6 = 2,
  /** [7, results above 1e-30] */
  OCTET_GELU_ERF = 3,
  /** [13, results above 1e-3] */
  OCTET_GELU_TANH = 4,
  /** [4, results above 1e-30] */
  OCTET_SILU = 5,
  /** [3] */
  OCTET_SIGMOID = 6,
  /** [2] */
  OCTET_TANH = 7,
  /** x * min(max(x + 3, 0), 6) / 6. [2] */
  OCTET_HARDSWISH = 8,
  /** min(max(x + 3, 0), 6) / 6. [1.5] */
  OCTET_HARDSIGMOID = 9,
  /** [1] Below 2.7e-38: 0. */
  OCTET_EXP = 10,
  /** [2] Natural; -infinity of zeros, NaN of what lies below. */
  OCTET_LOG = 11,
  OCTET_SQRT = 12,
  /** 1 / sqrt(x). [1.5] */
  OCTET_RSQRT = 13,
  OCTET_RECIPROCAL = 14,
  OCTET_NEG = 15,
  OCTET_ABS = 16,
  /** [3] */
  OCTET_ERF = 17,
  /** x^first. [|first| for whole ones up to 64 in magnitude; 1.5 for 0.5 and -0.5; else 4 + 2 |first * log(x)|] NaN of
   * negative x unless first is whole. */
  OCTET_POW = 18,
  /** min(max(x, first), second); NaN stays. */
  OCTET_CLAMP = 19,
  /** x where x >= 0, else x * first. */
  OCTET_LEAKY_RELU = 20,
  /** x where x >= 0, else first * (exp(x) - 1). [4] */
  OCTET_ELU = 21,
  /** log(1 + exp(x)). [4] */
  OCTET_SOFTPLUS = 22,
  /** x * tanh(log(1 + exp(x))). [6, results above 1e-30 in magnitude] */
  OCTET_MISH = 23,
} octet_unary_function;

/** out = function(x), on values. From codes to codes every value is looked up in a table that is computed first, if
 * there are more elements than codes. first, second: 0 where the function has no such parameter. */
OCTET_API octet_status octet_unary(octet_unary_function function, float first, float second, const DLTensor* x,
                                   const octet_grid* x_grid, DLTensor* out, const octet_grid* out_grid, void* stream);

/**
 * The table of a function from codes to codes: table[byte] is the byte that octet_unary gives for an element of that
 * byte (s8 codes as they lie in memory: -1 is 255).
 *
 * @param x_type, out_type  {kDLInt, 8, 1} or {kDLUInt, 8, 1}.
 * @param table             out: u8 [256], compact.
 */
OCTET_API octet_status octet_unary_table(octet_unary_function function, float first, float second,
                                         const DLDataType* x_type, const octet_grid* x_grid, const DLDataType* out_type,
                                         const octet_grid* out_grid, DLTensor* table);

/** out = table[x] for the bytes of x. x and out: s8 or u8; table: u8 [256], compact. */
OCTET_API octet_status octet_look_up(const DLTensor* table, const DLTensor* x, DLTensor* out, void* stream);

/** Codes from one grid to another: octet_unary with OCTET_IDENTITY for s8 and u8. */
OCTET_API octet_status octet_requantize(const DLTensor* x, const octet_grid* x_grid, DLTensor* out,
                                        const octet_grid* out_grid, void* stream);

/** Comparisons of values. With a NaN all but OCTET_NOT_EQUAL are false. */
typedef enum octet_comparison {
  OCTET_EQUAL = 0,
  OCTET_NOT_EQUAL = 1,
  OCTET_LESS = 2,
  OCTET_LESS_EQUAL = 3,
  OCTET_GREATER = 4,
  OCTET_GREATER_EQUAL = 5,
} octet_comparison;

/** out = a ? b, 1 or 0. a and b: values, or both s32 or s64 (without grids). out: bool or u8. */
OCTET_API octet_status octet_compare(octet_comparison comparison, const DLTensor* a, const octet_grid* a_grid,
                                     const DLTensor* b, const octet_grid* b_grid, DLTensor* out, void* stream);

/** out = mask ? a : b. mask: bool or u8, 0 or not. a, b and out: any one type; elements are copied as they are. */
OCTET_API octet_status octet_where(const DLTensor* mask, const DLTensor* a, const DLTensor* b, DLTensor* out,
                                   void* stream);

/** out = x, of any one type: makes a tensor compact, permutes or expands it, by the strides of the two. */
OCTET_API octet_status octet_copy(const DLTensor* x, DLTensor* out, void* stream);

/**
 * out = x converted, between f32, f16, bf16, s32, s64 and bool. Floats are rounded to nearest even (s64 to f32, then
 * further); to integers they are truncated, limited to the type's range, and NaN is 0. s64 keeps its lower half in s32.
 * To bool: 1 if not 0 (NaN is not 0).
 */
OCTET_API octet_status octet_cast(const DLTensor* x, DLTensor* out, void* stream);

/**
 * out = the inputs one after the other along a dimension, each requantized or converted where type or grid differ from
 * those of out; values, or any one other type (then without grids). Codes on the same grid are copied as they are.
 *
 * @param inputs  count tensors whose shapes are that of out but for the sizes along axis, which add up to that of out.
 *                No broadcasting.
 * @param grids   count pointers, each null for an input without a grid; null: none has one.
 * @param axis    0..out.ndim - 1.
 */
OCTET_API octet_status octet_concat(const DLTensor* const* inputs, const octet_grid* const* grids, int32_t count,
                                    int32_t axis, DLTensor* out, const octet_grid* out_grid, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_ELEMENTWISE_H_ */
