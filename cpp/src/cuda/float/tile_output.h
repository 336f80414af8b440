// SPDX-License-Identifier: Apache-2.0
// From a thread's sums of a tile to the output, or to the workspace where thread blocks share the K of a tile.
#ifndef OCTET_CUDA_FLOAT_TILE_OUTPUT_H_
#define OCTET_CUDA_FLOAT_TILE_OUTPUT_H_

#include <cstdint>

#include "cuda/float/finish.h"
#include "cuda/float/fragments.h"
#include "cuda/gemm/epilogue_rows.h"
#include "cuda/gemm/raster.h"

namespace octet {
namespace cuda {

/** What a thread block has of the output. */
struct FloatPlace {
  EpiloguePart part;
  int32_t product;
  /** Of the thread, numbered as the epilogue does. */
  int64_t row;
  int32_t column;
};

/** Made anew where it is wanted: the main loop needs the registers. */
template <int kParts>
__device__ FloatPlace FloatPlaceOf(const Epilogue& epilogue, const Batch& batch, const Raster& raster) {
  const uint32_t tiles = static_cast<uint32_t>(raster.by_activations) * static_cast<uint32_t>(raster.by_weights);
  const BatchPlace product = PlaceOf(batch, blockIdx.x, tiles);
  const TilePlace tile = PlaceOf(raster, blockIdx.x - static_cast<uint32_t>(product.number) * tiles);
  FloatPlace place;
  place.part = PartOf(epilogue, batch, product);
  place.product = product.number;
  place.row = place.part.first_row + static_cast<int64_t>(tile.by_activations) * FloatSide(kParts) + FirstRowOfThread();
  place.column = place.part.first_column + tile.by_weights * FloatSide(kParts) + FirstColumnOfThread();
  return place;
}

/** Finishes a thread's sums through memory of its own, so that rows are a loop and not code for each of them. */
template <int kParts>
__device__ void FinishTile(const FloatEpilogue& epilogue, const FloatPlace& place, const FloatSums<kParts>& sums,
                           float4* memory) {
#pragma unroll
  for (int part = 0; part < kParts; ++part) {
#pragma unroll
    for (int r = 0; r < kQuad; ++r) {
#pragma unroll
      for (int c = 0; c < kParts; ++c) memory[(r * kParts + c) * kFloatThreads] = sums.Quad(part * kQuad + r, c);
    }
#pragma unroll 1
    for (int i = 0; i < kQuad * kParts; ++i) {
      const int64_t row = place.row + part * 64 + i / kParts;
      const int32_t column = place.column + i % kParts * 64;
      if (row >= place.part.rows_end || column >= place.part.columns_end) continue;
      const float4 quad = memory[i * kFloatThreads];
      float values[kQuad] = {quad.x, quad.y, quad.z, quad.w};
      FinishQuad(epilogue, row, column, place.part.columns_end, values, memory + i * kFloatThreads);
    }
  }
}

/** Writes the sums of a block of K to the workspace. */
template <int kParts>
__device__ void KeepBlock(const BlockSums& to, int64_t block, const FloatPlace& place, const FloatSums<kParts>& sums) {
  const int32_t group = to.groups == 1 ? 0 : place.product;
  const int32_t quad = (place.column - place.part.first_column) / kQuad;
  float4* at = to.At(block, place.row, group, quad);
  const int64_t row_step = static_cast<int64_t>(to.groups) * to.quads;
  const int rows = static_cast<int>(min(int64_t{FloatSide(kParts)}, place.part.rows_end - place.row));
  const int quads = to.quads - quad;
#pragma unroll
  for (int part = 0; part < kParts; ++part) {
#pragma unroll
    for (int r = 0; r < kQuad; ++r) {
#pragma unroll
      for (int c = 0; c < kParts; ++c) {
        if (part * 64 + r < rows && c * 16 < quads) at[c * 16] = sums.Quad(part * kQuad + r, c);
      }
      at += row_step;
    }
    at += (64 - kQuad) * row_step;
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_TILE_OUTPUT_H_
