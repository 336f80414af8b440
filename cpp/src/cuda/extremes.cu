// SPDX-License-Identifier: Apache-2.0
#include "cuda/extremes.h"

#include "cuda/found.h"
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
/** Elements from a thread's quad to its next. */
constexpr int kStep = kThreads * kQuad;
constexpr int64_t kPart = int64_t{kStep} * kQuads;
/** Slices up to this length are one thread's: a thread block of 128 would mostly add up nothing. */
constexpr int64_t kShort = 32;

/** For thread 0: of all threads of the block. */
template <typename Found>
__device__ Found OfBlock(Found found) {
  __shared__ Found warps[kThreads / kWarp];
#pragma unroll
  for (int offset = kWarp / 2; offset > 0; offset /= 2) found.Join(found.Other(offset));
  if (threadIdx.x % kWarp == 0) warps[threadIdx.x / kWarp] = found;
  __syncthreads();
  for (int w = 1; w < kThreads / kWarp; ++w) found.Join(warps[w]);
  return found;
}

__device__ void Finish(const SliceWalk<2>& walk, const ExtremesOutput& output, int64_t slice, const FoundRange& found) {
  if (output.kind == ExtremesOutput::Kind::kMinMax) {
    output.out_min[slice] = found.Canonical(found.least);
    output.out_max[slice] = found.Canonical(found.greatest);
    return;
  }
  const float reduced = output.reduction == Reduction::kMax ? found.greatest : found.least;
  const float value[1] = {IsCode(output.x.type) ? numerics::ValueOfCode(reduced, output.x.step)
                                                : found.Canonical(reduced)};
  StoreRow(walk.Slice(0, slice), 0, 1, output.out, value);
}

__device__ void Finish(const SliceWalk<2>& walk, const ExtremesOutput& output, int64_t slice, const FoundSum& found) {
  const int64_t centred = found.sum - walk.length * static_cast<int64_t>(output.x.step.zero_point);
  const float sum = output.x.step.scale * static_cast<float>(centred);
  const float value[1] = {output.reduction == Reduction::kMean ? sum / static_cast<float>(walk.length) : sum};
  StoreRow(walk.Slice(0, slice), 0, 1, output.out, value);
}

__device__ void Finish(const SliceWalk<2>& walk, const ExtremesOutput& output, int64_t slice, const FoundPlace& found) {
  if (output.wide) {
    *reinterpret_cast<int64_t*>(walk.Slice(0, slice)) = found.place;
  } else {
    *reinterpret_cast<int32_t*>(walk.Slice(0, slice)) = static_cast<int32_t>(found.place);
  }
}

Coding __device__ Plain(const Coding& coding) { return {coding.type, {1.0f, 0.0f}, {0.0f, 0.0f}}; }

/** Takes the elements first.. of a batch, of which `rest` are there: element j of piece k is number k * kStep + j. */
template <bool kAll, typename Found>
__device__ void TakeBatch(const float (&values)[kBatch][kQuad], int64_t first, int rest, Found* found) {
#pragma unroll
  for (int k = 0; k < kBatch; ++k) {
#pragma unroll
    for (int j = 0; j < kQuad; ++j) {
      if (kAll || k * kStep + j < rest) found->Take(values[k][j], first + k * kStep + j);
    }
  }
}

template <typename Found>
__global__ void __launch_bounds__(kThreads, kBlocks)
    ExtremesKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ ExtremesOutput output,
                   const __grid_constant__ Divider parts, Found* partial) {
  const Divider::Result place = parts.Divide(blockIdx.x);
  const char* const start = walk.Slice(1, place.quotient);
  const Coding coding = Plain(output.x);
  Found found = Found::Nothing();
  const int64_t part = place.remainder * kPart;
  const int64_t end = part + kPart < walk.length ? part + kPart : walk.length;
  const int64_t first = part + threadIdx.x * kQuad;
  if (walk.IsRow(1, coding.type)) {
    // Four loads of a thread are under way together.
#pragma unroll 1
    for (int64_t element = first; element < end; element += kBatch * kStep) {
      float values[kBatch][kQuad];
      LoadPieces<kStep>(start, element, end, coding, values);
      if (end - element >= (kBatch - 1) * kStep + kQuad) {
        TakeBatch<true>(values, element, 0, &found);
      } else {
        TakeBatch<false>(values, element, static_cast<int>(end - element), &found);
      }
    }
  } else {
#pragma unroll 1
    for (int64_t element = first; element < end; element += kStep) {
      const int count = end - element < kQuad ? static_cast<int>(end - element) : kQuad;
      float values[kQuad];
      walk.Load(1, start, element, count, coding, values);
#pragma unroll
      for (int j = 0; j < kQuad; ++j) {
        if (j < count) found.Take(values[j], element + j);
      }
    }
  }
  found = OfBlock(found);
  if (threadIdx.x != 0) return;
  if (partial == nullptr) {
    Finish(walk, output, place.quotient, found);
  } else {
    partial[blockIdx.x] = found;
  }
}

/** One thread a slice: neighbouring threads have neighbouring slices. Where these are short and do not lie side by
 * side, sectors that a warp's loads have in common come from the L1 cache. */
template <typename Found>
__global__ void __launch_bounds__(kSliceThreads)
    ExtremesOfSlicesKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ ExtremesOutput output) {
  const int64_t slice = static_cast<int64_t>(blockIdx.x) * kSliceThreads + threadIdx.x;
  if (slice >= walk.slices) return;
  const char* const start = walk.Slice(1, slice);
  const Coding coding = Plain(output.x);
  Found found = Found::Nothing();
#pragma unroll 4
  for (int64_t element = 0; element < walk.length; ++element) {
    float value[1];
    LoadRow(start + walk.inner.OffsetOf(1, element), 0, 1, coding, value);
    found.Take(value[0], element);
  }
  Finish(walk, output, slice, found);
}

template <typename Found>
__global__ void __launch_bounds__(kThreads)
    JoinExtremesKernel(const __grid_constant__ SliceWalk<2> walk, const __grid_constant__ ExtremesOutput output,
                       int64_t parts, const Found* partial) {
  Found found = Found::Nothing();
  for (int64_t p = threadIdx.x; p < parts; p += kThreads) found.Join(partial[blockIdx.x * parts + p]);
  found = OfBlock(found);
  if (threadIdx.x == 0) Finish(walk, output, blockIdx.x, found);
}

template <typename Found>
octet_status Launch(const Call* call, const char* kernel, const SliceWalk<2>& walk, const ExtremesOutput& output) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  const int64_t item = SizeOf(output.x.type);
  const bool columns = walk.outer.dims > 0 && walk.outer.strides[1][0] == item && walk.inner.dims > 0 &&
                       walk.inner.strides[1][0] != item;
  // A thread a slice needs slices enough to keep the device busy.
  if (walk.length <= kShort || (columns && (walk.slices >= 4096 || walk.length <= 1024))) {
    const auto grid = static_cast<unsigned>((walk.slices + kSliceThreads - 1) / kSliceThreads);
    ExtremesOfSlicesKernel<Found><<<grid, kSliceThreads, 0, StreamOf(call)>>>(walk, output);
    return Launched(call, kernel);
  }
  const int64_t parts = walk.length < 1 ? 1 : (walk.length + kPart - 1) / kPart;
  const Scratch scratch(call, parts == 1 ? 0 : static_cast<size_t>(walk.slices * parts) * sizeof(Found));
  if (scratch.error() != cudaSuccess) return Report(call, "cudaMallocAsync", scratch.error());
  auto* const partial = static_cast<Found*>(scratch.memory());
  ExtremesKernel<Found><<<static_cast<unsigned>(walk.slices * parts), kThreads, 0, StreamOf(call)>>>(
      walk, output, DividerOf(parts), partial);
  if (parts > 1) {
    JoinExtremesKernel<Found>
        <<<static_cast<unsigned>(walk.slices), kThreads, 0, StreamOf(call)>>>(walk, output, parts, partial);
  }
  return Launched(call, kernel);
}

}  // namespace

octet_status LaunchExtremes(const Call* call, const char* kernel, const SliceWalk<2>& walk,
                            const ExtremesOutput& output) {
  if (output.kind == ExtremesOutput::Kind::kArgmax) return Launch<FoundPlace>(call, kernel, walk, output);
  const bool adds = output.kind == ExtremesOutput::Kind::kReduce &&
                    (output.reduction == Reduction::kSum || output.reduction == Reduction::kMean);
  return adds ? Launch<FoundSum>(call, kernel, walk, output) : Launch<FoundRange>(call, kernel, walk, output);
}

}  // namespace cuda
}  // namespace octet
