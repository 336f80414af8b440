// SPDX-License-Identifier: Apache-2.0
// Several products in one launch: batches of matrices, of which operands may be shared, and groups of a convolution.
// The blocks of product number z follow those of number z - 1; z counts two dimensions, each with strides of its own.
#ifndef OCTET_CUDA_GEMM_BATCH_H_
#define OCTET_CUDA_GEMM_BATCH_H_

#include <cstdint>

namespace octet {
namespace cuda {

/** Distances along the outer and the inner dimension. */
struct BatchStrides {
  int64_t outer;
  int64_t inner;
};

/** A zeroed one is a single product. */
struct Batch {
  /** Of products: at least 1, or 0 for a single one. */
  int32_t count;
  /** Size of the inner dimension. */
  int32_t inner;
  /** Of operands, in bytes. */
  BatchStrides activations;
  BatchStrides weights;
  /** Of the arrays over columns, in elements. */
  BatchStrides terms;
  /** Of the sums of activations, in elements. */
  BatchStrides sums;
  /** Rows and columns of the output from product to product, in the numbers that the epilogue goes by. */
  int64_t rows;
  int32_t columns;
};

/** Number of a product as two indices. */
struct BatchPlace {
  int32_t number;
  int32_t outer;
  int32_t inner;

  __host__ __device__ int64_t Of(const BatchStrides& strides) const {
    return outer * strides.outer + inner * strides.inner;
  }
};

/** tiles: blocks of a product. */
__device__ inline BatchPlace PlaceOf(const Batch& batch, uint32_t block, uint32_t tiles) {
  if (batch.count <= 1) return {0, 0, 0};
  const int32_t number = static_cast<int32_t>(block / tiles);
  return {number, number / batch.inner, number % batch.inner};
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_BATCH_H_
