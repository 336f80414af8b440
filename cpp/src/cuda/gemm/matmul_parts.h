// SPDX-License-Identifier: Apache-2.0
// A product of computed matrices as launches see it: parts with two dimensions of a batch each, in which operands may
// be shared. Dimensions that lie without gaps in all tensors are one, and matrices that share their right operand
// become one with all of their rows, so nearly all products are a single part.
#ifndef OCTET_CUDA_GEMM_MATMUL_PARTS_H_
#define OCTET_CUDA_GEMM_MATMUL_PARTS_H_

#include <cstdint>

#include "core/matmul_call.h"
#include "cuda/gemm/batch.h"
#include "cuda/gemm/epilogue_values.h"
#include "cuda/walk.h"

namespace octet {
namespace cuda {

/** A tensor's matrices in a part: strides are in bytes. */
struct PartMatrices {
  char* data;
  BatchStrides strides;
  /** From row to row: of a, out and residual along M, of b along what comes before its last dimension. */
  int64_t row;

  /** How many matrices there are in memory, and of the inner dimension: shared ones count once. */
  int64_t InnerCount(int64_t inner) const { return strides.inner == 0 ? 1 : inner; }
  int64_t Count(int64_t outer, int64_t inner) const { return (strides.outer == 0 ? 1 : outer) * InnerCount(inner); }
  /** Whether all rows begin at a multiple of so many bytes. */
  bool Aligned(int64_t bytes) const;
};

struct MatmulPart {
  int64_t outer;
  int64_t inner;
  PartMatrices a;
  PartMatrices b;
  PartMatrices out;
  /** data is null: none. */
  PartMatrices residual;

  int64_t count() const { return outer * inner; }
};

class MatmulParts {
 public:
  MatmulParts(const MatmulCall& call, const MatmulOutput& output);

  /** Rows of a matrix: those of several where they share b. */
  int64_t m() const { return m_; }
  int64_t count() const { return count_; }
  MatmulPart At(int64_t part) const;

 private:
  enum { kOut, kA, kB, kResidual, kOperands };

  bool RowsJoin(int dim) const;
  PartMatrices MatricesOf(int operand, int64_t offset) const;

  int64_t m_;
  int64_t count_ = 1;
  WalkShape shape_;
  WalkStrides strides_[kOperands];
  int64_t rows_[kOperands];
};

/** Places of rows numbered through all matrices of a part, m each. */
RowPlaces PlacesOf(const PartMatrices& matrices, int64_t m, int64_t outer, int64_t inner, int64_t item_size);

/** The epilogue of a part, with rows numbered through all of its matrices; its scales are left out. */
Epilogue EpilogueOf(const MatmulPart& part, const MatmulOutput& output, int64_t m, int64_t n);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_MATMUL_PARTS_H_
