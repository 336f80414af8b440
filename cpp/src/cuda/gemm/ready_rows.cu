// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/ready_rows.h"

#include "cuda/bits.h"
#include "cuda/gemm/tile.h"
#include "numerics/epilogue.h"
#include "numerics/half.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;
// Rows of so many elements get a block each, shorter ones a warp.
constexpr int kLongRow = 1024;

/** Elements of 16 bytes, as they lie in memory. */
template <typename T>
struct alignas(16) Vector {
  static constexpr int kCount = 16 / static_cast<int>(sizeof(T));
  T elements[kCount];
};

template <typename T>
constexpr bool kIsCode = sizeof(T) == 1;

/** Elements first.. of a row, up to its end; zeros beyond. */
template <typename T, bool kVectors>
__device__ Vector<T> Load(const T* row, int first, int count) {
  constexpr int kCount = Vector<T>::kCount;
  if (kVectors && first + kCount <= count) {
    const uint4 words = __ldg(reinterpret_cast<const uint4*>(row + first));
    Vector<T> vector;
    memcpy(&vector, &words, sizeof(vector));
    return vector;
  }
  Vector<T> vector = {};
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    if (first + i < count) vector.elements[i] = row[first + i];
  }
  return vector;
}

/** The threads that work on a row: a warp or the whole block. */
template <bool kBlock>
struct Team {
  static constexpr int kSize = kBlock ? kThreads : kWarpSize;

  template <typename V, typename Combine>
  __device__ static V Reduce(V value, const Combine& combine) {
#pragma unroll
    for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
      value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
    }
    if constexpr (kBlock) {
      __shared__ V parts[kWarps];
      const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
      if (threadIdx.x % kWarpSize == 0) parts[warp] = value;
      __syncthreads();
      value = parts[0];
#pragma unroll
      for (int i = 1; i < kWarps; ++i) value = combine(value, parts[i]);
      __syncthreads();
    }
    return value;
  }
};

template <typename T, bool kBlock, bool kVectors>
__device__ float DynamicScale(const ReadyRows& ready, const T* row, int thread) {
  float least = 0.0f;
  float greatest = 0.0f;
  constexpr int kCount = Vector<T>::kCount;
  for (int first = thread * kCount; first < ready.k; first += Team<kBlock>::kSize * kCount) {
    const Vector<T> vector = Load<T, kVectors>(row, first, ready.k);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const float value = numerics::Widen(vector.elements[i]);
      least = numerics::MinNan(least, value);
      greatest = numerics::MaxNan(greatest, value);
    }
  }
  least = Team<kBlock>::Reduce(least, [](float a, float b) { return numerics::MinNan(a, b); });
  greatest = Team<kBlock>::Reduce(greatest, [](float a, float b) { return numerics::MaxNan(a, b); });
  const float delta = numerics::SymmetricGrid(least, greatest, ready.limits.int_max, ready.eps, false).delta;
  return numerics::ScaleOf(delta, ready.eps, false);
}

template <typename T, bool kBlock, bool kVectors>
__global__ void __launch_bounds__(kThreads) ReadyRowsKernel(const __grid_constant__ ReadyRows ready) {
  constexpr int kRowsPerBlock = kBlock ? 1 : kWarps;
  const int64_t number =
      static_cast<int64_t>(blockIdx.x) * kRowsPerBlock + (kBlock ? 0 : static_cast<int>(threadIdx.x) / kWarpSize);
  if (number >= ready.m) return;
  const int thread = static_cast<int>(threadIdx.x) % Team<kBlock>::kSize;
  const T* row = reinterpret_cast<const T*>(ready.rows.data + ready.places.Of(number));
  numerics::Step step = ready.step;
  numerics::Limits limits = ready.limits;
  if constexpr (!kIsCode<T>) {
    if (ready.dynamic) {
      step = {DynamicScale<T, kBlock, kVectors>(ready, row, thread), 0.0f};
      limits = {-ready.limits.int_max - 1.0f, ready.limits.int_max};
      if (thread == 0) ready.scales[number] = step.scale;
    }
  }
  constexpr int kCount = Vector<T>::kCount;
  int32_t sum = 0;
  const int end = (ready.k + 15) / 16 * 16;
  for (int first = thread * kCount; first < end; first += Team<kBlock>::kSize * kCount) {
    const Vector<T> vector = Load<T, kVectors>(row, first, ready.k);
    uint32_t words[(kCount + 3) / 4] = {};
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const int32_t code = first + i < ready.k ? CodeOf(vector.elements[i], step, limits) : 0;
      sum += code;
      words[i / 4] |= (static_cast<uint32_t>(code) & 0xffu) << (i % 4 * 8);
    }
    if (ready.codes != nullptr) {
      uint32_t* to = reinterpret_cast<uint32_t*>(ready.codes + number * ready.stride + first);
      if constexpr (kCount == 16) {
        *reinterpret_cast<uint4*>(to) = {words[0], words[1], words[2], words[3]};
      } else if constexpr (kCount == 8) {
        *reinterpret_cast<uint2*>(to) = {words[0], words[1]};
      } else {
        *to = words[0];
      }
    }
  }
  if (ready.sums != nullptr) {
    sum = Team<kBlock>::Reduce(sum, [](int32_t a, int32_t b) { return a + b; });
    if (thread == 0) ready.sums[number] = sum;
  }
}

template <typename T, bool kBlock>
void Launch(const ReadyRows& ready, cudaStream_t stream) {
  const int64_t blocks = kBlock ? ready.m : (ready.m + kWarps - 1) / kWarps;
  const bool vectors = reinterpret_cast<uintptr_t>(ready.rows.data) % 16 == 0 && ready.places.AreMultiplesOf(16);
  if (vectors) {
    ReadyRowsKernel<T, kBlock, true><<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(ready);
  } else {
    ReadyRowsKernel<T, kBlock, false><<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(ready);
  }
}

template <typename T>
void LaunchFor(const ReadyRows& ready, cudaStream_t stream) {
  if (ready.k >= kLongRow) {
    Launch<T, true>(ready, stream);
  } else {
    Launch<T, false>(ready, stream);
  }
}

}  // namespace

cudaError_t MakeRowsReady(const ReadyRows& ready, cudaStream_t stream) {
  switch (ready.rows.type) {
    case ElementType::kF16:
      LaunchFor<Float16>(ready, stream);
      break;
    case ElementType::kBF16:
      LaunchFor<BFloat16>(ready, stream);
      break;
    case ElementType::kS8:
      LaunchFor<int8_t>(ready, stream);
      break;
    case ElementType::kU8:
      LaunchFor<uint8_t>(ready, stream);
      break;
    default:
      LaunchFor<float>(ready, stream);
  }
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
