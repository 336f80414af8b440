// SPDX-License-Identifier: Apache-2.0
#include "cuda/extremes.h"

#include "cuda/launch.h"
#include "cuda/row_team.h"
#include "cuda/scratch.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
/** Thread blocks a multiprocessor: 1024 threads. Said, since ptxas else spills to make room for one more. */
constexpr int kBlocks = 1024 / kThreads;
constexpr int kWarp = 32;
constexpr int kSliceThreads = 128;
/** Quads that a thread reads of a part. */
constexpr int kQuads = 16;
constexpr int64_t kPart = int64_t{kThreads} * kQuads * kQuad;
/** Slices up to this length are one thread's: a thread block of 128 would mostly add up nothing. */
constexpr int64_t kShort = 32;

__device__ Extremes Nothing() { return {numerics::Infinity(), -numerics::Infinity(), -1, 0, false}; }

/** Whether b, which comes with a place, is to be taken for the greatest rather than a. */
__device__ bool Beats(const Extremes& b, const Extremes& a) {
  if (b.place < 0) return false;
  if (a.place < 0) return true;
  if (a.nan != b.nan) return b.nan;
  if (a.nan || a.greatest == b.greatest) return b.place < a.place;
  return b.greatest > a.greatest;
}

__device__ Extremes Joined(const Extremes& a, const Extremes& b) {
  Extremes result = a;
  if (Beats(b, a)) result.place = b.place;
  result.least = b.least < a.least ? b.least : a.least;
  result.greatest = b.greatest > a.greatest ? b.greatest : a.greatest;
  result.sum = a.sum + b.sum;
  result.nan = a.nan || b.nan;
  return result;
}

__device__ Extremes Shuffled(const Extremes& value, int offset) {
  Extremes result;
  result.least = __shfl_xor_sync(kAllThreads, value.least, offset);
  result.greatest = __shfl_xor_sync(kAllThreads, value.greatest, offset);
  result.place = __shfl_xor_sync(kAllThreads, static_cast<long long>(value.place), offset);
  result.sum = __shfl_xor_sync(kAllThreads, static_cast<long long>(value.sum), offset);
  result.nan = __shfl_xor_sync(kAllThreads, value.nan ? 1 : 0, offset) != 0;
  return result;
}

/** For thread 0: of all threads of the block. */
__device__ Extremes OfBlock(Extremes value) {
  __shared__ Extremes warps[kThreads / kWarp];
  for (int offset = kWarp / 2; offset > 0; offset /= 2) value = Joined(value, Shuffled(value, offset));
  if (threadIdx.x % kWarp == 0) warps[threadIdx.x / kWarp] = value;
  __syncthreads();
  for (int w = 1; w < kThreads / kWarp; ++w) value = Joined(value, warps[w]);
  return value;
}

__device__ void Take(float value, int64_t place, bool coded, Extremes* so_far) {
  const bool nan = numerics::IsNan(value);
  if (nan ? !so_far->nan : !so_far->nan && (so_far->place < 0 || value > so_far->greatest)) so_far->place = place;
  so_far->nan = so_far->nan || nan;
  so_far->least = value < so_far->least ? value : so_far->least;
  so_far->greatest = value > so_far->greatest ? value : so_far->greatest;
  if (coded) so_far->sum += static_cast<int32_t>(value);
}

/** One bit pattern for what compares equal, so that the order of elements does not show. */
__device__ float Canonical(const Extremes& e, float value) { return e.nan ? numerics::QuietNan() : value + 0.0f; }

__device__ float Reduced(const Extremes& e, const ExtremesOutput& output, int64_t length) {
  const bool greatest = output.reduction == Reduction::kMax;
  if (greatest || output.reduction == Reduction::kMin) {
    const float value = greatest ? e.greatest : e.least;
    return IsCode(output.x.type) ? numerics::ValueOfCode(value, output.x.step) : Canonical(e, value);
  }
  const int64_t centred = e.sum - length * static_cast<int64_t>(output.x.step.zero_point);
  const float sum = output.x.step.scale * static_cast<float>(centred);
  return output.reduction == Reduction::kMean ? sum / static_cast<float>(length) : sum;
}

__device__ void Finish(const SliceWalk<2>& walk, const ExtremesOutput& output, int64_t slice, const Extremes& e) {
  switch (output.kind) {
    case ExtremesOutput::Kind::kMinMax:
      output.out_min[slice] = Canonical(e, e.least);
      output.out_max[slice] = Canonical(e, e.greatest);
      break;
    case ExtremesOutput::Kind::kReduce: {
      const float value[1] = {Reduced(e, output, walk.length)};
      StoreRow(walk.Slice(0, slice), 0, 1, output.out, value);
      break;
    }
    case ExtremesOutput::Kind::kArgmax:
      // Where all are minus infinity, or there is nothing greater, it is the first one.
      if (output.wide) {
        *reinterpret_cast<int64_t*>(walk.Slice(0, slice)) = e.place;
      } else {
        *reinterpret_cast<int32_t*>(walk.Slice(0, slice)) = static_cast<int32_t>(e.place);
      }
      break;
  }
}

Coding __device__ Plain(const Coding& coding) { return {coding.type, {1.0f, 0.0f}, {0.0f, 0.0f}}; }

__global__ void __launch_bounds__(kThreads, kBlocks)
    ExtremesKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ ExtremesOutput output,
                   const __grid_constant__ Divider parts, Extremes* partial) {
  const Divider::Result place = parts.Divide(blockIdx.x);
  const char* const start = walk.Slice(1, place.quotient);
  const Coding coding = Plain(output.x);
  const bool coded = IsCode(coding.type);
  Extremes so_far = Nothing();
  const int64_t first = place.remainder * kPart;
  const int64_t end = first + kPart < walk.length ? first + kPart : walk.length;
#pragma unroll 4
  for (int64_t element = first + threadIdx.x * kQuad; element < end; element += kThreads * kQuad) {
    const int64_t rest = end - element;
    const int count = rest < kQuad ? static_cast<int>(rest) : kQuad;
    float values[kQuad];
    walk.Load(1, start, element, count, coding, values);
#pragma unroll
    for (int j = 0; j < kQuad; ++j) {
      if (j < count) Take(values[j], element + j, coded, &so_far);
    }
  }
  so_far = OfBlock(so_far);
  if (threadIdx.x != 0) return;
  if (partial == nullptr) {
    Finish(walk, output, place.quotient, so_far);
  } else {
    partial[blockIdx.x] = so_far;
  }
}

/** One thread a slice: neighbouring threads have neighbouring slices. Where these are short and do not lie side by
 * side, sectors that a warp's loads have in common come from the L1 cache. */
__global__ void __launch_bounds__(kSliceThreads)
    ExtremesOfSlicesKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ ExtremesOutput output) {
  const int64_t slice = static_cast<int64_t>(blockIdx.x) * kSliceThreads + threadIdx.x;
  if (slice >= walk.slices) return;
  const char* const start = walk.Slice(1, slice);
  const Coding coding = Plain(output.x);
  const bool coded = IsCode(coding.type);
  Extremes so_far = Nothing();
#pragma unroll 4
  for (int64_t element = 0; element < walk.length; ++element) {
    float value[1];
    LoadRow(start + walk.inner.OffsetOf(1, element), 0, 1, coding, value);
    Take(value[0], element, coded, &so_far);
  }
  Finish(walk, output, slice, so_far);
}

__global__ void __launch_bounds__(kThreads)
    JoinExtremesKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ ExtremesOutput output,
                       int64_t parts, const Extremes* partial) {
  Extremes so_far = Nothing();
  for (int64_t p = threadIdx.x; p < parts; p += kThreads) so_far = Joined(so_far, partial[blockIdx.x * parts + p]);
  so_far = OfBlock(so_far);
  if (threadIdx.x == 0) Finish(walk, output, blockIdx.x, so_far);
}

}  // namespace

octet_status LaunchExtremes(const Call* call, const char* kernel, const SliceWalk<2>& walk,
                            const ExtremesOutput& output) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  const int64_t item = SizeOf(output.x.type);
  const bool columns = walk.outer.dims > 0 && walk.outer.strides[1][0] == item && walk.inner.dims > 0 &&
                       walk.inner.strides[1][0] != item;
  // A thread a slice needs slices enough to keep the device busy.
  if (walk.length <= kShort || (columns && (walk.slices >= 4096 || walk.length <= 1024))) {
    const auto grid = static_cast<unsigned>((walk.slices + kSliceThreads - 1) / kSliceThreads);
    ExtremesOfSlicesKernel<<<grid, kSliceThreads, 0, StreamOf(call)>>>(walk, output);
    return Launched(call, kernel);
  }
  const int64_t parts = walk.length < 1 ? 1 : (walk.length + kPart - 1) / kPart;
  const Scratch scratch(call, parts == 1 ? 0 : static_cast<size_t>(walk.slices * parts) * sizeof(Extremes));
  if (scratch.error() != cudaSuccess) return Report(call, "cudaMallocAsync", scratch.error());
  auto* const partial = static_cast<Extremes*>(scratch.memory());
  ExtremesKernel<<<static_cast<unsigned>(walk.slices * parts), kThreads, 0, StreamOf(call)>>>(
      walk, output, DividerOf(parts), partial);
  if (parts > 1) {
    JoinExtremesKernel<<<static_cast<unsigned>(walk.slices), kThreads, 0, StreamOf(call)>>>(walk, output, parts,
                                                                                            partial);
  }
  return Launched(call, kernel);
}

}  // namespace cuda
}  // namespace octet
