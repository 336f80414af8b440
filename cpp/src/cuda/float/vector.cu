// SPDX-License-Identifier: Apache-2.0
// A lane makes a column of the output, k after k as the contract asks: there is nothing to add across lanes, and a
// block of 256 k is a chain of as many multiply-adds. What hides its latency is that there are N * K / 256 of them.
//
// A warp has 32 columns. Of each it reads 128 bytes at a time, 8 lanes to a column, so that whole lines are read, and
// passes them through 4 KB of shared memory of its own to the lanes whose columns they are; the next ones are under way
// meanwhile. Chunks of 16 bytes are exchanged by an XOR with the column, and so meet no bank twice either way.
//
// Codes cost an exchange of bytes, a subtraction and a multiplication each, beside a multiply-add for every row: some
// 21 codes a clock of an A100's multiprocessor at M = 1, where memory brings 13 of 8 bits, or 27 of 4 bits: 4-bit
// weights are bound by arithmetic there, at three quarters of the bandwidth. Scales can't be left to the end: the order
// of roundings has them before the sum.
#include "cuda/float/vector.h"

#include "cuda/gemm/tile.h"
#include "numerics/product.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / kWarpSize;
static_assert(kWarps * kWarpSize == kVectorColumns, "a lane a column");
constexpr int kBlockDepth = static_cast<int>(numerics::kProductBlock);
constexpr int kChunks = 8;
constexpr int kLineBytes = 16 * kChunks;
/** Loads of a lane for 128 bytes of 32 columns. */
constexpr int kLoads = kWarpSize / (kWarpSize / kChunks);
constexpr int kColumnsApart = kWarpSize / kChunks;

/** The left operand's values of a block of K, rows of kBlockDepth, +0 beyond the end. */
template <int kRows>
__device__ void LoadLeft(const FloatRows& left, int32_t first_row, int32_t block, float4* to) {
  for (int i = static_cast<int>(threadIdx.x); i < kRows * kBlockDepth / kQuad; i += kThreads) {
    const int32_t row = min(first_row + i / (kBlockDepth / kQuad), left.rows - 1);
    const int32_t k = block * kBlockDepth + i % (kBlockDepth / kQuad) * kQuad;
    const int there = left.depth - k;
    const char* from = left.data + row * left.row + k * SizeOf(left.type);
    float values[kQuad] = {};
    if (there > 0) {
      const uint4 words = left.quads && there >= kQuad ? FetchQuad(from, left.type)
                                                       : FetchElements(from, left.type, SizeOf(left.type), there);
      ValuesOf(words, left.type, left.step, values);
#pragma unroll
      for (int j = 0; j < kQuad; ++j) values[j] = j < there ? values[j] : kLeftFill;
    }
    to[i] = {values[0], values[1], values[2], values[3]};
  }
}

/** 128 bytes of each of a warp's columns. */
class WeightLines {
 public:
  __device__ WeightLines(const VectorWeights& weights, int32_t first_column, int lane)
      : weights_(weights), first_column_(first_column), lane_(lane) {}

  __device__ void Fetch(int64_t line) {
    const int64_t offset = line * kLineBytes + lane_ % kChunks * 16;
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int32_t column = min(first_column_ + i * kColumnsApart + lane_ / kChunks, weights_.rows - 1);
      words_[i] = offset < weights_.row
                      ? __ldg(reinterpret_cast<const uint4*>(weights_.data + column * weights_.row + offset))
                      : uint4{0, 0, 0, 0};
    }
  }

  __device__ void Put(uint4* to) const {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const int column = i * kColumnsApart + lane_ / kChunks;
      to[column * kChunks + (lane_ % kChunks ^ column % kChunks)] = words_[i];
    }
  }

 private:
  const VectorWeights& weights_;
  const int32_t first_column_;
  const int lane_;
  uint4 words_[kLoads];
};

/** Values of four neighbouring k, number `group` of those in 16 bytes. */
template <int kBits>
__device__ void ValuesOfGroup(const uint4& words, int group, numerics::Step step, float (&values)[kQuad]) {
  const uint32_t all[4] = {words.x, words.y, words.z, words.w};
  if constexpr (kBits == 32) {
#pragma unroll
    for (int i = 0; i < kQuad; ++i) values[i] = __uint_as_float(all[i]);
  } else if constexpr (kBits == 8) {
    ValuesOfCodes<true>(all[group], step, values);
  } else {
    ValuesOfCodes<true>(BytesOfHalves(all[group % 4], group >= 4), step, values);
  }
}

/** sums += products of a line, k after k; there: k from its first one to the end. */
template <int kRows, int kBits>
__device__ void MultiplyLine(const uint4* line, const float4* left, int there, numerics::Step step, int lane,
                             float (&sums)[kRows]) {
  constexpr int kGroups = 128 / kBits / kQuad;
#pragma unroll 2
  for (int chunk = 0; chunk < kChunks; ++chunk) {
    const uint4 words = line[lane * kChunks + (chunk ^ lane % kChunks)];
#pragma unroll
    for (int group = 0; group < kGroups; ++group) {
      const int rest = there - (chunk * kGroups + group) * kQuad;
      if (rest <= 0) return;
      float values[kQuad];
      ValuesOfGroup<kBits>(words, group, step, values);
      if (rest < kQuad) {
#pragma unroll
        for (int i = 1; i < kQuad; ++i) values[i] = i < rest ? values[i] : kRightFill;
      }
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        const float4 quad = left[r * (kBlockDepth / kQuad) + chunk * kGroups + group];
        sums[r] = numerics::Fma(quad.x, values[0], sums[r]);
        sums[r] = numerics::Fma(quad.y, values[1], sums[r]);
        sums[r] = numerics::Fma(quad.z, values[2], sums[r]);
        sums[r] = numerics::Fma(quad.w, values[3], sums[r]);
      }
    }
  }
}

/** Blocks of a multiprocessor. It is said, or ptxas makes room for one more than it can without spilling. */
constexpr int ResidentBlocks(int rows) { return rows == 8 ? 3 : 5; }

template <int kRows, int kBits>
__global__ void __launch_bounds__(kThreads, ResidentBlocks(kRows))
    FloatVectorKernel(const __grid_constant__ FloatVectorProblem problem) {
  constexpr int kLineDepth = kLineBytes * 8 / kBits;
  constexpr int kLines = kBlockDepth / kLineDepth;
  __shared__ float4 left[kRows * kBlockDepth / kQuad];
  __shared__ uint4 lines[kWarps][kWarpSize * kChunks];
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int32_t first_row = static_cast<int32_t>(blockIdx.z) * kVectorRows;
  const int32_t first_column = static_cast<int32_t>(blockIdx.x) * kVectorColumns;
  const int32_t column = first_column + static_cast<int32_t>(threadIdx.x);
  const int64_t blocks = (problem.left.depth + kBlockDepth - 1) / kBlockDepth;
  const int32_t begin = static_cast<int32_t>(blocks * blockIdx.y / problem.parts);
  const int32_t end = static_cast<int32_t>(blocks * (blockIdx.y + 1) / problem.parts);
  numerics::Step step = {1.0f, 0.0f};
  if constexpr (kBits != 32) {
    const int32_t own = min(column, problem.weights.rows - 1);
    step.scale = __ldg(problem.weights.scales + own);
    if (problem.weights.zero_points != nullptr) {
      step.zero_point = static_cast<float>(__ldg(problem.weights.zero_points + own));
    }
  }
  WeightLines weights(problem.weights, first_column + warp * kWarpSize, lane);
  float total[kRows] = {};
  if (begin < end) weights.Fetch(static_cast<int64_t>(begin) * kLines);
  for (int32_t block = begin; block < end; ++block) {
    __syncthreads();
    LoadLeft<kRows>(problem.left, first_row, block, left);
    __syncthreads();
    float sums[kRows] = {};
    const int there = problem.left.depth - block * kBlockDepth;
#pragma unroll 1
    for (int line = 0; line < kLines; ++line) {
      __syncwarp();
      weights.Put(lines[warp]);
      __syncwarp();
      // After the last line of all this reads one that is not used, or nothing.
      weights.Fetch(static_cast<int64_t>(block) * kLines + line + 1);
      MultiplyLine<kRows, kBits>(lines[warp], left + line * (kLineDepth / kQuad), there - line * kLineDepth, step, lane,
                                 sums);
    }
    if (problem.block_sums.sums != nullptr) {
      if (column >= problem.block_sums.quads * kQuad) continue;
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        if (first_row + r >= problem.left.rows) continue;
        float4* to = problem.block_sums.At(block, first_row + r, 0, column / kQuad);
        reinterpret_cast<float*>(to)[column % kQuad] = sums[r];
      }
      continue;
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) total[r] = block == 0 ? sums[r] : total[r] + sums[r];
  }
  if (problem.block_sums.sums != nullptr) return;
  // From a column a lane to four columns of a row a lane.
  __syncthreads();
  float* const totals = reinterpret_cast<float*>(left);
#pragma unroll
  for (int r = 0; r < kRows; ++r) totals[r * kVectorColumns + static_cast<int>(threadIdx.x)] = total[r];
  __syncthreads();
  const int32_t columns_end = problem.epilogue.values.columns;
  for (int i = static_cast<int>(threadIdx.x); i < kRows * kVectorColumns / kQuad; i += kThreads) {
    const int32_t row = first_row + i / (kVectorColumns / kQuad);
    const int32_t first = first_column + i % (kVectorColumns / kQuad) * kQuad;
    if (row >= problem.left.rows || first >= columns_end) continue;
    float values[kQuad] = {left[i].x, left[i].y, left[i].z, left[i].w};
    FinishQuad(problem.epilogue, row, first, columns_end, values, left + i);
  }
}

template <int kRows>
void LaunchRows(const FloatVectorProblem& problem, cudaStream_t stream) {
  const dim3 blocks(static_cast<unsigned>((problem.weights.rows + kVectorColumns - 1) / kVectorColumns),
                    static_cast<unsigned>(problem.parts),
                    static_cast<unsigned>((problem.left.rows + kVectorRows - 1) / kVectorRows));
  if (problem.weights.bits == 32) {
    FloatVectorKernel<kRows, 32><<<blocks, kThreads, 0, stream>>>(problem);
  } else if (problem.weights.bits == 8) {
    FloatVectorKernel<kRows, 8><<<blocks, kThreads, 0, stream>>>(problem);
  } else {
    FloatVectorKernel<kRows, 4><<<blocks, kThreads, 0, stream>>>(problem);
  }
}

}  // namespace

cudaError_t LaunchFloatVector(const FloatVectorProblem& problem, cudaStream_t stream) {
  if (problem.left.rows == 1) {
    LaunchRows<1>(problem, stream);
  } else if (problem.left.rows <= 4) {
    LaunchRows<4>(problem, stream);
  } else {
    LaunchRows<kVectorRows>(problem, stream);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
