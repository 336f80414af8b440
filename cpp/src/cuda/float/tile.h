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

#include "cuda/float/finish.h"
#include "cuda/float/sources.h"
#include "cuda/gemm/raster.h"
#include "cuda/gemm/tile_epilogue.h"
#include "numerics/product.h"

namespace octet {
namespace cuda {

/** Rows and columns of the tile of a kernel with so many parts a side. */
constexpr int FloatSide(int parts) { return 64 * parts; }

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

/** A thread's sums: squares of 4 rows x 4 columns. */
template <int kParts>
struct FloatSums {
  static constexpr int kCount = kQuad * kParts;

  __device__ void Clear() {
#pragma unroll
    for (int r = 0; r < kCount; ++r) {
#pragma unroll
      for (int c = 0; c < kCount; ++c) values[r][c] = 0.0f;
    }
  }
  __device__ void Add(const FloatSums& other) {
#pragma unroll
    for (int r = 0; r < kCount; ++r) {
#pragma unroll
      for (int c = 0; c < kCount; ++c) values[r][c] += other.values[r][c];
    }
  }
  __device__ float4 Quad(int row, int part) const {
    return {values[row][part * kQuad], values[row][part * kQuad + 1], values[row][part * kQuad + 2],
            values[row][part * kQuad + 3]};
  }

  float values[kCount][kCount];
};

/** Places of a thread's operands in a stage. */
template <int kParts>
class FloatFragments {
 public:
  static constexpr int kSide = FloatSide(kParts);

  /** row, column: the first ones of the thread, below 64 and multiples of 4. */
  __device__ FloatFragments(int row, int column) : row_(row), column_(column) {}

  /** sums += products of a tile, k after k. */
  __device__ void Multiply(const float* left, const float* right, FloatSums<kParts>* sums) const {
    // Two k at a time: with more, reads move up so far that registers run out.
#pragma unroll 1
    for (int k = 0; k < kFloatDepth; k += kQuad) {
      const float* const rows = left + k * kSide + PlaceInTile(row_, k);
      const float* const columns = right + k * kSide + PlaceInTile(column_, k);
#pragma unroll 2
      for (int i = 0; i < kQuad; ++i) {
        Operands now;
        Load(rows + i * kSide, columns + i * kSide, &now);
#pragma unroll
        for (int r = 0; r < kQuad * kParts; ++r) {
#pragma unroll
          for (int c = 0; c < kQuad * kParts; ++c) {
            sums->values[r][c] = numerics::Fma(now.left[r], now.right[c], sums->values[r][c]);
          }
        }
      }
    }
  }

 private:
  struct Operands {
    float left[kQuad * kParts];
    float right[kQuad * kParts];
  };

  __device__ static void LoadQuad(const float* from, float* to) {
    const float4 quad = *reinterpret_cast<const float4*>(from);
    to[0] = quad.x;
    to[1] = quad.y;
    to[2] = quad.z;
    to[3] = quad.w;
  }

  __device__ static void Load(const float* left, const float* right, Operands* operands) {
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      LoadQuad(left + part * 64, operands->left + part * kQuad);
      LoadQuad(right + part * 64, operands->right + part * kQuad);
    }
  }

  const int row_;
  const int column_;
};

// Lanes are 4 rows x 8 columns of squares, warps 4 x 2 of these: a warp writes whole sectors of every type.
__device__ inline int FirstRowOfThread() {
  return static_cast<int>(threadIdx.x) / kWarpSize % 4 * 16 + static_cast<int>(threadIdx.x) % kWarpSize / 8 * kQuad;
}
__device__ inline int FirstColumnOfThread() {
  return static_cast<int>(threadIdx.x) / kWarpSize / 4 * 32 + static_cast<int>(threadIdx.x) % 8 * kQuad;
}

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
