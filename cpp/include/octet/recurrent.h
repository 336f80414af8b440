/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Recurrent layers in floats, with the meaning of PyTorch's RNN, LSTM and GRU in evaluation: a stack of layers, each in
 * one direction or in both. All steps of a sequence run in one call.
 *
 * With G gates (RNN 1, GRU 3, LSTM 4), H hidden units, P outputs (H, or the rows of a projection), for each step:
 *
 *     a = x * input_weights^T + input_bias        [G * H], for all steps at once
 *     b = h * hidden_weights^T + hidden_bias      [G * H]
 *
 *     RNN   h' = tanh(a + b), or the greater of a + b and 0
 *     LSTM  i, f, o = sigmoid(a + b), g = tanh(a + b);  c' = fma(f, c, i * g);  h' = o * tanh(c')
 *           gates in the order i, f, g, o; with a projection h' = (o * tanh(c')) * projection^T
 *     GRU   r, z = sigmoid(a + b);  n = tanh(fma(r, b, a));  h' = fma(z, h - n, n)
 *           gates in the order r, z, n
 *
 * Products are those of octet/gemm_float.h, tanh and sigmoid those of octet/elementwise.h. The results do not depend on
 * strides, threads or instruction set, and are the same on CUDA devices. Nothing is allocated. Safe to call from any
 * thread.
 */
#ifndef OCTET_RECURRENT_H_
#define OCTET_RECURRENT_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a step computes. */
typedef enum octet_recurrent_cell {
  OCTET_CELL_RNN_TANH = 0,
  OCTET_CELL_RNN_RELU = 1,
  OCTET_CELL_LSTM = 2,
  OCTET_CELL_GRU = 3
} octet_recurrent_cell;

/**
 * The weights of one direction of one layer. Weights are blocks made by octet_gemm_float_pack, or by octet_gemm_pack
 * ("weight-only" quantization); with tensors on a CUDA device handles made by octet_gemm_float_to_device or
 * octet_gemm_to_device. All belong to the caller.
 */
typedef struct octet_recurrent_weights {
  /** [G * H, inputs]: those of x in the first layer, directions * P in the others. */
  const void* input_weights;
  size_t input_weights_bytes;
  /** [G * H, P]. */
  const void* hidden_weights;
  size_t hidden_weights_bytes;
  /** [P, H], of LSTMs only: what is passed on is projected. null: P is H. */
  const void* projection;
  size_t projection_bytes;
  /** f32 [G * H], compact; null: 0. */
  const DLTensor* input_bias;
  /** Likewise. */
  const DLTensor* hidden_bias;
} octet_recurrent_weights;

/** A stack of layers of the same cell and sizes. */
typedef struct octet_recurrent_layers {
  octet_recurrent_cell cell;
  /** 1 to OCTET_MOST_RECURRENT_LAYERS. */
  int32_t layers;
  /** 1, or 2: forwards and backwards, each with weights of its own, whose outputs lie side by side. */
  int32_t directions;
  /** layers * directions of them: of the first layer forwards, then backwards, then of the second one. */
  const octet_recurrent_weights* weights;
} octet_recurrent_layers;

#define OCTET_MOST_RECURRENT_LAYERS 1024

/** States before the first and after the last step: f32, [layers * directions, B, P], of cells [.., B, H]; the last
 * dimension has no gaps. Backwards, the first step is that of the last element of the sequence. */
typedef struct octet_recurrent_states {
  /** null: 0. */
  const DLTensor* h_0;
  /** Of LSTMs only; null: 0. */
  const DLTensor* c_0;
  /** out; null: not wanted. May be the memory of h_0 with the same strides. */
  DLTensor* h_n;
  /** out, of LSTMs only; null: not wanted. May be the memory of c_0 with the same strides. */
  DLTensor* c_n;
} octet_recurrent_states;

/**
 * Bytes of workspace that octet_recurrent needs: the outputs of up to two layers, the gates of as many steps as fit in
 * 16 MB, at least of one, and what octet_gemm_float needs for its products. On a CUDA device it is device memory.
 *
 * @param x  as of octet_recurrent; type, shape and strides are looked at, not the data.
 */
OCTET_API octet_status octet_recurrent_workspace_size(const octet_recurrent_layers* layers, const DLTensor* x,
                                                      size_t* bytes);

/**
 * Runs the layers over sequences of T steps. T and B may be 0; without steps the final states are the initial ones.
 *
 * @param x          [T, B, inputs]: f32, f16 or bf16, or s8 or u8 codes on x_grid, which stand for scale * (code -
 *                   zero_point). The last dimension has no gaps; the others may have any strides, so that sequences
 *                   [B, T, inputs] are passed with their strides exchanged.
 * @param x_grid     the grid of codes, axis -1, within their type; null for floats. The zero point must not be NaN.
 * @param states     null: from 0 on, and final states are not wanted.
 * @param out        out, f32 [T, B, directions * P]: h' of every step of the last layer. The last dimension has no
 *                   gaps. Shares no memory with the others.
 * @param workspace  aligned to 64, at least what octet_recurrent_workspace_size said; for one call at a time.
 * @param stream     null on the CPU; else a cudaStream_t, null being the default stream. Nothing waits for the device.
 */
OCTET_API octet_status octet_recurrent(const octet_recurrent_layers* layers, const DLTensor* x,
                                       const octet_grid* x_grid, const octet_recurrent_states* states, DLTensor* out,
                                       void* workspace, size_t workspace_bytes, void* stream);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_RECURRENT_H_ */
