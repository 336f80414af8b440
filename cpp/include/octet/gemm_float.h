/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Matrix products in floats with packed weights: out = epilogue(a * weights^T), a [M, K], weights [N, K] (the layout of
 * PyTorch's Linear), which are one of
 *
 *   - floats, packed by octet_gemm_float_pack,
 *   - codes of 8 or 4 bits, packed by octet_gemm_pack: "weight-only" quantization. Their values scale * (code -
 *     zero_point) are made while they are used, so that memory and caches deliver codes.
 *
 * The sums are those of octet/matmul.h, bit for bit: blocks of 256 k, in each one fused multiply-add after the other in
 * f32, blocks added in order. The epilogue begins with y = sum + bias[n]. Results do not depend on strides, threads or
 * instruction set, and are the same on CUDA devices: there the order keeps tensor cores out, so that products of floats
 * run at the rate of f32. M, N and K may be 0; with K = 0 all sums are 0. Nothing is allocated.
 */
#ifndef OCTET_GEMM_FLOAT_H_
#define OCTET_GEMM_FLOAT_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes that octet_gemm_float_pack needs for these weights, a multiple of 64.
 *
 * @param weights  f32, f16 or bf16 [N, K], N up to 2^31 - 1 and K up to 2^28; the data is not read.
 */
OCTET_API octet_status octet_gemm_float_pack_size(const DLTensor* weights, size_t* bytes);

/**
 * Packs weights, as f32. The block begins with a header that says its version and shape; it has no pointers, may be
 * copied or mapped from a file to another 64-byte boundary, and is the same for every instruction set and number of
 * threads. It belongs to the caller, must not change while calls use it, and all of its bytes are written.
 *
 * @param weights  f32, f16 or bf16 [N, K]; any strides: a matrix [K, N] is passed as its transpose.
 * @param packed   out: aligned to 64, at least what octet_gemm_float_pack_size said.
 */
OCTET_API octet_status octet_gemm_float_pack(const DLTensor* weights, void* packed, size_t packed_bytes);

/** Bytes of a handle of octet_gemm_float_to_device: as many as of octet_gemm_to_device. */
#define OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES 64

/** Bytes of device memory that octet_gemm_float_to_device needs for a block made by octet_gemm_float_pack. */
OCTET_API octet_status octet_gemm_float_device_size(const void* packed, size_t packed_bytes, size_t* bytes);

/**
 * Places packed weights of floats on a CUDA device, as octet_gemm_to_device does codes: once, and calls with tensors on
 * that device are given the handle in place of packed weights.
 *
 * @param packed  a block made by octet_gemm_float_pack, in memory of the host.
 * @param block   memory of the device, aligned to 256, at least what octet_gemm_float_device_size said. The caller's.
 * @param handle  out: memory of the host, aligned to 64, OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES of it.
 * @param stream  a cudaStream_t; null: the default stream.
 */
OCTET_API octet_status octet_gemm_float_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                                  size_t block_bytes, void* handle, void* stream);

/** Bytes of workspace that octet_gemm_float needs for a: bounded, some MB at most for K up to 2^15. On a CUDA device,
 * where it is device memory: 4 bytes for each element of the output and 256 k where there are few of them, else 0. */
OCTET_API octet_status octet_gemm_float_workspace_size(const DLTensor* a, const void* packed, size_t packed_bytes,
                                                       size_t* bytes);

/**
 * The product.
 *
 * @param a          [M, K]: f32, f16 or bf16, or s8 or u8 codes on a_grid, which stand for scale * (code - zero_point).
 *                   The last dimension has no gaps; rows may have any stride.
 * @param a_grid     the grid of codes, axis -1, within their type; null for floats. The zero point must not be NaN.
 * @param packed     a block made by octet_gemm_float_pack or octet_gemm_pack; with tensors on a CUDA device a handle
 * made by octet_gemm_float_to_device or octet_gemm_to_device.
 * @param epilogue   null: none.
 * @param out        out, [M, N]: f32, f16 or bf16, or s8 or u8 (then epilogue.out_grid says on what grid). The last
 *                   dimension has no gaps. Shares no memory with a.
 * @param workspace  aligned to 64, at least what octet_gemm_float_workspace_size said; for one call at a time.
 * @param stream     null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the device.
 */
OCTET_API octet_status octet_gemm_float(const DLTensor* a, const octet_grid* a_grid, const void* packed,
                                        size_t packed_bytes, const octet_epilogue* epilogue, DLTensor* out,
                                        void* workspace, size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_GEMM_FLOAT_H_ */
