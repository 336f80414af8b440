// SPDX-License-Identifier: Apache-2.0
// A warp makes four columns of the output for all rows: lanes read 16 bytes of weights side by side, so a warp reads
// 512 bytes of a column at once, and the activations of those K once for all four columns, from the first-level cache.
// Products of a batch follow each other in the numbers of blocks.
#include "cuda/gemm/matrix_vector.h"

#include "cuda/gemm/fragments.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kColumns = 4;

/** Blocks a multiprocessor that are asked for: for one more of four or eight rows ptxas spills. */
constexpr int LeastBlocks(int rows) { return rows == 8 ? 2 : rows == 4 ? 3 : 4; }

/** sum + products of four codes, of which the second ones are signed. */
template <bool kSigned>
__device__ inline int32_t MultiplyFour(uint32_t a, uint32_t w, int32_t sum) {
  if constexpr (kSigned) {
    return __dp4a(static_cast<int32_t>(a), static_cast<int32_t>(w), sum);
  } else {
    asm("dp4a.u32.s32 %0, %1, %2, %0;" : "+r"(sum) : "r"(a), "r"(w));
    return sum;
  }
}

/** 16 activations at an offset; zeros beyond the end of the row. */
__device__ inline uint4 LoadActivations(const int8_t* row, int offset, int bytes) {
  if (offset + 16 <= bytes) return __ldg(reinterpret_cast<const uint4*>(row + offset));
  uint32_t words[4] = {};
#pragma unroll
  for (int i = 0; i < 16; ++i) {
    if (offset + i < bytes) words[i / 4] |= static_cast<uint32_t>(static_cast<uint8_t>(row[offset + i])) << (i % 4 * 8);
  }
  return {words[0], words[1], words[2], words[3]};
}

/** first: row of activations. */
template <int kRows, bool kSigned, int kBits>
__device__ inline void MultiplyChunk(const VectorProblem& problem, const int8_t* first,
                                     const int8_t* const (&weights)[kColumns], int chunk,
                                     int32_t (&sums)[kRows][kColumns]) {
  constexpr int kParts = 8 / kBits;
  uint4 w[kColumns];
#pragma unroll
  for (int c = 0; c < kColumns; ++c) w[c] = __ldg(reinterpret_cast<const uint4*>(weights[c]) + chunk);
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    const int row = min(r, problem.activations.rows - 1);
    const int8_t* activations = first + row * problem.activations.stride;
    uint4 a[kParts];
#pragma unroll
    for (int p = 0; p < kParts; ++p) {
      a[p] = LoadActivations(activations, (chunk * kParts + p) * 16, problem.activations.bytes);
    }
#pragma unroll
    for (int c = 0; c < kColumns; ++c) {
      const uint32_t words[4] = {w[c].x, w[c].y, w[c].z, w[c].w};
      const uint32_t low[4] = {a[0].x, a[0].y, a[0].z, a[0].w};
      const uint4 last = a[kParts - 1];
      const uint32_t high[4] = {last.x, last.y, last.z, last.w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if constexpr (kBits == 8) {
          sums[r][c] = MultiplyFour<kSigned>(low[i], words[i], sums[r][c]);
        } else {
          sums[r][c] = MultiplyFour<kSigned>(low[i], LowerCodes(words[i]), sums[r][c]);
          sums[r][c] = MultiplyFour<kSigned>(high[i], UpperCodes(words[i]), sums[r][c]);
        }
      }
    }
  }
}

__device__ void Finish(const VectorProblem& problem, const BatchPlace& product, const int32_t (&sums)[kColumns],
                       int row, int32_t column, uint4* scratch) {
  const Epilogue& epilogue = problem.epilogue;
  const RowsView& out = epilogue.view.out;
  const int64_t number = product.number * problem.batch.rows + row;
  float values[4];
  const ColumnTerms terms = TermsOf(epilogue, column, product.Of(problem.batch.terms));
  ScaleSums(epilogue.scales, terms, sums, product.Of(problem.batch.sums) + row, values);
  FinishValues(epilogue, number, column, values);
  const int size = static_cast<int>(SizeOf(out.type));
  char* to = out.data + epilogue.out_places.Of(number) + static_cast<int64_t>(column) * size;
  if (problem.out_quads && column + kColumns <= epilogue.columns) {
    PutValues(epilogue.view, epilogue.codes, values, to);
    return;
  }
  PutValues(epilogue.view, epilogue.codes, values, scratch);
  for (int i = 0; i < kColumns && column + i < epilogue.columns; ++i) {
    CopyElement(to + i * size, reinterpret_cast<const char*>(scratch) + i * size, size);
  }
}

/** Blocks of a product. */
__host__ __device__ inline uint32_t BlocksOf(const VectorProblem& problem, bool cut_k) {
  const int columns = kColumns * (cut_k ? 1 : kWarps);
  return static_cast<uint32_t>((problem.weights.rows + columns - 1) / columns);
}

/** kCutK: the warps of a block have the same columns, and a part of K each. */
template <int kRows, bool kSigned, int kBits, bool kCutK>
__global__ void __launch_bounds__(kThreads, LeastBlocks(kRows))
    MatrixVectorKernel(const __grid_constant__ VectorProblem problem) {
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const uint32_t blocks = BlocksOf(problem, kCutK);
  const BatchPlace product = PlaceOf(problem.batch, blockIdx.x, blocks);
  const auto block = static_cast<int32_t>(blockIdx.x - static_cast<uint32_t>(product.number) * blocks);
  const int32_t group = block * (kCutK ? 1 : kWarps) + (kCutK ? 0 : warp);
  const int32_t column = group * kColumns;
  const int8_t* weights[kColumns];
#pragma unroll
  for (int c = 0; c < kColumns; ++c) {
    weights[c] = problem.weights.data + product.Of(problem.batch.weights) +
                 min(column + c, problem.weights.rows - 1) * problem.weights.stride;
  }
  const int8_t* const activations = problem.activations.data + product.Of(problem.batch.activations);
  int32_t sums[kRows][kColumns] = {};
  const int chunks = problem.weights.bytes / 16;
  const int first = (kCutK ? warp * kWarpSize : 0) + lane;
#pragma unroll 2
  for (int chunk = first; chunk < chunks; chunk += kCutK ? kThreads : kWarpSize) {
    MultiplyChunk<kRows, kSigned, kBits>(problem, activations, weights, chunk, sums);
  }
  // Lane r * kColumns + c keeps the sum of row r and column c.
  __shared__ int32_t totals[kWarps][kMostVectorRows * kColumns];
  __shared__ uint4 scratch[kWarps][kMostVectorRows];
  int32_t own = 0;
#pragma unroll
  for (int i = 0; i < kRows * kColumns; ++i) {
    int32_t sum = sums[i / kColumns][i % kColumns];
#pragma unroll
    for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
      sum = static_cast<int32_t>(static_cast<uint32_t>(sum) +
                                 static_cast<uint32_t>(__shfl_xor_sync(0xffffffffu, sum, distance)));
    }
    own = lane == i ? sum : own;
  }
  totals[warp][lane] = own;
  if constexpr (kCutK) {
    __syncthreads();
  } else {
    __syncwarp();
  }
  if ((kCutK && warp != 0) || lane >= problem.activations.rows || column >= problem.epilogue.columns) return;
  int32_t total[kColumns] = {};
#pragma unroll
  for (int c = 0; c < kColumns; ++c) {
    uint32_t sum = 0;
#pragma unroll
    for (int w = 0; w < (kCutK ? kWarps : 1); ++w) {
      sum += static_cast<uint32_t>(totals[kCutK ? w : warp][lane * kColumns + c]);
    }
    total[c] = static_cast<int32_t>(sum) >> (kBits == 8 ? 0 : kHalfByteShift);
  }
  Finish(problem, product, total, lane, column, &scratch[warp][lane]);
}

template <int kRows, bool kSigned, int kBits>
void LaunchRows(const VectorProblem& problem, cudaStream_t stream) {
  const unsigned blocks =
      BlocksOf(problem, problem.cut_k) * static_cast<unsigned>(problem.batch.count > 1 ? problem.batch.count : 1);
  if (problem.cut_k) {
    MatrixVectorKernel<kRows, kSigned, kBits, true><<<blocks, kThreads, 0, stream>>>(problem);
  } else {
    MatrixVectorKernel<kRows, kSigned, kBits, false><<<blocks, kThreads, 0, stream>>>(problem);
  }
}

template <bool kSigned, int kBits>
void Launch(const VectorProblem& problem, cudaStream_t stream) {
  const int rows = problem.activations.rows;
  if (rows == 1) return LaunchRows<1, kSigned, kBits>(problem, stream);
  if (rows == 2) return LaunchRows<2, kSigned, kBits>(problem, stream);
  if (rows <= 4) return LaunchRows<4, kSigned, kBits>(problem, stream);
  LaunchRows<8, kSigned, kBits>(problem, stream);
}

}  // namespace

cudaError_t LaunchMatrixVector(const VectorProblem& problem, cudaStream_t stream) {
  if (problem.weight_bits == 8) {
    problem.signed_activations ? Launch<true, 8>(problem, stream) : Launch<false, 8>(problem, stream);
  } else {
    problem.signed_activations ? Launch<true, 4>(problem, stream) : Launch<false, 4>(problem, stream);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
