/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Matrix products of integers for several groups of rows, each with weights of its own, as layers with a mixture of
 * experts have them:
 *
 *     out[r] = epilogue(a[r] * weights[g]^T)    for rows r of group g
 *
 * a [M, K] has its rows sorted by group; weights are [G, N, K]. Group g has the rows from offsets[g - 1] (0 for the
 * first one) to offsets[g] - 1: offsets, s32 [G], are where groups end, the cumulative sums of their sizes, as
 * torch._grouped_mm takes them. Groups may be empty. Rows from offsets[G - 1] on belong to no group: nothing is done to
 * these rows of out, so that a may have room for more rows than there are.
 *
 * Every row has the bits that octet_gemm would give it with the weights of its group alone; what octet/gemm.h says of
 * sums, of threads and of calls at the same time holds here too. M, N, K and G may be 0.
 *
 * On a CUDA device offsets are in its memory and are read there alone, by one launch for all groups: the sizes of
 * groups may be computed by what is enqueued before, and a graph that has been captured may be replayed with others.
 * Weights of one call have up to 2^33 bytes there (OCTET_UNSUPPORTED above).
 */
#ifndef OCTET_GEMM_GROUPED_H_
#define OCTET_GEMM_GROUPED_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/epilogue.h"
#include "octet/gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What packed weights of groups say about themselves. */
typedef struct octet_gemm_grouped_info {
  /** G. */
  int64_t groups;
  /** Of each group: as in octet_gemm_info. */
  int64_t n;
  int64_t k;
  octet_weight_format format;
  /** 1 if a zero point of any group is not 0: as in octet_gemm_info. */
  int32_t has_zero_points;
  /** Size of all in bytes. */
  int64_t bytes;
} octet_gemm_grouped_info;

/**
 * Bytes that octet_gemm_grouped_pack needs for these weights, a multiple of 64.
 *
 * @param weights  s8 or u8 [G, N, K]; the data is not read.
 */
OCTET_API octet_status octet_gemm_grouped_pack_size(const DLTensor* weights, octet_weight_format format, size_t* bytes);

/**
 * Packs the weights of all groups into one block, to which applies what octet_gemm_pack says of its blocks: it has no
 * pointers, and may be copied or mapped from a file. The limits of K are those of octet_gemm_pack; zero points of one
 * group count for all.
 *
 * @param weights  s8 or u8 [G, N, K], codes; any strides.
 * @param grid     the grid of the codes, axis 0 or -1. With axis 0 its f parameters are for G * N / f neighbouring ones
 *                 of the G * N channels each, group after group: [G * N] is a scale for each channel of each group, [G]
 *                 a scale for each group. Else as in octet_gemm_pack.
 * @param packed   out: aligned to 64, at least what octet_gemm_grouped_pack_size said.
 */
OCTET_API octet_status octet_gemm_grouped_pack(const DLTensor* weights, const octet_grid* grid,
                                               octet_weight_format format, void* packed, size_t packed_bytes);

/** Reads the header of a packed block, or a handle of octet_gemm_grouped_to_device (bytes: of its block on the device).
 * OCTET_INVALID_ARGUMENT if it is neither, or is cut short. */
OCTET_API octet_status octet_gemm_grouped_packed_info(const void* packed, size_t packed_bytes,
                                                      octet_gemm_grouped_info* info);

/** Bytes of a handle of octet_gemm_grouped_to_device. */
#define OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES 64

/** Bytes of device memory that octet_gemm_grouped_to_device needs for packed weights. */
OCTET_API octet_status octet_gemm_grouped_device_size(const void* packed, size_t packed_bytes, size_t* bytes);

/**
 * Places packed weights of groups on a CUDA device and makes a handle of them: as octet_gemm_to_device does.
 *
 * @param packed  a block made by octet_gemm_grouped_pack, in memory of the host.
 * @param block   memory of the device, aligned to 256, at least what octet_gemm_grouped_device_size said. The caller's.
 * @param handle  out: memory of the host, aligned to 64, OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES of it.
 * @param stream  a cudaStream_t; null: the default stream.
 */
OCTET_API octet_status octet_gemm_grouped_to_device(const void* packed, size_t packed_bytes, int32_t device,
                                                    void* block, size_t block_bytes, void* handle, void* stream);

/** Bytes of workspace that octet_gemm_grouped and octet_gemm_grouped_dynamic need for a, whatever the sizes of groups:
 * what octet_gemm_workspace_size says of M rows, and less than 1 KB for each group that can have rows. */
OCTET_API octet_status octet_gemm_grouped_workspace_size(const DLTensor* a, const void* packed, size_t packed_bytes,
                                                         size_t* bytes);

/**
 * The products of all groups, with activations on a grid for all of a.
 *
 * @param a          [M, K]: as for octet_gemm.
 * @param a_grid     as for octet_gemm.
 * @param offsets    s32 [G], without gaps, where a is. They rise (two may be equal) from 0 at least to M at most: on
 * the CPU OCTET_INVALID_ARGUMENT if they do not. On a CUDA device nobody looks at them before the kernel, which takes
 * one beyond 0..M for the nearest end, and one below another before it for that one: the result is that of these
 * offsets, and no memory but that of the tensors is touched.
 * @param packed     a block made by octet_gemm_grouped_pack; with tensors on a CUDA device, a handle made by
 *                   octet_gemm_grouped_to_device.
 * @param epilogue   null: none. bias and factor have G * N elements, N for each group; the residual is [M, N].
 * @param out        out, [M, N]: as for octet_gemm. Shares no memory with a.
 * @param workspace  aligned to 64, at least what octet_gemm_grouped_workspace_size said; for one call at a time.
 * @param stream     null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the device.
 */
OCTET_API octet_status octet_gemm_grouped(const DLTensor* a, const octet_grid* a_grid, const DLTensor* offsets,
                                          const void* packed, size_t packed_bytes, const octet_epilogue* epilogue,
                                          DLTensor* out, void* workspace, size_t workspace_bytes, void* stream);

/** Like octet_gemm_grouped, with a grid for every row of a taken from that row: as octet_gemm_dynamic does. */
OCTET_API octet_status octet_gemm_grouped_dynamic(const DLTensor* a, int32_t n_bits, float eps, const DLTensor* offsets,
                                                  const void* packed, size_t packed_bytes,
                                                  const octet_epilogue* epilogue, DLTensor* out, void* workspace,
                                                  size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_GEMM_GROUPED_H_ */
