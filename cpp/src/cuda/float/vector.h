// SPDX-License-Identifier: Apache-2.0
// Products of floats with few rows and packed weights: bound by reading the weights, each byte of them once.
#ifndef OCTET_CUDA_FLOAT_VECTOR_H_
#define OCTET_CUDA_FLOAT_VECTOR_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/float/finish.h"
#include "cuda/float/sources.h"

namespace octet {
namespace cuda {

/** Rows that a thread block takes; more are taken by several, which read the weights again. */
constexpr int kVectorRows = 8;
/** Columns of a thread block. */
constexpr int kVectorColumns = 128;

/** Rows of weights along K, each at a multiple of 16 bytes. */
struct VectorWeights {
  const char* data;
  /** Bytes from row to row, all of which exist. */
  int64_t row;
  /** 32 (f32), 8 or 4. */
  int bits;
  /** Of codes, as in FloatCodes. */
  const float* scales;
  const int32_t* zero_points;
  int32_t rows;
};

struct FloatVectorProblem {
  FloatRows left;
  VectorWeights weights;
  /** Thread blocks that share a column's K; with more than one, sums of blocks go to the workspace. */
  int32_t parts;
  BlockSums block_sums;
  FloatEpilogue epilogue;
};

cudaError_t LaunchFloatVector(const FloatVectorProblem& problem, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_VECTOR_H_
