// SPDX-License-Identifier: Apache-2.0
// Pooling of images. Where channels lie side by side a thread has 16 bytes of them of one pixel of the output, and its
// neighbours those beside; else it has one channel, and its neighbours the pixels beside. Windows that overlap read
// their common elements from the cache.
#include "cuda/pool.h"

#include "cuda/launch.h"
#include "cuda/span.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;
/**
 * Thread blocks a multiprocessor, for as many channels a thread: averages of sixteen codes take 48 registers of sums
 * alone. Said, since ptxas else spills to make room for one more.
 */
constexpr int BlocksOf(int channels, bool max) { return channels == 16 && !max ? 2 : 3; }

enum class Kind { kMax, kAvg, kAdaptive };

struct Parameters {
  const char* x;
  char* out;
  Coding x_coding;
  Coding out_coding;
  PoolAxes axes;
  AvgPoolOptions options;
  /** Of x and out: N, H, W, C; strides in bytes. */
  int64_t in_h;
  int64_t in_w;
  int64_t channels;
  int64_t x_strides[4];
  int64_t out_strides[4];
  int64_t images;
  Divider out_h;
  Divider out_w;
  /** Spans of channels. */
  Divider spans;
};

/** Taps of a window along one dimension that lie in the image. */
struct Taps {
  int64_t first;
  int64_t count;
  int64_t dilation;
  /** Places of the window within image and padding. */
  int64_t padded;
};

__device__ Taps TapsOf(const PoolAxis& axis, int64_t size, int64_t index) {
  const int64_t start = index * axis.stride - axis.pad_before;
  const int64_t skipped = start < 0 ? (-start + axis.dilation - 1) / axis.dilation : 0;
  const int64_t fitting = (size - start + axis.dilation - 1) / axis.dilation;
  const int64_t end = axis.kernel < fitting ? axis.kernel : fitting;
  const int64_t reach = start + axis.dilation * (axis.kernel - 1) + 1;
  const int64_t behind = size + axis.pad_after;
  return {start + skipped * axis.dilation, end > skipped ? end - skipped : 0, axis.dilation,
          (reach < behind ? reach : behind) - start};
}

__device__ Taps AdaptiveTaps(int64_t size, int64_t out_size, int64_t index) {
  const int64_t first = index * size / out_size;
  const int64_t count = ((index + 1) * size + out_size - 1) / out_size - first;
  return {first, count, 1, count};
}

/** What a thread has: a pixel of the output and channels. */
struct Place {
  int64_t image;
  int64_t y;
  int64_t w;
  int64_t channel;
};

template <int kChannels>
__device__ Place PlaceOf(const Parameters& p, int64_t thread) {
  Place place;
  if constexpr (kChannels > 1) {
    const Divider::Result span = p.spans.Divide(thread);
    place.channel = span.remainder * kChannels;
    thread = span.quotient;
  }
  const Divider::Result column = p.out_w.Divide(thread);
  const Divider::Result row = p.out_h.Divide(column.quotient);
  place.w = column.remainder;
  place.y = row.remainder;
  place.image = row.quotient;
  if constexpr (kChannels == 1) {
    const Divider::Result channel = p.spans.Divide(row.quotient);
    place.channel = channel.remainder;
    place.image = channel.quotient;
  }
  return place;
}

template <int kChannels, bool kMax>
__global__ void __launch_bounds__(kThreads, BlocksOf(kChannels, kMax))
    PoolKernel(const __grid_constant__ Parameters p, Kind kind) {
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const Place place = PlaceOf<kChannels>(p, thread);
  if (place.image >= p.images) return;
  const bool adaptive = kind == Kind::kAdaptive;
  const Taps rows = adaptive ? AdaptiveTaps(p.in_h, p.out_h.divisor, place.y) : TapsOf(p.axes.h, p.in_h, place.y);
  const Taps columns = adaptive ? AdaptiveTaps(p.in_w, p.out_w.divisor, place.w) : TapsOf(p.axes.w, p.in_w, place.w);
  const int64_t rest = p.channels - place.channel;
  const int count = rest < kChannels ? static_cast<int>(rest) : kChannels;
  const char* const window = p.x + place.image * p.x_strides[0] + rows.first * p.x_strides[1] +
                             columns.first * p.x_strides[2] + place.channel * p.x_strides[3];
  const bool coded = IsCode(p.x_coding.type);
  // Codes are taken as they are.
  const Coding plain = {p.x_coding.type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  float results[kChannels];
  float row_sums[kChannels];
  int64_t totals[kChannels];
#pragma unroll
  for (int i = 0; i < kChannels; ++i) {
    results[i] = kMax ? -numerics::Infinity() : 0.0f;
    totals[i] = 0;
  }
  for (int64_t r = 0; r < rows.count; ++r) {
    const char* tap = window + r * rows.dilation * p.x_strides[1];
#pragma unroll
    for (int i = 0; i < kChannels; ++i) row_sums[i] = 0.0f;
    for (int64_t c = 0; c < columns.count; ++c, tap += columns.dilation * p.x_strides[2]) {
      float values[kChannels];
      LoadRow(tap, 0, count, plain, values);
#pragma unroll
      for (int i = 0; i < kChannels; ++i) {
        if constexpr (kMax) {
          // The first of equal ones; a NaN is never left again.
          results[i] = numerics::IsNan(values[i]) ? values[i] : numerics::OneLane::Max(values[i], results[i]);
        } else if (coded) {
          totals[i] += static_cast<int32_t>(values[i]);
        } else {
          row_sums[i] += values[i];
        }
      }
    }
    if constexpr (!kMax) {
#pragma unroll
      for (int i = 0; i < kChannels; ++i) results[i] += row_sums[i];
    }
  }
  if constexpr (!kMax) {
    const int64_t taps = rows.count * columns.count;
    const double padded = static_cast<double>(rows.padded) * static_cast<double>(columns.padded);
    float divisor = static_cast<float>(taps);
    if (kind == Kind::kAdaptive || p.options.count_include_pad) divisor = static_cast<float>(padded);
    if (p.options.divisor != 0) divisor = static_cast<float>(p.options.divisor);
    const int64_t zeros = taps * static_cast<int64_t>(p.x_coding.step.zero_point);
#pragma unroll
    for (int i = 0; i < kChannels; ++i) {
      const float sum = coded ? static_cast<float>(totals[i] - zeros) : results[i];
      results[i] = p.x_coding.step.scale * sum / divisor;
    }
  }
  char* const out = p.out + place.image * p.out_strides[0] + place.y * p.out_strides[1] + place.w * p.out_strides[2] +
                    place.channel * p.out_strides[3];
  StoreRow(out, 0, count, p.out_coding, results);
}

template <int kChannels>
void LaunchPool(const Call* call, const Parameters& p, Kind kind) {
  const int64_t threads = p.images * p.out_h.divisor * p.out_w.divisor * p.spans.divisor;
  const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  if (kind == Kind::kMax) {
    PoolKernel<kChannels, true><<<blocks, kThreads, 0, StreamOf(call)>>>(p, kind);
  } else {
    PoolKernel<kChannels, false><<<blocks, kThreads, 0, StreamOf(call)>>>(p, kind);
  }
}

octet_status Pool(const Call* call, const char* kernel, const Operand& x, const Operand& out, Kind kind,
                  const PoolAxes& axes, const AvgPoolOptions& options) {
  if (out.view.count == 0) return OCTET_OK;
  Parameters p = {};
  p.x = x.view.data;
  p.out = out.view.data;
  p.x_coding = CodingOf(x);
  p.out_coding = CodingOf(out);
  p.axes = axes;
  p.options = options;
  p.images = x.view.shape[0];
  p.in_h = x.view.shape[1];
  p.in_w = x.view.shape[2];
  p.channels = x.view.shape[3];
  for (int d = 0; d < 4; ++d) {
    p.x_strides[d] = x.view.strides[d] * x.view.item_size();
    p.out_strides[d] = out.view.strides[d] * out.view.item_size();
  }
  p.out_h = DividerOf(out.view.shape[1]);
  p.out_w = DividerOf(out.view.shape[2]);
  const bool together = p.channels > 1 && x.view.strides[3] == 1 && out.view.strides[3] == 1;
  const int64_t span = together ? 16 / x.view.item_size() : 1;
  p.spans = DividerOf((p.channels + span - 1) / span);
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, kernel, scope.error());
  switch (span) {
    case 16:
      LaunchPool<16>(call, p, kind);
      break;
    case 8:
      LaunchPool<8>(call, p, kind);
      break;
    case 4:
      LaunchPool<4>(call, p, kind);
      break;
    default:
      LaunchPool<1>(call, p, kind);
      break;
  }
  return Launched(call, kernel);
}

}  // namespace

octet_status MaxPool2d(const Call* call, const TensorView* x, const PoolAxes* axes, const TensorView* out) {
  // Greatest codes are stored as they are; that of no element is the least of the type.
  const numerics::Limits limits =
      x->type == ElementType::kS8 ? numerics::Limits{-128.0f, 127.0f} : numerics::Limits{0.0f, 255.0f};
  const Operand from = {*x, {1.0f, 0.0f}, limits};
  const Operand to = {*out, {1.0f, 0.0f}, limits};
  return Pool(call, "max_pool2d", from, to, Kind::kMax, *axes, {});
}

octet_status AvgPool2d(const Call* call, const Operand* x, const PoolAxes* axes, const AvgPoolOptions* options,
                       const Operand* out) {
  return Pool(call, "avg_pool2d", *x, *out, Kind::kAvg, *axes, *options);
}

octet_status AdaptiveAvgPool2d(const Call* call, const Operand* x, const Operand* out) {
  return Pool(call, "adaptive_avg_pool2d", *x, *out, Kind::kAdaptive, {}, {});
}

}  // namespace cuda
}  // namespace octet
