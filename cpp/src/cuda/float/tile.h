// SPDX-License-Identifier: Apache-2.0
// The kernel of a tiled product of floats.
//
// The contract (numerics/product.h) fixes the order of every sum: one fused multiply-add after the other in f32 within
// blocks of 256 k, then block after block. Tensor cores add the products of 4 to 16 k at once, in an order and with a
// rounding of their own, and take f16, bf16 or tf32: they cannot give these bits. So products of floats run on the
// multiply-adds of f32, 64 or 128 a clock and multiprocessor, where mma of f16 makes 1024 or 2048 on sm_80 and later.
// That is the price of the same bits everywhere; a layer that it is too much for runs in integers. A mode that gives up
// the order for f16 tensor cores would be a function of its own, beside this one; there is none.
//
// 256 threads, each with kParts x kParts squares of 4 x 4 sums that are 64 rows and 64 columns apart: a k costs a
// thread 2 kParts reads of 16 bytes from shared memory and 16 kParts^2 multiply-adds. Tiles of K go through registers
// into one of two stages, while products of the other one are made: a tile costs one barrier. cp.async would not do:
// most sources have to become f32 on the way, and the layout is transposed.
#ifndef OCTET_CUDA_FLOAT_TILE_H_
#define OCTET_CUDA_FLOAT_TILE_H_

#include <cstdint>

#include "cuda/float/fragments.h"
#include "cuda/float/sources.h"
#include "cuda/float/tile_output.h"
#include "cuda/gemm/batch.h"
#include "cuda/gemm/raster.h"

namespace octet {
namespace cuda {

constexpr int kTilesOfBlock = static_cast<int>(numerics::kProductBlock) / kFloatDepth;

/** The order of K: runs (one for matrix products), each cut into tiles, and these into blocks. */
struct FloatOrder {
  int32_t runs;
  /** Tiles and blocks of a run. */
  int32_t tiles;
  int32_t blocks;

  /** The tile that a block begins with. */
  __host__ __device__ int32_t FirstTile(int32_t block) const {
    return block / blocks * tiles + block % blocks * kTilesOfBlock;
  }
  __host__ __device__ int32_t TilesOf(int32_t block) const {
    const int32_t rest = tiles - block % blocks * kTilesOfBlock;
    return rest < kTilesOfBlock ? rest : kTilesOfBlock;
  }
  __host__ __device__ int32_t all_blocks() const { return runs * blocks; }
};

inline FloatOrder FloatOrderOf(int64_t runs, int64_t run_length) {
  const int32_t tiles = static_cast<int32_t>((run_length + kFloatDepth - 1) / kFloatDepth);
  return {tiles == 0 ? 0 : static_cast<int32_t>(runs), tiles, (tiles + kTilesOfBlock - 1) / kTilesOfBlock};
}

template <typename Left, typename Right>
struct FloatTileProblem {
  Left left;
  Right right;
  FloatOrder order;
  Raster raster;
  /** Thread blocks that share the K of a tile; with more than one, sums of blocks go to the workspace. */
  int32_t parts;
  BlockSums block_sums;
  Batch batch;
  FloatEpilogue epilogue;
};

template <int kParts, typename Left, typename Right>
__global__ void __launch_bounds__(kFloatThreads)
    FloatTileKernel(const __grid_constant__ FloatTileProblem<Left, Right> problem) {
  constexpr int kSide = FloatSide(kParts);
  constexpr int kOperand = kSide * kFloatDepth;
  __shared__ float4 stages[2 * 2 * kOperand / kQuad];
  static_assert(sizeof(stages) >= sizeof(float4) * kQuad * kParts * kFloatThreads, "room for FinishTile");
  const uint32_t tiles =
      static_cast<uint32_t>(problem.raster.by_activations) * static_cast<uint32_t>(problem.raster.by_weights);
  const BatchPlace product = PlaceOf(problem.batch, blockIdx.x, tiles);
  const TilePlace tile = PlaceOf(problem.raster, blockIdx.x - static_cast<uint32_t>(product.number) * tiles);
  const int64_t first_row = static_cast<int64_t>(tile.by_activations) * kSide;
  const int32_t first_column = tile.by_weights * kSide;
  const FloatOrder& order = problem.order;
  const int64_t all_blocks = order.all_blocks();
  int32_t block = static_cast<int32_t>(all_blocks * blockIdx.y / problem.parts);
  const int32_t last_block = static_cast<int32_t>(all_blocks * (blockIdx.y + 1) / problem.parts);
  const bool any = block < last_block;
  const int32_t first_tile = any ? order.FirstTile(block) : 0;
  int32_t left_tiles = any ? order.FirstTile(last_block - 1) + order.TilesOf(last_block - 1) - first_tile : 0;
  typename FloatLoaderOf<Left, kSide, true>::Type left(problem.left, first_row, first_tile,
                                                       product.Of(problem.batch.activations));
  typename FloatLoaderOf<Right, kSide, false>::Type right(problem.right, first_column, first_tile,
                                                          product.Of(problem.batch.weights));
  const FloatFragments<kParts> fragments(FirstRowOfThread(), FirstColumnOfThread());
  float* const memory = reinterpret_cast<float*>(stages);
  FloatSums<kParts> total;
  FloatSums<kParts> sums;
  total.Clear();
  sums.Clear();
  if (any) {
    left.Fetch();
    right.Fetch();
    left.Put(memory);
    right.Put(memory + kOperand);
  }
  __syncthreads();
  bool is_first = true;
  int32_t left_of_block = any ? order.TilesOf(block) : 0;
  int stage = 0;
  for (; left_tiles > 0; --left_tiles) {
    const bool more = left_tiles > 1;
    if (more) {
      left.Fetch();
      right.Fetch();
    }
    fragments.Multiply(memory + stage, memory + stage + kOperand, &sums);
    stage ^= 2 * kOperand;
    if (more) {
      left.Put(memory + stage);
      right.Put(memory + stage + kOperand);
    }
    if (--left_of_block == 0) {
      if (problem.block_sums.sums != nullptr) {
        KeepBlock(problem.block_sums, block,
                  FloatPlaceOf<kParts>(problem.epilogue.values, problem.batch, problem.raster), sums);
      } else if (is_first) {
        total = sums;
      } else {
        total.Add(sums);
      }
      is_first = false;
      sums.Clear();
      // After the last block this is not used.
      left_of_block = order.TilesOf(++block);
    }
    __syncthreads();
  }
  if (problem.block_sums.sums != nullptr) return;
  FinishTile(problem.epilogue, FloatPlaceOf<kParts>(problem.epilogue.values, problem.batch, problem.raster), total,
             stages + threadIdx.x);
}

template <typename Left, typename Right>
struct FloatTileLaunch {
  const FloatTileProblem<Left, Right>* problem;
  /** 1 or 2 parts a side: tiles of 64x64 or 128x128. */
  int side_parts;
  cudaStream_t stream;
};

template <typename Left, typename Right>
cudaError_t LaunchFloatTile(const FloatTileLaunch<Left, Right>& launch) {
  const FloatTileProblem<Left, Right>& problem = *launch.problem;
  const dim3 blocks(static_cast<unsigned>(problem.raster.by_activations) *
                        static_cast<unsigned>(problem.raster.by_weights) *
                        static_cast<unsigned>(problem.batch.count > 1 ? problem.batch.count : 1),
                    static_cast<unsigned>(problem.parts));
  if (launch.side_parts == 2) {
    FloatTileKernel<2, Left, Right><<<blocks, kFloatThreads, 0, launch.stream>>>(problem);
  } else {
    FloatTileKernel<1, Left, Right><<<blocks, kFloatThreads, 0, launch.stream>>>(problem);
  }
  return cudaGetLastError();
}

// Each in a translation unit of its own: tile_*.cu.
extern template cudaError_t LaunchFloatTile(const FloatTileLaunch<FloatRows, FloatRows>& launch);
extern template cudaError_t LaunchFloatTile(const FloatTileLaunch<FloatRows, FloatColumns>& launch);
extern template cudaError_t LaunchFloatTile(const FloatTileLaunch<FloatRows, FloatCodes>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_TILE_H_
