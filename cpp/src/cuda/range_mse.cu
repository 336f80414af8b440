// SPDX-License-Identifier: Apache-2.0
// Squared errors of many candidate ranges. A thread block has a chunk of a slice and up to 64 candidates: it brings a
// block of 1024 elements to shared memory, from where each of its 16 groups of threads takes it to registers for the
// candidates that are its own. So x is read once for 64 candidates, and the work an element is theirs.
#include "cuda/launch.h"
#include "cuda/range.h"
#include "cuda/row_team.h"
#include "cuda/scratch.h"
#include "cuda/slices.h"
#include "numerics/mse_candidate.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kGroups = 16;
constexpr int kThreads = kGroups * kGroupThreads;
/** Thread blocks a multiprocessor. Said, since ptxas else spills to make room for one more. */
constexpr int kBlocks = 2;
constexpr int kTile = 64;
/** What adding 1.5 * 2^23 rounds to whole numbers. */
constexpr float kMostRounded = 4194304.0f;
constexpr int kIterations = numerics::kBlock / numerics::kLanes;
static_assert(kThreads * kQuad == numerics::kBlock, "a quad a thread makes a block");

struct Parameters {
  RangeMseOptions options;
  Coding x;
  const float* candidate_min;
  const float* candidate_max;
  int64_t candidates;
  bool per_slice;
  Divider tiles;
  Divider chunks;
  /** An element a slice and candidate: f64 or else f32. */
  void* loss;
  bool wide;
};

__device__ void StoreLoss(const Parameters& p, int64_t index, double value) {
  if (p.wide) {
    static_cast<double*>(p.loss)[index] = value;
  } else {
    static_cast<float*>(p.loss)[index] = static_cast<float>(value);
  }
}

/** Calls body(x, j) for those elements j of quad k that lie before `rest`, counted from the first one of quad 0. */
template <typename Body>
__device__ void ForEachOf(float4 quad, int k, int rest, const Body& body) {
  const float x[kQuad] = {quad.x, quad.y, quad.z, quad.w};
#pragma unroll
  for (int j = 0; j < kQuad; ++j) {
    if (k * static_cast<int>(numerics::kLanes) + j < rest) body(x[j], j);
  }
}

/** Adds the squared errors of a thread's quads to lanes. Codes are products, clamped to ends that are numbers. */
__device__ void AddErrors(const float4 (&quads)[kIterations], const numerics::MseCandidate& candidate, int rest,
                          float (&lanes)[kQuad]) {
#pragma unroll
  for (int k = 0; k < kIterations; ++k) {
    ForEachOf(quads[k], k, rest, [&](float x, int j) {
      // As AddSquaredError: adding 1.5 * 2^23 rounds. That -0 becomes 0 does not show in a square.
      const float limited = numerics::Clamp(x * candidate.inverse, candidate.low, candidate.high);
      const float centred = (limited + 12582912.0f) - 12582912.0f;
      const float error = numerics::Fma(-candidate.scale, centred, x);
      lanes[j] = numerics::Fma(error, error, lanes[j]);
    });
  }
}

/** The same for candidates of any kind, from shared memory: few of them, so little code. */
__device__ void AddErrorsOfAny(const float4* block, const numerics::MseCandidate& candidate, int rest,
                               float (&lanes)[kQuad]) {
#pragma unroll 1
  for (int k = 0; k < kIterations; ++k) {
    ForEachOf(block[k * kGroupThreads], k, rest,
              [&](float x, int j) { lanes[j] = numerics::AddSquaredError(x, candidate, lanes[j]); });
  }
}

/** partial: [slices][chunks][candidates], or null where a slice is one chunk. */
__global__ void __launch_bounds__(kThreads, kBlocks)
    RangeMseKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ Parameters p, double* partial) {
  __shared__ numerics::MseCandidate candidates[kTile];
  __shared__ double sums[kTile];
  __shared__ float4 block[numerics::kBlock / kQuad];
  const Divider::Result tile = p.tiles.Divide(blockIdx.x);
  const Divider::Result chunk = p.chunks.Divide(tile.quotient);
  const int64_t slice = chunk.quotient;
  const int64_t first = tile.remainder * kTile;
  const int count = p.candidates - first < kTile ? static_cast<int>(p.candidates - first) : kTile;
  if (static_cast<int>(threadIdx.x) < count) {
    const int64_t i = (p.per_slice ? slice * p.candidates : 0) + first + threadIdx.x;
    candidates[threadIdx.x] = numerics::MakeCandidate(p.candidate_min[i], p.candidate_max[i], p.options.asymmetric,
                                                      p.options.n_bits, p.options.log_domain, p.options.eps);
    sums[threadIdx.x] = 0.0;
  }
  const int group = static_cast<int>(threadIdx.x) / kGroupThreads;
  const int thread = static_cast<int>(threadIdx.x) % kGroupThreads;
  const char* const start = walk.Slice(1, slice);
  const int64_t per_chunk = numerics::BlocksPerChunk(walk.length) * numerics::kBlock;
  const int64_t end = (chunk.remainder + 1) * per_chunk < walk.length ? (chunk.remainder + 1) * per_chunk : walk.length;
  for (int64_t begin = chunk.remainder * per_chunk; begin < end; begin += numerics::kBlock) {
    const int64_t mine = end - begin - threadIdx.x * kQuad;
    float values[kQuad] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (mine > 0) {
      walk.Load(1, start, begin + threadIdx.x * kQuad, mine < kQuad ? static_cast<int>(mine) : kQuad, p.x, values);
    }
    block[threadIdx.x] = make_float4(values[0], values[1], values[2], values[3]);
    __syncthreads();
    float4 quads[kIterations];
#pragma unroll
    for (int k = 0; k < kIterations; ++k) quads[k] = block[k * kGroupThreads + thread];
    const int rest = static_cast<int>(min(end - begin, numerics::kBlock)) - thread * kQuad;
    // All threads of a warp add together: groups without a candidate go along.
    for (int c = group; c < (count + kGroups - 1) / kGroups * kGroups; c += kGroups) {
      const numerics::MseCandidate candidate = candidates[c < count ? c : 0];
      float lanes[kQuad] = {0.0f, 0.0f, 0.0f, 0.0f};
      // Not for NaN, whose grid has no ends.
      if (candidate.inverse != 0.0f && candidate.low >= -kMostRounded && candidate.high <= kMostRounded) {
        AddErrors(quads, candidate, rest, lanes);
      } else {
        AddErrorsOfAny(block + thread, candidate, rest, lanes);
      }
      const float sum = SumOfGroup(lanes);
      if (thread == 0 && c < count) sums[c] += static_cast<double>(sum);
    }
    __syncthreads();
  }
  // The group that adds a candidate's sum is not the thread that stores it; the loop may have had no turn.
  __syncthreads();
  if (static_cast<int>(threadIdx.x) >= count) return;
  const int64_t index = tile.quotient * p.candidates + first + threadIdx.x;
  if (partial == nullptr) {
    StoreLoss(p, index, sums[threadIdx.x]);
  } else {
    partial[index] = sums[threadIdx.x];
  }
}

__global__ void __launch_bounds__(kThreads)
    RangeMseChunksKernel(const __grid_constant__ Parameters p, int64_t results, const double* partial) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= results) return;
  const int64_t slice = index / p.candidates;
  const int64_t candidate = index % p.candidates;
  double sum = 0.0;
  for (int64_t chunk = 0; chunk < p.chunks.divisor; ++chunk) {
    sum += partial[(slice * p.chunks.divisor + chunk) * p.candidates + candidate];
  }
  StoreLoss(p, index, sum);
}

}  // namespace

octet_status RangeMse(const Call* call, const TensorView* x, int axis, const RangeMseOptions* options,
                      const TensorView* candidate_min, const TensorView* candidate_max, const TensorView* loss) {
  constexpr const char* kKernel = "range_mse";
  if (loss->count == 0) return OCTET_OK;
  const TensorView* const views[1] = {x};
  const auto walk = SlicesAlong<2>(views, axis, axis < 0 ? 1 : x->shape[axis]);
  Parameters p = {};
  p.options = *options;
  p.x = {x->type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  p.candidate_min = reinterpret_cast<const float*>(candidate_min->data);
  p.candidate_max = reinterpret_cast<const float*>(candidate_max->data);
  p.candidates = loss->count / walk.slices;
  p.per_slice = candidate_min->count != p.candidates;
  p.tiles = DividerOf((p.candidates + kTile - 1) / kTile);
  p.chunks = DividerOf(numerics::ChunkCount(walk.length));
  p.loss = loss->data;
  p.wide = loss->type == ElementType::kF64;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kKernel, scope.error());
  const int64_t chunks = p.chunks.divisor;
  const Scratch scratch(call, chunks == 1 ? 0 : static_cast<size_t>(loss->count * chunks) * sizeof(double));
  if (scratch.error() != cudaSuccess) return Report(call, "cudaMallocAsync", scratch.error());
  auto* const partial = static_cast<double*>(scratch.memory());
  const auto blocks = static_cast<unsigned>(walk.slices * chunks * p.tiles.divisor);
  RangeMseKernel<<<blocks, kThreads, 0, StreamOf(call)>>>(walk, p, partial);
  if (chunks > 1) {
    const auto ends = static_cast<unsigned>((loss->count + kThreads - 1) / kThreads);
    RangeMseChunksKernel<<<ends, kThreads, 0, StreamOf(call)>>>(p, loss->count, partial);
  }
  return Launched(call, kKernel);
}

}  // namespace cuda
}  // namespace octet
