// SPDX-License-Identifier: Apache-2.0
// Products of at most eight rows of activations: bound by reading the weights, each byte of them once, 16 bytes a
// thread.
#ifndef OCTET_CUDA_GEMM_MATRIX_VECTOR_H_
#define OCTET_CUDA_GEMM_MATRIX_VECTOR_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/gemm/batch.h"
#include "cuda/gemm/epilogue_values.h"
#include "cuda/gemm/operand_loader.h"

namespace octet {
namespace cuda {

/** Rows of activations, at most. */
constexpr int kMostVectorRows = 8;

struct VectorProblem {
  OperandRows activations;
  OperandRows weights;
  bool signed_activations;
  int weight_bits;
  /** Whether the warps of a block share the columns and cut K, for few columns. */
  bool cut_k;
  /** Of products that all have weights of 8 bits; zeroed: a single one. */
  Batch batch;
  Epilogue epilogue;
  /** Whether four neighbouring elements of the output can be written at once. */
  bool out_quads;
};

cudaError_t LaunchMatrixVector(const VectorProblem& problem, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_MATRIX_VECTOR_H_
