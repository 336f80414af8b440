// SPDX-License-Identifier: Apache-2.0
#include "cpu/pool.h"

#include <algorithm>

#include "cpu/pool_element.h"
#include "cpu/row_kernels.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Values that a thread reads at a time, which takes some microseconds.
constexpr double kPiece = 32768.0;
// Channels whose sums are kept at a time.
constexpr int64_t kChannels = 256;
// Codes whose sum is exact in f32, whatever they are.
constexpr int64_t kExactTaps = 65536;

/** Taps of a window along one dimension that lie in the image. */
struct Span {
  int64_t first;
  int64_t count;
  int64_t dilation;
  /** Places of the window within image and padding. */
  int64_t padded;
};

Span SpanOf(const PoolAxis& axis, int64_t size, int64_t index) {
  const int64_t start = index * axis.stride - axis.pad_before;
  const int64_t skipped = start < 0 ? (-start + axis.dilation - 1) / axis.dilation : 0;
  const int64_t end = std::min(axis.kernel, (size - start + axis.dilation - 1) / axis.dilation);
  return {start + skipped * axis.dilation, std::max<int64_t>(0, end - skipped), axis.dilation,
          std::min(start + axis.reach(), size + axis.pad_after) - start};
}

Span AdaptiveSpan(int64_t size, int64_t out_size, int64_t index) {
  const int64_t first = index * size / out_size;
  const int64_t count = ((index + 1) * size + out_size - 1) / out_size - first;
  return {first, count, 1, count};
}

/** A pixel of the output, and the window that it is made of, both from the first channel on. */
struct Pixel {
  PoolWindow window;
  /** Elements of the window with the padding, of which there may be very many. */
  double padded;
  char* out;
};

/**
 * Calls body(pixel) for all pixels; spans(d, index) says what their windows span along H (d = 1) and W (d = 2), about
 * `taps` elements.
 */
template <typename Spans, typename Body>
void ForEachPixel(const TensorView& x, const TensorView& out, double taps, const Spans& spans, const Body& body) {
  const int64_t item = x.item_size();
  const int64_t lines = out.shape[0] * out.shape[1];
  const double line_values = static_cast<double>(out.shape[2] * out.shape[3]) * taps;
  const auto per_piece = std::max<int64_t>(1, static_cast<int64_t>(kPiece / std::max(1.0, line_values)));
  ParallelFor((lines + per_piece - 1) / per_piece, [&](int64_t piece) {
    const int64_t end = std::min(lines, (piece + 1) * per_piece);
    for (int64_t line = piece * per_piece; line < end; ++line) {
      const int64_t n = line / out.shape[1];
      const int64_t y = line % out.shape[1];
      const Span rows = spans(1, y);
      for (int64_t w = 0; w < out.shape[2]; ++w) {
        const Span columns = spans(2, w);
        Pixel pixel;
        pixel.window = {x.data + (n * x.strides[0] + rows.first * x.strides[1] + columns.first * x.strides[2]) * item,
                        rows.count, columns.count, rows.dilation * x.strides[1] * item,
                        columns.dilation * x.strides[2] * item};
        pixel.padded = static_cast<double>(rows.padded) * static_cast<double>(columns.padded);
        pixel.out = out.data + (n * out.strides[0] + y * out.strides[1] + w * out.strides[2]) * out.item_size();
        body(pixel);
      }
    }
  });
}

double TapsOf(const PoolAxes& axes, const TensorView& x) {
  return static_cast<double>(std::min(axes.h.kernel, x.shape[1])) *
         static_cast<double>(std::min(axes.w.kernel, x.shape[2]));
}

/** Whether vectors of channels can be taken as they lie in memory. */
bool ChannelsLieTogether(const TensorView& x, const TensorView& out) {
  return x.shape[3] > 1 && x.strides[3] == 1 && out.strides[3] == 1;
}

PoolWindow At(PoolWindow window, int64_t bytes) {
  window.first += bytes;
  return window;
}

/** Calls body with parts of a window of at most kExactTaps taps. */
template <typename Body>
void ForEachExactPart(const PoolWindow& window, const Body& body) {
  const int64_t columns = std::max<int64_t>(1, std::min(window.columns, kExactTaps));
  const int64_t rows = kExactTaps / columns;
  for (int64_t r = 0; r < window.rows; r += rows) {
    for (int64_t c = 0; c < window.columns; c += columns) {
      PoolWindow part = At(window, r * window.row_stride + c * window.column_stride);
      part.rows = std::min(rows, window.rows - r);
      part.columns = std::min(columns, window.columns - c);
      body(part);
    }
  }
}

/** Means of channels: which sums there are, and what becomes of them. */
class Means {
 public:
  Means(const Operand& x, const Operand& out)
      : x_(x),
        out_(out),
        kernels_(CurrentRowKernels()),
        sum_(kernels_.pool.sum[RowTypeIndex(x.view.type)]),
        store_(kernels_.convert.store[RowTypeIndex(out.view.type)]),
        together_(ChannelsLieTogether(x.view, out.view)) {}

  void Make(const Pixel& pixel, float divisor) const {
    const int64_t taps = pixel.window.rows * pixel.window.columns;
    const int64_t step = together_ ? kChannels : 1;
    for (int64_t c = 0; c < x_.view.shape[3]; c += step) {
      alignas(64) float values[kChannels];
      const int64_t count = std::min(step, x_.view.shape[3] - c);
      const PoolWindow window = At(pixel.window, c * x_.view.strides[3] * x_.view.item_size());
      float zero = 0.0f;
      if (!IsCode(x_.view.type) || taps <= kExactTaps) {
        Sum(window, count, values);
        if (IsCode(x_.view.type)) zero = static_cast<float>(taps) * x_.step.zero_point;
      } else {
        SumLong(window, count, values);
      }
      kernels_.pool.mean(values, zero, x_.step.scale, divisor, count, values);
      store_(values, out_.step, out_.limits, count, pixel.out + c * out_.view.strides[3] * out_.view.item_size());
    }
  }

 private:
  void Sum(const PoolWindow& window, int64_t count, float* sums) const {
    if (together_) {
      sum_(window, count, sums);
    } else {
      *sums = SumOfElements(x_.view.type, window);
    }
  }

  /** Sums of codes less the zero points, of windows that are too large for exact sums in f32. */
  void SumLong(const PoolWindow& window, int64_t count, float* sums) const {
    int64_t totals[kChannels] = {};
    ForEachExactPart(window, [&](const PoolWindow& part) {
      Sum(part, count, sums);
      for (int64_t c = 0; c < count; ++c) totals[c] += static_cast<int64_t>(sums[c]);
    });
    const int64_t zeros = window.rows * window.columns * static_cast<int64_t>(x_.step.zero_point);
    for (int64_t c = 0; c < count; ++c) sums[c] = static_cast<float>(totals[c] - zeros);
  }

  const Operand& x_;
  const Operand& out_;
  const RowKernels& kernels_;
  void (*const sum_)(const PoolWindow& window, int64_t channels, float* sums);
  void (*const store_)(const void* values, numerics::Step step, numerics::Limits limits, int64_t count, void* row);
  const bool together_;
};

}  // namespace

void MaxPool2d(const TensorView& x, const PoolAxes& axes, const TensorView& out) {
  if (out.count == 0) return;
  const auto max = CurrentRowKernels().pool.max[RowTypeIndex(x.type)];
  const bool together = ChannelsLieTogether(x, out);
  const auto spans = [&](int d, int64_t index) { return SpanOf(d == 1 ? axes.h : axes.w, x.shape[d], index); };
  ForEachPixel(x, out, TapsOf(axes, x), spans, [&](const Pixel& pixel) {
    if (together) {
      max(pixel.window, x.shape[3], pixel.out);
      return;
    }
    for (int64_t c = 0; c < x.shape[3]; ++c) {
      StoreMaxOfElements(x.type, At(pixel.window, c * x.strides[3] * x.item_size()),
                         pixel.out + c * out.strides[3] * out.item_size());
    }
  });
}

void AvgPool2d(const Operand& x, const PoolAxes& axes, const AvgPoolOptions& options, const Operand& out) {
  if (out.view.count == 0) return;
  const TensorView& view = x.view;
  const Means means(x, out);
  const auto spans = [&](int d, int64_t index) { return SpanOf(d == 1 ? axes.h : axes.w, view.shape[d], index); };
  ForEachPixel(view, out.view, TapsOf(axes, view), spans, [&](const Pixel& pixel) {
    if (options.divisor != 0) {
      means.Make(pixel, static_cast<float>(options.divisor));
    } else if (options.count_include_pad) {
      means.Make(pixel, static_cast<float>(pixel.padded));
    } else {
      means.Make(pixel, static_cast<float>(pixel.window.rows * pixel.window.columns));
    }
  });
}

void AdaptiveAvgPool2d(const Operand& x, const Operand& out) {
  if (out.view.count == 0) return;
  const auto spans = [&](int d, int64_t index) { return AdaptiveSpan(x.view.shape[d], out.view.shape[d], index); };
  const double windows = static_cast<double>(out.view.shape[1]) * static_cast<double>(out.view.shape[2]);
  const double taps = static_cast<double>(x.view.shape[1]) * static_cast<double>(x.view.shape[2]) / windows;
  const Means means(x, out);
  ForEachPixel(x.view, out.view, taps, spans,
               [&](const Pixel& pixel) { means.Make(pixel, static_cast<float>(pixel.padded)); });
}

}  // namespace cpu
}  // namespace octet
