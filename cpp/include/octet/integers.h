/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Functions of whole numbers, such as indices, lengths and positions: exact, where f32 has whole numbers up to 2^24
 * only.
 *
 * Tensors are s32 or s64, in one call all of one type; results wrap around at the ends of the type. Strides, alignment,
 * memory of outputs, streams and threads: as in elementwise.h. Nothing is allocated. Comparisons and conversions are in
 * elementwise.h.
 */
#ifndef OCTET_INTEGERS_H_
#define OCTET_INTEGERS_H_

#include <stdint.h>

#include "octet/reduce.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Functions of two whole numbers. */
typedef enum octet_integer_function {
  OCTET_INTEGER_ADD = 0,
  OCTET_INTEGER_SUB = 1,
  OCTET_INTEGER_MUL = 2,
  /** The quotient, rounded down; 0 where b is 0. */
  OCTET_INTEGER_FLOOR_DIV = 3,
  /** What the quotient, rounded down, leaves: 0 or of the sign of b; 0 where b is 0. */
  OCTET_INTEGER_REMAINDER = 4,
  OCTET_INTEGER_MIN = 5,
  OCTET_INTEGER_MAX = 6,
} octet_integer_function;

/** out = function(a, b); a and b are broadcast to the shape of out. */
OCTET_API octet_status octet_integer_binary(octet_integer_function function, const DLTensor* a, const DLTensor* b,
                                            DLTensor* out, void* stream);

/**
 * out = the reduction of x over dimensions; see octet_reduce for dims and shapes.
 *
 * @param reduction  sum, max or min; the latter two of no elements are OCTET_INVALID_ARGUMENT.
 */
OCTET_API octet_status octet_integer_reduce(octet_reduction reduction, const DLTensor* x, const int32_t* dims,
                                            int32_t ndims, DLTensor* out, void* stream);

/**
 * out = the place of the greatest element along a dimension, the first one of several. Types may differ: places are s32
 * or s64 whatever x is. See octet_argmax for dim and shapes.
 */
OCTET_API octet_status octet_integer_argmax(const DLTensor* x, int32_t dim, DLTensor* out, void* stream);

/**
 * out = the sums of x along a dimension up to each place, with the element there.
 *
 * @param dim  0..x.ndim - 1.
 * @param out  out: the shape of x. May be the memory of x with the same strides.
 */
OCTET_API octet_status octet_cumulative_sum(const DLTensor* x, int32_t dim, DLTensor* out, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_INTEGERS_H_ */
