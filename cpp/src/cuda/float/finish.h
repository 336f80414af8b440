// SPDX-License-Identifier: Apache-2.0
// From finished sums, four neighbouring columns at a time, to the output; and the sums of blocks of K that wait for
// each other in the workspace where several thread blocks share the K of a product.
#ifndef OCTET_CUDA_FLOAT_FINISH_H_
#define OCTET_CUDA_FLOAT_FINISH_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/float/quad.h"
#include "cuda/gemm/batch.h"
#include "cuda/gemm/epilogue_values.h"

namespace octet {
namespace cuda {

struct FloatEpilogue {
  /** Its scales are not looked at. */
  Epilogue values;
  /** Whether four neighbouring elements of the output can be written at once. */
  bool out_quads;
};

/** y = sum + bias and what follows, for a row and columns before columns_end. scratch: 16 bytes of the thread. */
__device__ inline void FinishQuad(const FloatEpilogue& epilogue, int64_t row, int32_t column, int32_t columns_end,
                                  float (&values)[kQuad], void* scratch) {
  const EpilogueView& view = epilogue.values.view;
  const int count = min(kQuad, columns_end - column);
  if (view.bias != nullptr) {
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      if (i < count) values[i] += __ldg(view.bias + column + i);
    }
  }
  FinishValues(epilogue.values, row, column, values);
  const RowPlaces& places = epilogue.values.out_places;
  const int size = static_cast<int>(SizeOf(view.out.type));
  char* to = view.out.data + places.Of(row) + column * places.column;
  if (epilogue.out_quads && count == kQuad) {
    PutValues(view, epilogue.values.codes, values, to);
    return;
  }
  PutValues(view, epilogue.values.codes, values, scratch);
  for (int i = 0; i < count; ++i) {
    CopyElement(to + i * places.column, static_cast<const char*>(scratch) + i * size, size);
  }
}

/** Sums of blocks of K: [blocks][rows][quads of columns], where products of a group have quads of their own. */
struct BlockSums {
  /** Null: each thread block has all of K. */
  float4* sums;
  int64_t rows;
  /** Columns of a group, and their quads; groups. */
  int32_t columns;
  int32_t quads;
  int32_t groups;

  __device__ float4* At(int64_t block, int64_t row, int32_t group, int32_t quad) const {
    return sums + ((block * rows + row) * groups + group) * quads + quad;
  }
};

inline int64_t BlockSumsBytes(int64_t blocks, int64_t rows, int64_t columns, int64_t groups) {
  return blocks * rows * groups * ((columns + kQuad - 1) / kQuad) * static_cast<int64_t>(sizeof(float4));
}

/** Adds up the sums of `blocks` blocks in order and finishes them. */
cudaError_t FinishBlocks(const BlockSums& sums, int64_t blocks, const FloatEpilogue& epilogue, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_FINISH_H_
