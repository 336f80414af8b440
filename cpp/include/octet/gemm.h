/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Matrix products of integers: out = epilogue(a * weights^T), a [M, K], weights [N, K] (the layout of PyTorch's
 * Linear).
 *
 * Weights are packed once, into memory of the caller, and used by any number of calls at the same time. Sums are exact:
 * no instruction used saturates, and K is limited so that none overflows. Results do not depend on strides, threads or
 * instruction set. M, N and K may be 0; with K = 0 all sums are 0. Nothing is allocated.
 */
#ifndef OCTET_GEMM_H_
#define OCTET_GEMM_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How packed weights keep their codes. */
typedef enum octet_weight_format {
  /** A byte each. */
  OCTET_WEIGHTS_8_BIT = 0,
  /** Half a byte each, for grids of 2 to 4 bits: codes -8..7 (s8) or 0..15 (u8). */
  OCTET_WEIGHTS_4_BIT = 1,
} octet_weight_format;

/** What a packed block says about itself. */
typedef struct octet_gemm_info {
  /** Rows of the weights, the outputs' last dimension. */
  int64_t n;
  /** Columns of the weights, the activations' last dimension. */
  int64_t k;
  octet_weight_format format;
  /** 1 if any zero point is not 0 (counted from the middle of u8 codes: 128, or 8 of 4 bits). */
  int32_t has_zero_points;
  /** Size of the block in bytes. */
  int64_t bytes;
} octet_gemm_info;

/**
 * Bytes that octet_gemm_pack needs for these weights, a multiple of 64.
 *
 * @param weights  s8 or u8 [N, K]; the data is not read.
 */
OCTET_API octet_status octet_gemm_pack_size(const DLTensor* weights, octet_weight_format format, size_t* bytes);

/**
 * Packs weights. The block begins with a header that says its version and shape and holds scales, zero points, sums and
 * codes; it has no pointers, may be copied or mapped from a file to another 64-byte boundary, and is the same for every
 * instruction set and number of threads. It belongs to the caller, must not change while calls use it, and all of its
 * bytes are written (gaps with zeros).
 *
 * Limits of K (OCTET_INVALID_ARGUMENT above): 65793 for 8-bit weights without zero points, 33025 with; 1052688 and
 * 561433 for 4-bit ones. u8 codes with a zero point other than the middle of 0..255 or 0..15 count as with.
 *
 * @param weights  s8 or u8 [N, K], codes; any strides. OCTET_INVALID_ARGUMENT if a code is not one of the format's.
 * @param grid     the grid of the codes, axis 0 (a scale for each of g groups of N / g rows) or -1; int_min and int_max
 *                 are whole and within the type. Zero points must not be NaN.
 * @param packed   out: aligned to 64, at least what octet_gemm_pack_size said.
 */
OCTET_API octet_status octet_gemm_pack(const DLTensor* weights, const octet_grid* grid, octet_weight_format format,
                                       void* packed, size_t packed_bytes);

/** Reads the header of a packed block. OCTET_INVALID_ARGUMENT if it is none, or is cut short. */
OCTET_API octet_status octet_gemm_packed_info(const void* packed, size_t packed_bytes, octet_gemm_info* info);

/** Bytes of workspace that octet_gemm and octet_gemm_dynamic need for a: bounded, some MB at most for K up to 2^15. */
OCTET_API octet_status octet_gemm_workspace_size(const DLTensor* a, const void* packed, size_t packed_bytes,
                                                 size_t* bytes);

/**
 * out = epilogue(a * weights^T) with activations on a grid for all of a.
 *
 * @param a          [M, K]: s8 or u8 codes on a_grid, or f32, f16 or bf16, quantized on a_grid (as octet_quantize does:
 *                   NaN becomes the zero point) while they are read. The last dimension has no gaps; rows may have any
 *                   stride.
 * @param a_grid     axis -1; int_min and int_max are whole and within s8 or u8 (within the type of a where that is an
 *                   integer). The zero point must not be NaN.
 * @param packed     a block made by octet_gemm_pack.
 * @param epilogue   null: none.
 * @param out        out, [M, N]: f32, f16 or bf16, or s8 or u8 (then epilogue.out_grid says on what grid). The last
 *                   dimension has no gaps. Shares no memory with a.
 * @param workspace  aligned to 64, at least what octet_gemm_workspace_size said; for one call at a time.
 * @param stream     null.
 */
OCTET_API octet_status octet_gemm(const DLTensor* a, const octet_grid* a_grid, const void* packed, size_t packed_bytes,
                                  const octet_epilogue* epilogue, DLTensor* out, void* workspace,
                                  size_t workspace_bytes, void* stream);

/**
 * Like octet_gemm, with a grid for every row of a taken from that row: symmetric and signed,
 *
 *     scale = max(|min(row, 0)|, max(row, eps)) / int_max, at least eps;     int_max = 2^(n_bits - 1) - 1
 *
 * A row with a NaN or an infinity gives NaN in all of its floats.
 *
 * @param a       [M, K]: f32, f16 or bf16.
 * @param n_bits  2 to 8.
 * @param eps     finite and > 0.
 */
OCTET_API octet_status octet_gemm_dynamic(const DLTensor* a, int32_t n_bits, float eps, const void* packed,
                                          size_t packed_bytes, const octet_epilogue* epilogue, DLTensor* out,
                                          void* workspace, size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_GEMM_H_ */
