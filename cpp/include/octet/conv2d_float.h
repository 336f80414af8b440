/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Convolutions in two dimensions in floats, as octet/conv2d.h has them in integers: the same parameters, images of any
 * strides, sizes of the output, and one dimension as a special case.
 *
 *     out[n, y, x, o] = epilogue(sum over r, s, c of
 *         in[n, y * stride_h - pad_top + r * dilation_h, x * stride_w - pad_left + s * dilation_w, c] * weights[o, c,
 * r, s])
 *
 * where what lies outside of the input is 0, which is multiplied like everything else. The epilogue (octet/epilogue.h)
 * begins with y = sum + bias[o].
 *
 * The order of a sum depends on the weights' shape, groups and dilation alone. It is cut into runs: a run is the taps
 * of a row and their channels, or, where the kernel is dilated in width, the channels of one tap; depthwise
 * convolutions (groups = Cin) have a single run of all taps. A run is cut into blocks of 256 products (channels change
 * fastest, then taps of a row); each is summed up from +0 on, one fused multiply-add after the other in f32, and the
 * sums of blocks are added in order. So results do not depend on strides, threads or instruction set, are the same on
 * CUDA devices (at the rate of f32: the order keeps tensor cores out), and a kernel of one tap gives what
 * octet/matmul.h does.
 *
 * Weights are packed once, with what else describes the convolution, into memory of the caller, and used by any number
 * of calls at the same time. N and the numbers of channels may be 0; without channels all sums are 0. Only packing
 * allocates memory, for its time.
 */
#ifndef OCTET_CONV2D_FLOAT_H_
#define OCTET_CONV2D_FLOAT_H_

#include "octet/conv2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes that octet_conv2d_float_pack needs for these weights, a multiple of 64.
 *
 * @param weights  f32, f16, bf16, s8 or u8 [Cout, Cin / groups, kernel height, kernel width]; the data is not read.
 */
OCTET_API octet_status octet_conv2d_float_pack_size(const DLTensor* weights, const octet_conv2d_params* params,
                                                    size_t* bytes);

/**
 * Packs weights, as f32. The block begins with a header that says its version, shape and parameters; it has no
 * pointers, may be copied or mapped from a file to another 64-byte boundary, and is the same for every instruction set
 * and number of threads. It belongs to the caller, must not change while calls use it, and all of its bytes are
 * written.
 *
 * @param weights  [Cout, Cin / groups, kernel height, kernel width]: f32, f16 or bf16, or s8 or u8 codes on the grid,
 *                 which stand for scale * (code - zero_point); any strides. The kernel has at least one tap, and at
 * most 2^28 weights a channel of the output.
 * @param grid     the grid of codes, axis 0 (a scale for each of g groups of Cout / g channels) or -1, as in
 *                 octet_conv2d_pack; null for floats.
 * @param packed   out: aligned to 64, at least what octet_conv2d_float_pack_size said.
 */
OCTET_API octet_status octet_conv2d_float_pack(const DLTensor* weights, const octet_grid* grid,
                                               const octet_conv2d_params* params, void* packed, size_t packed_bytes);

/** Bytes of a handle of octet_conv2d_float_to_device. */
#define OCTET_CONV2D_FLOAT_DEVICE_HANDLE_BYTES 128

/** Bytes of device memory that octet_conv2d_float_to_device needs for packed weights. */
OCTET_API octet_status octet_conv2d_float_device_size(const void* packed, size_t packed_bytes, size_t* bytes);

/**
 * Places packed weights on a CUDA device, as octet_conv2d_to_device does codes: once, and calls with tensors on that
 * device are given the handle in place of packed weights.
 *
 * @param packed  a block made by octet_conv2d_float_pack, in memory of the host.
 * @param block   memory of the device, aligned to 256, at least what octet_conv2d_float_device_size said. The caller's.
 * @param handle  out: memory of the host, aligned to 64, OCTET_CONV2D_FLOAT_DEVICE_HANDLE_BYTES of it.
 * @param stream  a cudaStream_t; null: the default stream.
 */
OCTET_API octet_status octet_conv2d_float_to_device(const void* packed, size_t packed_bytes, int32_t device,
                                                    void* block, size_t block_bytes, void* handle, void* stream);

/**
 * Bytes of workspace that octet_conv2d_float needs for x: some MB, save where the rows of the input under a single row
 * of the output are more than that. On a CUDA device, where it is device memory: 4 bytes for each element of the output
 * and block of products where there are few elements, else 0.
 */
OCTET_API octet_status octet_conv2d_float_workspace_size(const DLTensor* x, const void* packed, size_t packed_bytes,
                                                         size_t* bytes);

/**
 * The convolution.
 *
 * @param x          [N, H, W, Cin]: f32, f16 or bf16, or s8 or u8 codes on x_grid, which stand for scale * (code -
 *                   zero_point). Any strides.
 * @param x_grid     the grid of codes, axis -1, within their type; null for floats. The zero point must not be NaN.
 * @param packed     a block made by octet_conv2d_float_pack; with tensors on a CUDA device a handle made by
 *                   octet_conv2d_float_to_device.
 * @param epilogue   null: none. bias has Cout elements; the residual has the shape of out and any strides.
 * @param out        out, [N, H of the output, W of the output, Cout]: f32, f16 or bf16, or s8 or u8 (then
 *                   epilogue.out_grid says on what grid). Any strides. Shares no memory with x.
 * @param workspace  aligned to 64, at least what octet_conv2d_float_workspace_size said; for one call at a time.
 * @param stream     null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the device.
 */
OCTET_API octet_status octet_conv2d_float(const DLTensor* x, const octet_grid* x_grid, const void* packed,
                                          size_t packed_bytes, const octet_epilogue* epilogue, DLTensor* out,
                                          void* workspace, size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_CONV2D_FLOAT_H_ */
