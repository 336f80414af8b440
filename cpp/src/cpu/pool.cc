// SPDX-License-Identifier: Apache-2.0
#include "cpu/pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

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

/** How many taps reach over `places`. */
int64_t TapsWithin(const PoolAxis& axis, int64_t places) {
  return axis.dilation == 1 ? places : (places + axis.dilation - 1) / axis.dilation;
}

Span SpanOf(const PoolAxis& axis, int64_t size, int64_t index) {
  const int64_t start = index * axis.stride - axis.pad_before;
  const int64_t skipped = start < 0 ? TapsWithin(axis, -start) : 0;
  const int64_t end = std::min(axis.kernel, TapsWithin(axis, size - start));
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

// Bytes of a line that the greatest of some lines are kept for at a time.
constexpr int64_t kLineBytes = 4096;

/**
 * Windows of codes whose neighbours along W lie side by side: the greatest of columns first, then of those. Not for
 * floats, of which the first of equal zeros counts. 64 channels of 112 x 112 pixels under 3 x 3 windows take 0.3 of the
 * time that windows take an element at a time (Xeon, AVX-512).
 */
template <typename T>
class PlanarMax {
 public:
  PlanarMax(const TensorView& x, const PoolAxes& axes, const TensorView& out)
      : x_(x), axes_(axes), out_(out), max_(CurrentRowKernels().pool.max[RowTypeIndex(x.type)]) {}

  /** Pixels of the output that are made at a time; 0: windows are too wide. */
  int64_t pixels() const {
    const int64_t reach = axes_.w.reach();
    return reach > kLineBytes / 2 || axes_.w.stride > kLineBytes / 2 ? 0 : (kLineBytes - reach) / axes_.w.stride + 1;
  }

  void Line(int64_t n, int64_t y, int64_t channel) const {
    const Span rows = SpanOf(axes_.h, x_.shape[1], y);
    const char* const from = x_.data + n * x_.strides[0] + rows.first * x_.strides[1] + channel * x_.strides[3];
    char* const to = out_.data + n * out_.strides[0] + y * out_.strides[1] + channel * out_.strides[3];
    for (int64_t w = 0; w < out_.shape[2]; w += pixels()) {
      const int64_t count = std::min(pixels(), out_.shape[2] - w);
      T line[kLineBytes];
      const int64_t start = w * axes_.w.stride - axes_.w.pad_before;
      const int64_t width = (count - 1) * axes_.w.stride + axes_.w.reach();
      const int64_t first = std::min(std::max<int64_t>(0, -start), width);
      const int64_t end = std::max(first, std::min(width, x_.shape[2] - start));
      std::fill_n(line, first, std::numeric_limits<T>::min());
      std::fill(line + end, line + width, std::numeric_limits<T>::min());
      if (first < end) {
        max_({from + start + first, rows.count, 1, rows.dilation * x_.strides[1], 0}, end - first, line + first);
      }
      Greatest(line, count, to + w * out_.strides[2]);
    }
  }

 private:
  /** The greatest elements of windows of a line. */
  void Greatest(const T* line, int64_t count, char* to) const {
    // Locals, which stores of bytes can't change as far as the compiler can tell.
    const int64_t stride = axes_.w.stride;
    const int64_t dilation = axes_.w.dilation;
    const int64_t out_stride = out_.strides[2];
    const T* const end = line + axes_.w.kernel * dilation;
    for (int64_t i = 0; i < count; ++i) {
      T greatest = line[i * stride];
      for (const T* tap = line + dilation; tap < end; tap += dilation) greatest = std::max(greatest, tap[i * stride]);
      std::memcpy(to + i * out_stride, &greatest, sizeof(T));
    }
  }

  const TensorView& x_;
  const PoolAxes& axes_;
  const TensorView& out_;
  void (*const max_)(const PoolWindow& window, int64_t channels, void* out);
};

/** Whether it could be done so, and is done. */
template <typename T>
bool MaxOfPlanes(const TensorView& x, const PoolAxes& axes, const TensorView& out) {
  const PlanarMax<T> planar(x, axes, out);
  if (x.strides[2] != 1 || planar.pixels() == 0) return false;
  const int64_t lines = out.shape[0] * out.shape[3] * out.shape[1];
  const double line_values = static_cast<double>(x.shape[2]) * static_cast<double>(axes.h.kernel + axes.w.kernel);
  const auto per_piece = std::max<int64_t>(1, static_cast<int64_t>(kPiece / std::max(1.0, line_values)));
  ParallelFor((lines + per_piece - 1) / per_piece, [&](int64_t piece) {
    const int64_t end = std::min(lines, (piece + 1) * per_piece);
    for (int64_t line = piece * per_piece; line < end; ++line) {
      const int64_t plane = line / out.shape[1];
      planar.Line(plane / out.shape[3], line % out.shape[1], plane % out.shape[3]);
    }
  });
  return true;
}

}  // namespace

void MaxPool2d(const TensorView& x, const PoolAxes& axes, const TensorView& out) {
  if (out.count == 0) return;
  const auto max = CurrentRowKernels().pool.max[RowTypeIndex(x.type)];
  const bool together = ChannelsLieTogether(x, out);
  if (!together && x.type == ElementType::kU8 && MaxOfPlanes<uint8_t>(x, axes, out)) return;
  if (!together && x.type == ElementType::kS8 && MaxOfPlanes<int8_t>(x, axes, out)) return;
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
