// SPDX-License-Identifier: Apache-2.0
// Attention in one launch: three passes over the keys of a head for each 64 rows (probabilities.h says why not one).
//
// The greatest term, the sum of exponentials, then codes and their product with values. Terms of the first tiles, as
// many as shared memory has room for, are kept there from pass to pass, each by the thread that made it: its next place
// is 16 bytes of a row of 2 KB, so no access has a conflict, and none needs a barrier. Those of other tiles are made
// again: the products of a term take the tensor cores some 3 % of the time that its exponential takes the float units.
#include "cuda/attention/problem.h"
#include "cuda/attention/write_rows.h"

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

template <int kValueSlabs>
__global__ void __launch_bounds__(kAttentionThreads, 2)
    AttentionKernel(const __grid_constant__ AttentionProblem problem) {
  extern __shared__ __align__(128) int8_t shared[];
  const BlockPlace place(problem, blockIdx.x);
  const int32_t keys = KeysOf(problem, place.batch);
  const int tiles = TilesOf(problem, place, place.first_row, kRowTile, keys);
  const int first_value_slab = place.value_part * kValueSlabs;
  const int dimensions = min(kValueSlabs * kSlabColumns, problem.v.width - first_value_slab * kSlabColumns);
  int8_t* const q_memory = shared + SlabStream::kBytes;
  const int q_slabs = problem.q_resident ? (problem.q.width + kSlabColumns - 1) / kSlabColumns : 0;
  const KeptTerms kept(q_memory + q_slabs * kSlabBytes);

  SlabStream stream(problem, place, shared, {0, tiles, kGreatest, kEnd}, keys, first_value_slab,
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
  WriteRows(problem, place, values, factors, scores.tiles(), shared);
}

template <int kValueSlabs>
cudaError_t Launch(const AttentionProblem& problem, int64_t blocks, const BlockMemory& shared, cudaStream_t stream) {
  // Set with every launch: it belongs to the current device, and costs far less than the launch. To what the device has
  // and not to what this launch takes: other threads may be about to launch with more.
  const cudaError_t error =
      cudaFuncSetAttribute(AttentionKernel<kValueSlabs>, cudaFuncAttributeMaxDynamicSharedMemorySize, shared.most);
  if (error != cudaSuccess) return error;
  AttentionKernel<kValueSlabs>
      <<<static_cast<unsigned>(blocks), kAttentionThreads, static_cast<size_t>(shared.wanted), stream>>>(problem);
  return cudaGetLastError();
}

}  // namespace

cudaError_t LaunchAttention(const AttentionProblem& problem, int64_t blocks, int value_slabs, const BlockMemory& shared,
                            cudaStream_t stream) {
  if (value_slabs == 1) return Launch<1>(problem, blocks, shared, stream);
  return Launch<2>(problem, blocks, shared, stream);
}

}  // namespace cuda
}  // namespace octet
