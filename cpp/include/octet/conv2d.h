/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Convolutions of integers in two dimensions, as PyTorch's Conv2d has them (a cross-correlation):
 *
 *     out[n, y, x, o] = epilogue(sum over r, s, c of
 *         (in[n, y * stride_h - pad_top + r * dilation_h, x * stride_w - pad_left + s * dilation_w, c] - zero point)
 *         * (weights[o, c, r, s] - zero point))
 *
 * where what lies outside of the input is its zero point, c counts the channels of o's group, and the size of the
 * output is floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1.
 *
 * Images are tensors [N, H, W, C] with any strides: the order of dimensions in memory is free. Without gaps they are
 * "channels last", which is the fastest; PyTorch's usual layout is passed as a view with the strides of C between those
 * of N and H, (C * H * W, W, 1, H * W).
 *
 * A convolution in one dimension is one with H = 1, kernel height 1, stride_h = dilation_h = 1 and no padding above and
 * below: input [N, 1, L, C], weights [Cout, Cin / groups, 1, K].
 *
 * Weights are packed once, with what else describes the convolution, into memory of the caller, and used by any number
 * of calls at the same time. Sums are exact, and results do not depend on strides, threads or instruction set. N and
 * the numbers of channels may be 0; without channels all sums are 0. Only packing allocates memory, for its time.
 *
 * No matrix of patches is made: the input is copied into the workspace once, as bytes with padding around them (up to
 * some MB at a time), and the kernels find the taps of a pixel there. Depthwise convolutions (groups = Cin, any
 * multiple of it for Cout) have a kernel of their own. Other groups of fewer than 16 output channels waste part of each
 * vector.
 *
 * On a CUDA device codes in channels-last order whose (groups') channels are a multiple of 16 are read where they are;
 * other inputs are copied into the workspace once, as codes with their channels filled up to one. Results have the same
 * bits as on the CPU, save that NaNs may differ in their sign and payload. Grids of codes are passed on the CPU.
 */
#ifndef OCTET_CONV2D_H_
#define OCTET_CONV2D_H_

#include "octet/gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a convolution does besides its weights. Read during the call only. */
typedef struct octet_conv2d_params {
  /** At least 1. */
  int32_t stride_h;
  int32_t stride_w;
  /** At least 0. */
  int32_t pad_top;
  int32_t pad_left;
  int32_t pad_bottom;
  int32_t pad_right;
  /** At least 1. */
  int32_t dilation_h;
  int32_t dilation_w;
  /** At least 1; a divisor of the numbers of channels of input and output. */
  int32_t groups;
} octet_conv2d_params;

/** What a packed block says about itself. */
typedef struct octet_conv2d_info {
  octet_conv2d_params params;
  /** Channels of input and output, all groups together. */
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_h;
  int64_t kernel_w;
  octet_weight_format format;
  /** 1 if any zero point is not 0 (counted from the middle of u8 codes: 128, or 8 of 4 bits). */
  int32_t has_zero_points;
  /** Size of the block in bytes. */
  int64_t bytes;
} octet_conv2d_info;

/**
 * Bytes that octet_conv2d_pack needs for these weights, a multiple of 64.
 *
 * @param weights  s8 or u8 [Cout, Cin / groups, kernel height, kernel width]; the data is not read.
 */
OCTET_API octet_status octet_conv2d_pack_size(const DLTensor* weights, const octet_conv2d_params* params,
                                              octet_weight_format format, size_t* bytes);

/**
 * Packs weights. The block begins with a header that says its version, shape and parameters; it has no pointers, may be
 * copied or mapped from a file to another 64-byte boundary, and is the same for every instruction set and number of
 * threads. It belongs to the caller, must not change while calls use it, and all of its bytes are written.
 *
 * Limits of Cin / groups * height * width: as of K in octet_gemm_pack.
 *
 * @param weights  s8 or u8 [Cout, Cin / groups, kernel height, kernel width], codes; any strides.
 *                 OCTET_INVALID_ARGUMENT if a code is not one of the format's. The kernel has at least one tap.
 * @param grid     the grid of the codes, axis 0 (a scale for each of g groups of Cout / g channels) or -1; int_min and
 *                 int_max are whole and within the type. Zero points must not be NaN.
 * @param packed   out: aligned to 64, at least what octet_conv2d_pack_size said.
 */
OCTET_API octet_status octet_conv2d_pack(const DLTensor* weights, const octet_grid* grid,
                                         const octet_conv2d_params* params, octet_weight_format format, void* packed,
                                         size_t packed_bytes);

/** Reads the header of a packed block, or a handle of octet_conv2d_to_device (bytes: of its block on the device).
 * OCTET_INVALID_ARGUMENT if it is neither, or is cut short. */
OCTET_API octet_status octet_conv2d_packed_info(const void* packed, size_t packed_bytes, octet_conv2d_info* info);

/**
 * Height and width of the output for an input of height in_h and width in_w, at most 2^31 - 1 each.
 * OCTET_INVALID_ARGUMENT if the kernel is larger than the padded input.
 */
OCTET_API octet_status octet_conv2d_out_size(const void* packed, size_t packed_bytes, int64_t in_h, int64_t in_w,
                                             int64_t* out_h, int64_t* out_w);

/** Bytes of a handle of octet_conv2d_to_device. */
#define OCTET_CONV2D_DEVICE_HANDLE_BYTES 128

/** Bytes of device memory that octet_conv2d_to_device needs for a packed convolution. */
OCTET_API octet_status octet_conv2d_device_size(const void* packed, size_t packed_bytes, size_t* bytes);

/**
 * Places a packed convolution on a CUDA device and makes a handle, as octet_gemm_to_device does: what calls with
 * tensors on that device are given as `packed`, with OCTET_CONV2D_DEVICE_HANDLE_BYTES as packed_bytes.
 *
 * @param packed  a block made by octet_conv2d_pack, in memory of the host.
 * @param block   memory of the device, aligned to 256, at least what octet_conv2d_device_size said. The caller's.
 * @param handle  out: memory of the host, aligned to 64, OCTET_CONV2D_DEVICE_HANDLE_BYTES of it.
 * @param stream  a cudaStream_t; null: the default stream.
 */
OCTET_API octet_status octet_conv2d_to_device(const void* packed, size_t packed_bytes, int32_t device, void* block,
                                              size_t block_bytes, void* handle, void* stream);

/**
 * Bytes of workspace that octet_conv2d needs for x: some MB, save where the rows of the input under a single row of the
 * output are more than that. On a CUDA device, where it is device memory: up to a byte for each element of x with its
 * channels filled up to a multiple of 16, and some MB of sums.
 */
OCTET_API octet_status octet_conv2d_workspace_size(const DLTensor* x, const void* packed, size_t packed_bytes,
                                                   size_t* bytes);

/**
 * The convolution.
 *
 * @param x          [N, H, W, Cin]: s8 or u8 codes on x_grid, or f32, f16 or bf16, quantized on x_grid (as
 *                   octet_quantize does: NaN becomes the zero point) while they are read. Any strides.
 * @param x_grid     axis -1; int_min and int_max are whole and within s8 or u8 (within the type of x where that is an
 *                   integer). The zero point must not be NaN.
 * @param packed     a block made by octet_conv2d_pack; with tensors on a CUDA device, a handle made by
 *                   octet_conv2d_to_device.
 * @param epilogue   null: none. bias has Cout elements; the residual has the shape of out and any strides.
 * @param out        out, [N, H of the output, W of the output, Cout]: f32, f16 or bf16, or s8 or u8 (then
 *                   epilogue.out_grid says on what grid). Any strides. Shares no memory with x.
 * @param workspace  aligned to 64, at least what octet_conv2d_workspace_size said; for one call at a time.
 * @param stream     null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the device.
 */
OCTET_API octet_status octet_conv2d(const DLTensor* x, const octet_grid* x_grid, const void* packed,
                                    size_t packed_bytes, const octet_epilogue* epilogue, DLTensor* out, void* workspace,
                                    size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_CONV2D_H_ */
