// SPDX-License-Identifier: Apache-2.0
// Attention in one launch: three passes over the keys of a head for each 64 rows (probabilities.h says why not one).
//
// The greatest term, the sum of exponentials, then codes and their product with values. Terms of the first tiles, as
// many as shared memory has room for, are kept there from pass to pass, each by the thread that made it: its next place
// is 16 bytes of a row of 2 KB, so no access has a conflict, and none needs a barrier. Those of other tiles are made
// again: the products of a term take the tensor cores some 3 % of the time that its exponential takes the float units.
#include "cuda/attention/output.h"
#include "cuda/attention/problem.h"
#include "cuda/attention/ready_tokens.h"
#include "cuda/attention/values.h"

namespace octet {
namespace cuda {
namespace {

/** Terms of a tile of keys, or their exponentials, from pass to pass. */
class KeptTerms {
 public:
  __device__ explicit KeptTerms(int8_t* shared) : shared_(reinterpret_cast<float4*>(shared) + threadIdx.x) {}

  __device__ void Store(int tile, const Terms& terms) const {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
      shared_[(tile * kKeyParts + part) * kAttentionThreads] = {terms[part][0], terms[part][1], terms[part][2],
                                                                terms[part][3]};
    }
  }

  __device__ void Load(int tile, Terms& terms) const {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
      const float4 four = shared_[(tile * kKeyParts + part) * kAttentionThreads];
      terms[part][0] = four.x;
      terms[part][1] = four.y;
      terms[part][2] = four.z;
      terms[part][3] = four.w;
    }
  }

 private:
  float4* const shared_;
};

/** Tiles of keys that any row of the block sees. */
__device__ int TilesOf(const AttentionProblem& problem, const BlockPlace& place, int32_t keys) {
  const RowPlace first(problem, place, place.first_row);
  const RowPlace last(problem, place, place.first_row + kRowTile - 1);
  // Between rows of two heads lies the last query of the first one.
  const int64_t query = first.head == last.head ? last.query : problem.queries.divisor - 1;
  return (VisibleTo(problem, keys, query) + kKeyTile - 1) / kKeyTile;
}

template <int kValueSlabs>
__global__ void __launch_bounds__(kAttentionThreads, 2)
    AttentionKernel(const __grid_constant__ AttentionProblem problem) {
  extern __shared__ __align__(128) int8_t shared[];
  const BlockPlace place(problem, blockIdx.x);
  const int32_t keys = KeysOf(problem, place.batch);
  const int tiles = TilesOf(problem, place, keys);
  const int first_value_slab = place.value_part * kValueSlabs;
  const int dimensions = min(kValueSlabs * kSlabColumns, problem.v.width - first_value_slab * kSlabColumns);
  int8_t* const q_memory = shared + SlabStream::kBytes;
  const int q_slabs = problem.q_resident ? (problem.q.width + kSlabColumns - 1) / kSlabColumns : 0;
  const KeptTerms kept(q_memory + q_slabs * kSlabBytes);

  SlabStream stream(problem, place, shared, tiles, keys, first_value_slab,
                    (dimensions + kSlabColumns - 1) / kSlabColumns);
  const Queries queries(problem, place, q_memory);
  queries.Copy();
  stream.Start();
  Scores scores(problem, place, queries, keys);
  if (problem.k_zero != 0) {
    WaitForCopies<SlabStream::kStages - 1>();
    __syncthreads();
    scores.AddRowSums();
  }

  Greatest greatest;
  for (int tile = 0; tile < tiles; ++tile) {
    Terms terms;
    scores.Make(&stream, tile, terms);
    if (tile >= scores.tiles()) continue;
    greatest.Add(terms);
    if (tile < problem.kept_tiles) kept.Store(tile, terms);
  }
  greatest.Finish();

  RowTotals totals(problem.keys);
  for (int tile = 0; tile < tiles; ++tile) {
    Terms terms;
    const bool active = tile < scores.tiles();
    if (tile >= problem.kept_tiles) {
      scores.Make(&stream, tile, terms);
    } else if (active) {
      kept.Load(tile, terms);
    }
    if (!active) continue;
    greatest.Exponentials(terms);
    totals.Add(terms);
    if (tile < problem.kept_tiles) kept.Store(tile, terms);
  }
  totals.Finish();
  const float factors[2] = {totals.Factor(0), totals.Factor(1)};

  Values<kValueSlabs> values(problem, dimensions);
  for (int tile = 0; tile < tiles; ++tile) {
    Codes64 codes = {};
    const bool active = tile < scores.tiles();
    Terms terms;
    if (tile >= problem.kept_tiles) {
      scores.Make(&stream, tile, terms);
      if (active) greatest.Exponentials(terms);
    } else if (active) {
      kept.Load(tile, terms);
    }
    if (active) MakeCodes(problem, factors, terms, codes);
    values.Add(&stream, active, codes);
  }

  // The output takes the place of everything else.
  WaitForCopies<0>();
  __syncthreads();
  float v_scale = problem.v_scale;
  if (problem.v_greatest != nullptr) {
    const float most = __uint_as_float(problem.v_greatest[place.batch * problem.kv_heads.divisor + place.kv_head]);
    v_scale = DynamicScale(most, problem.v_eps);
  }
  const Output output(problem, place, shared + static_cast<int>(threadIdx.x) / kWarpSize * kOutputBytes);
#pragma unroll
  for (int slab = 0; slab < kValueSlabs; ++slab) {
    if (slab * kSlabColumns >= dimensions) break;
    constexpr int kChunks = Values<kValueSlabs>::kChunks;
#pragma unroll
    for (int chunk = 0; chunk < kChunks; ++chunk) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        // NaN goes for the whole row, whatever grid its probabilities are on.
        const float p_scale = numerics::IsNan(factors[half]) ? factors[half] : problem.p_step.scale;
        float four[4];
        values.Finish(slab * kChunks + chunk, half, scores.tiles() * kKeyTile, p_scale, v_scale, four);
        output.Put(chunk, half, four);
      }
    }
    __syncwarp();
    output.Store((first_value_slab + slab) * kSlabColumns);
    __syncwarp();
  }
}

template <int kValueSlabs>
cudaError_t Launch(const AttentionProblem& problem, int64_t blocks, int shared_bytes, cudaStream_t stream) {
  // Set with every launch: it belongs to the current device, and costs far less than the launch.
  const cudaError_t error =
      cudaFuncSetAttribute(AttentionKernel<kValueSlabs>, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
  if (error != cudaSuccess) return error;
  AttentionKernel<kValueSlabs>
      <<<static_cast<unsigned>(blocks), kAttentionThreads, static_cast<size_t>(shared_bytes), stream>>>(problem);
  return cudaGetLastError();
}

}  // namespace

cudaError_t LaunchAttention(const AttentionProblem& problem, int64_t blocks, int value_slabs, int shared_bytes,
                            cudaStream_t stream) {
  if (value_slabs == 1) return Launch<1>(problem, blocks, shared_bytes, stream);
  return Launch<2>(problem, blocks, shared_bytes, stream);
}

}  // namespace cuda
}  // namespace octet
