// SPDX-License-Identifier: Apache-2.0
// Percentiles by selection on the bits of the values: three passes, each of which counts the next 11, 11 and 10 bits of
// those elements whose upper bits are a wanted rank's, and so finds those bits of the rank. Short slices, or many, are
// a thread block's each, with all passes in one launch; few long ones are shared by many thread blocks, which add their
// counts in the workspace, with a small kernel between passes. Elements are read three times, nothing else is written.
#include "cuda/launch.h"
#include "cuda/range.h"
#include "cuda/row_team.h"
#include "cuda/slices.h"
#include "numerics/order.h"

namespace octet {
namespace cuda {
namespace {

// Two neighbours for each of two percentiles.
constexpr int kRanks = 4;
constexpr int kPasses = 3;
constexpr int kBits = 11;
constexpr int kBuckets = 1 << kBits;
constexpr int kThreads = 256;

/** Elements of a slice that many thread blocks share, at least, and slices, at most. */
constexpr int64_t kLong = 65536;
constexpr int64_t kFewSlices = 64;
/** Elements that one of these thread blocks counts. */
constexpr int64_t kPart = 16384;

using Count = unsigned long long;

/** Where the search for the ranks of a slice is. */
struct Search {
  /** Upper bits that are known, and the rank among those elements that have them. */
  uint32_t prefix[kRanks];
  Count rank[kRanks];
  /** The first rank with the same prefix: the others share its counts. */
  int same[kRanks];
  int nan;
  /** So that no byte of a copy is one that was never written. */
  int unused;
};

struct Workspace {
  Search search;
  alignas(64) Count counts[kRanks][kBuckets];
};

struct Parameters {
  Coding x;
  numerics::Rank low;
  numerics::Rank high;
  float* out_low;
  float* out_high;
};

__device__ int ShiftOf(int pass) { return pass == 0 ? 21 : pass == 1 ? 10 : 0; }
__device__ int BitsOf(int pass) { return pass == 2 ? 10 : kBits; }

__device__ void Start(const SliceWalk<2>& walk, const Parameters& p, Search* search) {
  const int64_t last = walk.length - 1;
  const int64_t ranks[kRanks] = {p.low.index, p.low.index < last ? p.low.index + 1 : last, p.high.index,
                                 p.high.index < last ? p.high.index + 1 : last};
  for (int r = 0; r < kRanks; ++r) {
    search->prefix[r] = 0;
    search->rank[r] = static_cast<Count>(ranks[r]);
    search->same[r] = 0;
  }
  search->nan = 0;
  search->unused = 0;
}

/** Counts the bits of a pass for elements begin..end - 1, by all threads of the block. */
template <typename Add>
__device__ void CountBits(const SliceWalk<2>& walk, const Parameters& p, const char* start, int64_t begin, int64_t end,
                          int pass, const Search& search, const Add& add, bool* nan) {
  const int shift = ShiftOf(pass);
  const uint32_t digits = (1u << BitsOf(pass)) - 1;
  for (int64_t element = begin + threadIdx.x * kQuad; element < end; element += kThreads * kQuad) {
    const int64_t rest = end - element;
    const int count = rest < kQuad ? static_cast<int>(rest) : kQuad;
    float values[kQuad];
    walk.Load(1, start, element, count, p.x, values);
#pragma unroll
    for (int j = 0; j < kQuad; ++j) {
      if (j >= count) continue;
      *nan = *nan || numerics::IsNan(values[j]);
      const uint32_t key = numerics::OrderKey(values[j]);
      const uint32_t upper = pass == 0 ? 0u : key >> (shift + BitsOf(pass));
      for (int r = 0; r < kRanks; ++r) {
        if (search.same[r] == r && search.prefix[r] == upper) add(r, (key >> shift) & digits);
      }
    }
  }
}

/** Finds the bits of a rank, with one warp: r is its number. Prefixes are of the pass before until all warps are done.
 */
template <typename CountAt>
__device__ void FindBits(int pass, const Search& before, int r, const CountAt& count_at, uint32_t* prefix,
                         Count* rank) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int buckets = 1 << BitsOf(pass);
  const int counts = before.same[r];
  Count below = 0;
  for (int first = 0; first < buckets; first += 32) {
    const Count own = count_at(counts, first + lane);
    Count sum = own;
    for (int offset = 1; offset < 32; offset *= 2) {
      const Count other = __shfl_up_sync(kAllThreads, sum, offset);
      if (lane >= offset) sum += other;
    }
    const Count all = __shfl_sync(kAllThreads, sum, 31);
    if (before.rank[r] < below + all) {
      const unsigned past = __ballot_sync(kAllThreads, before.rank[r] < below + sum);
      const int bucket = __ffs(static_cast<int>(past)) - 1;
      const Count less = __shfl_sync(kAllThreads, sum - own, bucket);
      *prefix = (before.prefix[r] << BitsOf(pass)) | static_cast<uint32_t>(first + bucket);
      *rank = before.rank[r] - below - less;
      return;
    }
    below += all;
  }
}

/** By the first kRanks warps of a block, between two of its barriers. */
template <typename CountAt>
__device__ void NextBits(int pass, Search* search, const CountAt& count_at) {
  const int r = static_cast<int>(threadIdx.x) / 32;
  uint32_t prefix = 0;
  Count rank = 0;
  if (r < kRanks) FindBits(pass, *search, r, count_at, &prefix, &rank);
  __syncthreads();
  if (r < kRanks && threadIdx.x % 32 == 0) {
    search->prefix[r] = prefix;
    search->rank[r] = rank;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 0; i < kRanks; ++i) {
      search->same[i] = i;
      for (int earlier = i - 1; earlier >= 0; --earlier) {
        if (search->prefix[earlier] == search->prefix[i]) search->same[i] = earlier;
      }
    }
  }
  __syncthreads();
}

__device__ void Finish(const Parameters& p, int64_t slice, const Search& search) {
  float values[kRanks];
  for (int r = 0; r < kRanks; ++r) values[r] = numerics::FloatOfOrderKey(search.prefix[r]);
  const float nan = numerics::QuietNan();
  p.out_low[slice] = search.nan != 0 ? nan : numerics::Interpolate(values[0], values[1], p.low.fraction);
  p.out_high[slice] = search.nan != 0 ? nan : numerics::Interpolate(values[2], values[3], p.high.fraction);
}

__global__ void __launch_bounds__(kThreads)
    PercentileKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ Parameters p) {
  __shared__ unsigned counts[kRanks][kBuckets];
  __shared__ Search search;
  const char* const start = walk.Slice(1, blockIdx.x);
  if (threadIdx.x == 0) Start(walk, p, &search);
  bool nan = false;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int i = static_cast<int>(threadIdx.x); i < kRanks * kBuckets; i += kThreads)
      counts[i / kBuckets][i % kBuckets] = 0;
    __syncthreads();
    CountBits(
        walk, p, start, 0, walk.length, pass, search,
        [&](int r, uint32_t bucket) { atomicAdd(&counts[r][bucket], 1u); }, &nan);
    __syncthreads();
    NextBits(pass, &search, [&](int r, int bucket) { return static_cast<Count>(counts[r][bucket]); });
  }
  const bool any = __syncthreads_or(nan ? 1 : 0) != 0;
  if (threadIdx.x != 0) return;
  search.nan = any ? 1 : 0;
  Finish(p, blockIdx.x, search);
}

__global__ void __launch_bounds__(kThreads)
    StartPercentileKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ Parameters p,
                          Workspace* workspaces) {
  Workspace* const workspace = &workspaces[blockIdx.x];
  if (threadIdx.x == 0) Start(walk, p, &workspace->search);
  for (int i = static_cast<int>(threadIdx.x); i < kRanks * kBuckets; i += kThreads) {
    workspace->counts[i / kBuckets][i % kBuckets] = 0;
  }
}

/** Counts of one part of a slice, first in shared memory. */
__global__ void __launch_bounds__(kThreads)
    CountPercentileKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ Parameters p,
                          const __grid_constant__ Divider parts, int pass, Workspace* workspaces) {
  __shared__ unsigned counts[kRanks][kBuckets];
  __shared__ Search search;
  const Divider::Result place = parts.Divide(blockIdx.x);
  Workspace* const workspace = &workspaces[place.quotient];
  for (int i = static_cast<int>(threadIdx.x); i < kRanks * kBuckets; i += kThreads)
    counts[i / kBuckets][i % kBuckets] = 0;
  if (threadIdx.x == 0) search = workspace->search;
  __syncthreads();
  bool nan = false;
  const int64_t begin = place.remainder * kPart;
  const int64_t end = begin + kPart < walk.length ? begin + kPart : walk.length;
  CountBits(
      walk, p, walk.Slice(1, place.quotient), begin, end, pass, search,
      [&](int r, uint32_t bucket) { atomicAdd(&counts[r][bucket], 1u); }, &nan);
  if (__syncthreads_or(nan ? 1 : 0) != 0 && threadIdx.x == 0) atomicOr(&workspace->search.nan, 1);
  for (int i = static_cast<int>(threadIdx.x); i < kRanks * kBuckets; i += kThreads) {
    const unsigned count = counts[i / kBuckets][i % kBuckets];
    if (count != 0) atomicAdd(&workspace->counts[i / kBuckets][i % kBuckets], static_cast<Count>(count));
  }
}

__global__ void __launch_bounds__(kThreads)
    NextPercentileKernel(const __grid_constant__ Parameters p, int pass, Workspace* workspaces) {
  Workspace* const workspace = &workspaces[blockIdx.x];
  NextBits(pass, &workspace->search, [&](int r, int bucket) { return workspace->counts[r][bucket]; });
  for (int i = static_cast<int>(threadIdx.x); i < kRanks * kBuckets; i += kThreads) {
    workspace->counts[i / kBuckets][i % kBuckets] = 0;
  }
  if (pass == kPasses - 1 && threadIdx.x == 0) Finish(p, blockIdx.x, workspace->search);
}

/** Slices whose counts could be beyond 32 bits are shared too, however many they are. */
bool IsShared(int64_t slices, int64_t length) {
  return (slices <= kFewSlices && length > kLong) || length > int64_t{UINT32_MAX};
}

}  // namespace

size_t PercentileWorkspaceSize(const TensorView* x, int64_t slices) {
  if (slices == 0 || !IsShared(slices, x->count / slices)) return 0;
  return static_cast<size_t>(slices) * sizeof(Workspace);
}

octet_status Percentile(const Call* call, const TensorView* x, int axis, double low, double high,
                        const TensorView* out_low, const TensorView* out_high, void* workspace) {
  constexpr const char* kKernel = "percentile";
  if (out_low->count == 0) return OCTET_OK;
  const TensorView* const views[1] = {x};
  const auto walk = SlicesAlong<2>(views, axis, out_low->count);
  const Parameters p = {{x->type, {1.0f, 0.0f}, {0.0f, 0.0f}},
                        numerics::RankOf(low, walk.length),
                        numerics::RankOf(high, walk.length),
                        reinterpret_cast<float*>(out_low->data),
                        reinterpret_cast<float*>(out_high->data)};
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kKernel, scope.error());
  const cudaStream_t stream = StreamOf(call);
  const auto slices = static_cast<unsigned>(walk.slices);
  if (!IsShared(walk.slices, walk.length)) {
    PercentileKernel<<<slices, kThreads, 0, stream>>>(walk, p);
    return Launched(call, kKernel);
  }
  auto* const workspaces = static_cast<Workspace*>(workspace);
  const int64_t parts = (walk.length + kPart - 1) / kPart;
  StartPercentileKernel<<<slices, kThreads, 0, stream>>>(walk, p, workspaces);
  for (int pass = 0; pass < kPasses; ++pass) {
    CountPercentileKernel<<<static_cast<unsigned>(walk.slices * parts), kThreads, 0, stream>>>(
        walk, p, DividerOf(parts), pass, workspaces);
    NextPercentileKernel<<<slices, kThreads, 0, stream>>>(p, pass, workspaces);
  }
  return Launched(call, kKernel);
}

}  // namespace cuda
}  // namespace octet
