// SPDX-License-Identifier: Apache-2.0
// Means over the places that a mask says. Threads have four neighbouring columns each; those of one column take blocks
// of 64 places in turn, whose sums are then added one after the other, as octet/reduce.h says.
#include "cuda/launch.h"
#include "cuda/row_kernels.h"
#include "cuda/span.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kColumnThreads = 32;
constexpr int kBlockThreads = 8;
constexpr int kSpan = 4;
constexpr int64_t kPlaces = 64;

struct Parameters {
  const char* x;
  const char* mask;
  char* out;
  int64_t places;
  int64_t columns;
  /** In bytes. */
  int64_t x_batch;
  int64_t x_place;
  int64_t mask_batch;
  int64_t mask_place;
  int64_t out_batch;
  Divider parts;
  Coding coding;
  Coding out_coding;
  ElementType mask_type;
  float eps;
};

__device__ float MaskAt(const char* at, ElementType type) {
  switch (type) {
    case ElementType::kBool:
      return *at != 0 ? 1.0f : 0.0f;
    case ElementType::kU8:
      return static_cast<float>(*reinterpret_cast<const uint8_t*>(at));
    case ElementType::kS32:
      return static_cast<float>(*reinterpret_cast<const int32_t*>(at));
    case ElementType::kS64:
      return static_cast<float>(*reinterpret_cast<const int64_t*>(at));
    default:
      return *reinterpret_cast<const float*>(at);
  }
}

__global__ void __launch_bounds__(kColumnThreads* kBlockThreads)
    MaskedMeanKernel(const __grid_constant__ Parameters p) {
  __shared__ float sums[kBlockThreads][kColumnThreads][kSpan + 1];
  __shared__ float weights[kBlockThreads];
  const Divider::Result part = p.parts.Divide(blockIdx.x);
  const int64_t batch = part.quotient;
  const int64_t first = (part.remainder * kColumnThreads + threadIdx.x) * kSpan;
  const int64_t rest = p.columns - first;
  const int count = rest < kSpan ? (rest < 0 ? 0 : static_cast<int>(rest)) : kSpan;
  const char* const x = p.x + batch * p.x_batch;
  const char* const mask = p.mask + batch * p.mask_batch;
  float total[kSpan] = {0.0f, 0.0f, 0.0f, 0.0f};
  float total_weight = 0.0f;
  for (int64_t start = 0; start < p.places; start += kPlaces * kBlockThreads) {
    const int64_t begin = start + kPlaces * threadIdx.y;
    const int64_t end = begin + kPlaces < p.places ? begin + kPlaces : p.places;
    float block[kSpan] = {0.0f, 0.0f, 0.0f, 0.0f};
    float weight = 0.0f;
    for (int64_t place = begin; place < end; ++place) {
      const float factor = MaskAt(mask + place * p.mask_place, p.mask_type);
      if (factor == 0.0f) continue;
      float values[kSpan];
      LoadRow(x + place * p.x_place, first, count, p.coding, values);
#pragma unroll
      for (int i = 0; i < kSpan; ++i) block[i] = numerics::Fma(values[i], factor, block[i]);
      weight += factor;
    }
#pragma unroll
    for (int i = 0; i < kSpan; ++i) sums[threadIdx.y][threadIdx.x][i] = block[i];
    if (threadIdx.x == 0) weights[threadIdx.y] = weight;
    __syncthreads();
    if (threadIdx.y == 0) {
      for (int b = 0; b < kBlockThreads && start + kPlaces * b < p.places; ++b) {
#pragma unroll
        for (int i = 0; i < kSpan; ++i) total[i] += sums[b][threadIdx.x][i];
        total_weight += weights[b];
      }
    }
    __syncthreads();
  }
  if (threadIdx.y != 0 || count == 0) return;
  const float divisor = total_weight > p.eps || numerics::IsNan(total_weight) ? total_weight : p.eps;
#pragma unroll
  for (int i = 0; i < kSpan; ++i) total[i] /= divisor;
  StoreRow(p.out + batch * p.out_batch, first, count, p.out_coding, total);
}

}  // namespace

octet_status MaskedMean(const Call* call, const Operand* x, const TensorView* mask, float eps, const Operand* out) {
  if (out->view.count == 0) return OCTET_OK;
  const TensorView& view = x->view;
  Parameters p = {};
  p.x = view.data;
  p.mask = mask->data;
  p.out = out->view.data;
  p.places = view.shape[1];
  p.columns = view.shape[2];
  p.x_batch = view.strides[0] * view.item_size();
  p.x_place = view.strides[1] * view.item_size();
  p.mask_batch = mask->strides[0] * mask->item_size();
  p.mask_place = mask->strides[1] * mask->item_size();
  p.out_batch = out->view.strides[0] * out->view.item_size();
  p.parts = DividerOf((p.columns + kColumnThreads * kSpan - 1) / (kColumnThreads * kSpan));
  p.coding = CodingOf(*x);
  p.out_coding = CodingOf(*out);
  p.mask_type = mask->type;
  p.eps = eps;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "masked_mean", scope.error());
  const auto blocks = static_cast<unsigned>(view.shape[0] * p.parts.divisor);
  MaskedMeanKernel<<<blocks, dim3(kColumnThreads, kBlockThreads), 0, StreamOf(call)>>>(p);
  return Launched(call, "masked_mean");
}

}  // namespace cuda
}  // namespace octet
