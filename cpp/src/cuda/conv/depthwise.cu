// SPDX-License-Identifier: Apache-2.0
// A thread makes four neighbouring channels of some neighbouring pixels of a line; neighbouring threads have
// neighbouring channels. Weights, and what the epilogue needs for the channels, are read once for all of the pixels. Of
// 3 x 3, 5 x 5 and 7 x 7 taps without dilation a column of inputs is read and transposed once for all outputs that it
// is under: it moves through the window of columns in registers. Others are read tap by tap, from the first-level
// cache.
#include "cuda/conv/depthwise.h"

#include <algorithm>

#include "cuda/conv/depthwise_taps.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;
constexpr int64_t kMostBlocks = int64_t{1} << 30;

// Weights and terms of a thread cost as much as some ten of its outputs: more pixels gain little.
constexpr int64_t kMostPixels = 16;

/** A thread's outputs, and where their inputs begin. */
struct DepthwisePlace : DepthwisePiece {
  /** Line of the input under the first tap. */
  int32_t top;
  const int8_t* data;

  __device__ DepthwisePlace(const PixelSource& source, const DepthwisePlan& plan, int64_t item)
      : DepthwisePiece(plan, item),
        top(line * source.stride_h - source.pad_top),
        data(source.data + image * source.image) {}
};

/** Makes s8 of inputs: less 128 where they are u8, as is the zero point. */
struct InputCodes {
  uint32_t flip;
  /** Four times the zero point. */
  uint32_t outside;
  int32_t zero_point;

  __device__ explicit InputCodes(const DepthwiseProblem& problem)
      : flip(problem.is_signed ? 0u : 0x80808080u),
        outside((static_cast<uint32_t>(problem.zero_point & 0xff) * 0x01010101u) ^ flip),
        zero_point(problem.zero_point - (problem.is_signed ? 0 : 128)) {}
};

/** What comes after the sums, for four channels of a thread's pixels. */
class DepthwiseOutput {
 public:
  __device__ DepthwiseOutput(const DepthwiseProblem& problem, int32_t column, int32_t zero_point, uint4* scratch)
      : problem_(problem), column_(column), scratch_(scratch), terms_(TermsOf(problem.epilogue, column)) {
    // The epilogue knows of one sum of inputs for all columns of a row. Here each has its own, taken into account in
    // Store, with the zero point of s8.
    scales_ = problem.epilogue.scales;
    const int4 sums = __ldg(reinterpret_cast<const int4*>(scales_.w_sums + column));
    const int32_t of_weights[kQuadChannels] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
    for (int i = 0; i < kQuadChannels; ++i) {
      terms_.from_a[i] = static_cast<int32_t>(static_cast<uint32_t>(zero_point) * static_cast<uint32_t>(of_weights[i]));
    }
    scales_.w_zeros = nullptr;
  }

  __device__ void Store(int64_t row, TapSums* sums) const {
    const Epilogue& epilogue = problem_.epilogue;
    const RowsView& out = epilogue.view.out;
    ColumnTerms terms = terms_;
    if (epilogue.scales.w_zeros != nullptr) {
#pragma unroll
      for (int i = 0; i < kQuadChannels; ++i) {
        sums->products[i] =
            static_cast<int32_t>(static_cast<uint32_t>(sums->products[i]) -
                                 static_cast<uint32_t>(terms.zero[i]) * static_cast<uint32_t>(sums->inputs[i]));
        terms.zero[i] = 0;
      }
    }
    float values[kQuadChannels];
    ScaleSums(scales_, terms, sums->products, row, values);
    FinishValues(epilogue, row, column_, values);
    char* to = out.data + epilogue.out_places.Of(row) + column_ * epilogue.out_places.column;
    if (problem_.out_quads && column_ + kQuadChannels <= epilogue.columns) {
      PutValues(epilogue.view, epilogue.codes, values, to);
      return;
    }
    PutValues(epilogue.view, epilogue.codes, values, scratch_);
    const int size = static_cast<int>(SizeOf(out.type));
    for (int i = 0; i < kQuadChannels && column_ + i < epilogue.columns; ++i) {
      CopyElement(to + i * epilogue.out_places.column, reinterpret_cast<const char*>(scratch_) + i * size, size);
    }
  }

 private:
  const DepthwiseProblem& problem_;
  const int32_t column_;
  uint4* const scratch_;
  ColumnTerms terms_;
  SumScales scales_;
};

/** Columns of inputs of kSize taps, for four channels. */
template <int kSize>
class Columns {
 public:
  __device__ Columns(const DepthwiseProblem& problem, const DepthwisePlace& place, const InputCodes& codes)
      : source_(problem.source), codes_(codes), data_(place.data + place.top * problem.source.line + place.column) {
#pragma unroll
    for (int y = 0; y < kSize; ++y) {
      if (static_cast<unsigned>(place.top + y) < static_cast<unsigned>(source_.height)) lines_ |= 1u << y;
    }
  }

  __device__ void Load(int x, TapColumn<kSize>* column) const {
    const bool inside = static_cast<unsigned>(x) < static_cast<unsigned>(source_.width);
    const int8_t* const from = data_ + x * source_.pixel;
    uint32_t words[kSize];
    if (inside && lines_ == (1u << kSize) - 1) {
#pragma unroll
      for (int y = 0; y < kSize; ++y) words[y] = WordAt(from + y * source_.line);
    } else {
#pragma unroll
      for (int y = 0; y < kSize; ++y) {
        words[y] = codes_.outside;
        if (inside && (lines_ >> y & 1u) != 0) words[y] = WordAt(from + y * source_.line);
      }
    }
    column->Set(words);
  }

 private:
  __device__ uint32_t WordAt(const int8_t* from) const {
    return __ldg(reinterpret_cast<const uint32_t*>(from)) ^ codes_.flip;
  }

  const PixelSource& source_;
  const InputCodes& codes_;
  const int8_t* const data_;
  /** A bit for each line of taps that lies in the image. */
  uint32_t lines_ = 0;
};

/** Blocks of a multiprocessor that the registers of windows and weights leave room for. */
constexpr int ResidentBlocks(int size) { return size == 3 ? 5 : 3; }

/** kSize x kSize taps without dilation, kStride pixels apart along a line, an output channel for each input channel. */
template <int kSize, int kStride>
__global__ void __launch_bounds__(kThreads, ResidentBlocks(kSize))
    DepthwiseKernel(const __grid_constant__ DepthwiseProblem problem, const __grid_constant__ DepthwisePlan plan) {
  __shared__ uint4 scratch[kThreads];
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= plan.items) return;
  const DepthwisePlace place(problem.source, plan, item);
  const InputCodes codes(problem);
  TapColumn<kSize> weights[kSize];
#pragma unroll
  for (int x = 0; x < kSize; ++x) {
    uint32_t words[kSize];
#pragma unroll
    for (int y = 0; y < kSize; ++y) {
      const int8_t* from = problem.weights + (y * kSize + x) * problem.stride + place.column;
      words[y] = __ldg(reinterpret_cast<const uint32_t*>(from));
    }
    weights[x].Set(words);
    weights[x].ClearRest();
  }
  const DepthwiseOutput output(problem, place.column, codes.zero_point, scratch + threadIdx.x);
  const Columns<kSize> columns(problem, place, codes);
  // Columns that an output shares with the one before.
  constexpr int kShared = kSize - kStride;
  TapColumn<kSize> window[kSize];
  int x = place.first_pixel * kStride - problem.source.pad_left;
#pragma unroll
  for (int i = 0; i < kShared; ++i) columns.Load(x++, &window[i]);
  for (int pixel = 0; pixel < place.pixels; ++pixel) {
#pragma unroll
    for (int i = kShared; i < kSize; ++i) columns.Load(x++, &window[i]);
    TapSums sums;
#pragma unroll
    for (int i = 0; i < kSize; ++i) sums.Add(window[i], weights[i]);
    if (problem.epilogue.scales.w_zeros != nullptr) {
#pragma unroll
      for (int i = 0; i < kSize; ++i) sums.AddInputs(window[i]);
    }
#pragma unroll
    for (int i = 0; i < kShared; ++i) window[i] = window[i + kStride];
    output.Store(place.row + pixel, &sums);
  }
}

/** The codes of four output channels' inputs. */
template <bool kOne>
__device__ inline uint32_t LoadInputs(const int8_t* pixel, int32_t channel, int32_t multiplier, int32_t columns) {
  if constexpr (kOne) {
    return __ldg(reinterpret_cast<const uint32_t*>(pixel + channel));
  } else {
    uint32_t word = 0;
#pragma unroll
    for (int i = 0; i < kQuadChannels; ++i) {
      const int32_t own = min(channel + i, columns - 1);
      word |= static_cast<uint32_t>(static_cast<uint8_t>(pixel[own / multiplier])) << (8 * i);
    }
    return word;
  }
}

/** Of any taps. Said, since ptxas else spills on sm_89 to make room for two more. */
constexpr int kAnyBlocks = 5;

/** Any taps. kOne: an output channel for each input channel. */
template <bool kOne>
__global__ void __launch_bounds__(kThreads, kAnyBlocks)
    AnyDepthwiseKernel(const __grid_constant__ DepthwiseProblem problem, const __grid_constant__ DepthwisePlan plan) {
  __shared__ uint4 scratch[kThreads];
  const PixelSource& source = problem.source;
  const int64_t item = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= plan.items) return;
  const DepthwisePlace place(problem.source, plan, item);
  const InputCodes codes(problem);
  const DepthwiseOutput output(problem, place.column, codes.zero_point, scratch + threadIdx.x);
  for (int pixel = 0; pixel < place.pixels; ++pixel) {
    TapSums sums;
    const int left = (place.first_pixel + pixel) * source.stride_w - source.pad_left;
    for (int first = 0; first < problem.kernel_h; first += kGroupTaps) {
      const int taps = min(kGroupTaps, problem.kernel_h - first);
      for (int column = 0; column < source.kernel_w; ++column) {
        const int x = left + column * source.dilation_w;
        const bool inside = static_cast<unsigned>(x) < static_cast<unsigned>(source.width);
        uint32_t inputs[kGroupTaps];
        uint32_t weights[kGroupTaps];
#pragma unroll
        for (int i = 0; i < kGroupTaps; ++i) {
          // Taps that are filled up have inputs and weights of 0.
          inputs[i] = weights[i] = 0;
          if (i >= taps) continue;
          const int y = place.top + (first + i) * source.dilation_h;
          inputs[i] = codes.outside;
          if (inside && static_cast<unsigned>(y) < static_cast<unsigned>(source.height)) {
            inputs[i] = LoadInputs<kOne>(place.data + y * source.line + x * source.pixel, place.column,
                                         problem.multiplier, problem.epilogue.columns) ^
                        codes.flip;
          }
          const int8_t* from =
              problem.weights + ((first + i) * source.kernel_w + column) * problem.stride + place.column;
          weights[i] = __ldg(reinterpret_cast<const uint32_t*>(from));
        }
        TapColumn<kGroupTaps> inputs_of;
        TapColumn<kGroupTaps> weights_of;
        inputs_of.Set(inputs);
        weights_of.Set(weights);
        sums.Add(inputs_of, weights_of);
        if (problem.epilogue.scales.w_zeros != nullptr) sums.AddInputs(inputs_of);
      }
    }
    output.Store(place.row + pixel, &sums);
  }
}

using Kernel = void (*)(DepthwiseProblem, DepthwisePlan);

Kernel KernelOf(const DepthwiseProblem& problem) {
  const PixelSource& source = problem.source;
  if (problem.multiplier != 1) return AnyDepthwiseKernel<false>;
  const int size = problem.kernel_h;
  const bool is_square = size == source.kernel_w && source.dilation_h == 1 && source.dilation_w == 1;
  if (is_square && size == 3 && source.stride_w == 1) return DepthwiseKernel<3, 1>;
  if (is_square && size == 3 && source.stride_w == 2) return DepthwiseKernel<3, 2>;
  if (is_square && size == 5 && source.stride_w == 1) return DepthwiseKernel<5, 1>;
  if (is_square && size == 5 && source.stride_w == 2) return DepthwiseKernel<5, 2>;
  if (is_square && size == 7 && source.stride_w == 1) return DepthwiseKernel<7, 1>;
  return AnyDepthwiseKernel<true>;
}

}  // namespace

cudaError_t LaunchDepthwise(const DepthwiseProblem& problem, int multiprocessors, int forced_pieces,
                            cudaStream_t stream) {
  const PixelSource& source = problem.source;
  const DepthwisePlan plan = PlanDepthwise(problem.epilogue.rows, source.out_height, source.out_width,
                                           problem.epilogue.columns, kMostPixels, multiprocessors, forced_pieces);
  const int64_t blocks = (plan.items + kThreads - 1) / kThreads;
  if (blocks > kMostBlocks) return cudaErrorInvalidConfiguration;
  KernelOf(problem)<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(problem, plan);
  return cudaGetLastError();
}

}  // namespace cuda
}  // namespace octet
