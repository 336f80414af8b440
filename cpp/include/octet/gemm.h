/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Matrix products of integers: out = epilogue(a * weights^T), a [M, K], weights [N, K] (the layout of PyTorch's
 * Linear).
 *
 * Weights are packed once, into memory of the caller, and used by any number of calls at the same time. Sums are exact:
 * no instruction used saturates, and K is limited so that none overflows. Results do not depend on strides, threads or
 * instruction set. M, N and K may be 0; with K = 0 all sums are 0. Nothing is allocated.
 *
 * On a CUDA device the results have the same bits, save that NaNs may differ in their sign and payload. Grids of codes
 * are read by the host and passed on the CPU.
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

/** Reads the header of a packed block, or a handle of octet_gemm_to_device (bytes: of its block on the device).
 * OCTET_INVALID_ARGUMENT if it is neither, or is cut short. */
OCTET_API octet_status octet_gemm_packed_info(const void* packed, size_t packed_bytes, octet_gemm_info* info);

/** Bytes of a handle of octet_gemm_to_device. */
#define OCTET_GEMM_DEVICE_HANDLE_BYTES 64

/** Bytes of device memory that octet_gemm_to_device needs for packed weights. */
OCTET_API octet_status octet_gemm_device_size(const void* packed, size_t packed_bytes, size_t* bytes);

/**
 * Places packed weights on a CUDA device, once, in the order in which its kernels read them, and makes a handle: what
 * calls with tensors on that device are given as `packed`, with OCTET_GEMM_DEVICE_HANDLE_BYTES as packed_bytes. The
 * handle is in memory of the host, so that no call has to wait for the device to learn a shape; it means something
 * within this process and for as long as the block is there alone, and may be copied. The packed weights are not
 * needed any more when the function returns, the block must not be read by other streams before `stream` has come so
 * far.
 *
 * @param packed  a block made by octet_gemm_pack, in memory of the host.
 * @param block   memory of the device, aligned to 256, at least what octet_gemm_device_size said. The caller's.
 * @param handle  out: memory of the host, aligned to 64, OCTET_GEMM_DEVICE_HANDLE_BYTES of it.
 * @param stream  a cudaStream_t; null: the default stream.
 */
OCTET_API octet_status octet_gemm_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                            size_t block_bytes, void* handle, void* stream);

/**
 * For tests and benchmarks: has all products and convolutions on CUDA devices, of all threads, made by one kernel,
 * where it can make them. Workspaces measured before are of the wrong size.
 *
 * @param kernel  one that the device has, "128x128" for example (an unknown name fails and lists them); null: as the
 *                heuristics choose.
 * @param parts   of K, of attention's keys, of a depthwise convolution's lines; 0: as the heuristics choose.
 */
OCTET_API octet_status octet_gemm_force_kernel(int32_t device, const char* kernel, int32_t parts);

/** Bytes of workspace that octet_gemm and octet_gemm_dynamic need for a: bounded, some MB at most for K up to 2^15.
 * On a CUDA device, where it is device memory: up to a byte for each element of a, and some MB of sums. */
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
 * @param packed     a block made by octet_gemm_pack; with tensors on a CUDA device, a handle made by
 *                   octet_gemm_to_device.
 * @param epilogue   null: none.
 * @param out        out, [M, N]: f32, f16 or bf16, or s8 or u8 (then epilogue.out_grid says on what grid). The last
 *                   dimension has no gaps. Shares no memory with a.
 * @param workspace  aligned to 64, at least what octet_gemm_workspace_size said; for one call at a time.
 * @param stream     null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the device.
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
