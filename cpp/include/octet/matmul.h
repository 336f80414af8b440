/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Products of two computed matrices, as torch.matmul has them: out = epilogue(a * b), matrix by matrix, where both may
 * have any number of dimensions before the last two, which are broadcast as numpy does it.
 *
 * Codes by codes are summed up exactly, in integers: sum of (a - a_zero_point) * (b - b_zero_point), which the epilogue
 * (octet/epilogue.h) scales with a_scale * b_scale. If one operand is floats, or both are, all is computed in floats:
 * codes stand for scale * (code - zero_point), in f32, and the epilogue begins with y = sum + bias[n].
 *
 * The order of a sum of floats depends on K alone: blocks of 256 k, in each of them one fused multiply-add after the
 * other in f32 from +0 on, then the sums of blocks are added in order. So the results do not depend on strides, threads
 * or instruction set. Sizes may be 0; with K = 0 all sums are 0. Nothing is allocated.
 *
 * With tensors on a CUDA device the product runs there, with the same bits: codes by codes on tensor cores, floats,
 * whose order of sums keeps these out, at the rate of f32. Grids are read by the host and passed on the CPU.
 */
#ifndef OCTET_MATMUL_H_
#define OCTET_MATMUL_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of workspace for octet_matmul: some MB at most for K up to 2^15, for each thread of this moment where there are
 * many small matrices. On a CUDA device, where it is device memory: up to a byte for each element of a and of b if
 * both are codes, and some MB of sums.
 *
 * The arguments are as of octet_matmul; only types and shapes are looked at.
 */
OCTET_API octet_status octet_matmul_workspace_size(const DLTensor* a, const DLTensor* b, int32_t transpose_b,
                                                   size_t* bytes);

/**
 * The product.
 *
 * @param a            [..., M, K]: f32, f16 or bf16, or s8 or u8 codes on a_grid. The last dimension has no gaps, the
 *                     others may have any strides.
 * @param a_grid       the grid of codes, axis -1, within their type; null for floats. The zero point must not be NaN.
 * @param b            [..., K, N], or [..., N, K] with transpose_b: of the same types, not necessarily that of a. The
 *                     last dimension has no gaps.
 * @param b_grid       like a_grid.
 * @param transpose_b  0 or 1.
 * @param epilogue     null: none. bias has N elements; the residual has the shape of out.
 * @param out          out, [..., M, N]: f32, f16 or bf16, or s8 or u8 (then epilogue.out_grid says on what grid). The
 *                     last dimension has no gaps. Shares no memory with a and b.
 * @param workspace    aligned to 64, at least what octet_matmul_workspace_size said with one thread; with what it says
 *                     now all threads are used. For one call at a time.
 * @param stream       null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the
 * device.
 *
 * OCTET_INVALID_ARGUMENT also if both are codes and K is above 65793, or above 33025 where the zero point of b is not 0
 * (s8) or 128 (u8): sums could overflow.
 */
OCTET_API octet_status octet_matmul(const DLTensor* a, const octet_grid* a_grid, const DLTensor* b,
                                    const octet_grid* b_grid, int32_t transpose_b, const octet_epilogue* epilogue,
                                    DLTensor* out, void* workspace, size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_MATMUL_H_ */
