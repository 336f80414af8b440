// SPDX-License-Identifier: Apache-2.0
// The sums of a thread of a tile of floats, what it multiplies for them, and where they are in the tile.
#ifndef OCTET_CUDA_FLOAT_FRAGMENTS_H_
#define OCTET_CUDA_FLOAT_FRAGMENTS_H_

#include <cstdint>

#include "cuda/float/sources.h"
#include "cuda/gemm/tile.h"
#include "numerics/product.h"

namespace octet {
namespace cuda {

/** Rows and columns of the tile of a kernel with so many parts a side. */
constexpr int FloatSide(int parts) { return 64 * parts; }

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

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_FRAGMENTS_H_
