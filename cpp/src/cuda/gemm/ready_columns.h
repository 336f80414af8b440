// SPDX-License-Identifier: Apache-2.0
// The right operand of a product of computed matrices in the form of weights on a device (core/device_gemm.h): rows of
// s8 codes along K, filled up with zeros to whole tiles, and the arrays over columns. A pass bound by memory over what
// the product reads many times.
#ifndef OCTET_CUDA_GEMM_READY_COLUMNS_H_
#define OCTET_CUDA_GEMM_READY_COLUMNS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/gemm/batch.h"

namespace octet {
namespace cuda {

struct ReadyColumns {
  /** Matrices [K, N], or [N, K] if `along_k`, whose rows are `stride` bytes apart. */
  const char* data;
  bool along_k;
  int64_t stride;
  /** How many matrices; the size of their inner dimension, and bytes from matrix to matrix. */
  int32_t count;
  int32_t inner;
  BatchStrides strides;
  int32_t n;
  int32_t k;
  /** u8 codes are stored less 128. */
  bool is_unsigned;
  /** Of all columns; the zero point of codes as they are stored. */
  float scale;
  int32_t zero_point;
  /** [count][n][code_stride] bytes, a whole number of tiles; null: codes are read where they are. */
  int8_t* codes;
  int64_t code_stride;
  /** [count][columns], as in core/device_gemm.h; sums are 0 when the pass begins. */
  int64_t columns;
  int32_t* sums;
  float* scales;
  int32_t* zero_points;
};

/** Enqueues the pass. count, n > 0. */
cudaError_t MakeColumnsReady(const ReadyColumns& ready, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_READY_COLUMNS_H_
