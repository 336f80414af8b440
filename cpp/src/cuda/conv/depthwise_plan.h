// SPDX-License-Identifier: Apache-2.0
// How the outputs of a depthwise convolution are dealt out to threads: each has some neighbouring pixels of a line, of
// four neighbouring channels; neighbouring threads have neighbouring channels.
#ifndef OCTET_CUDA_CONV_DEPTHWISE_PLAN_H_
#define OCTET_CUDA_CONV_DEPTHWISE_PLAN_H_

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "cuda/divider.h"

namespace octet {
namespace cuda {

/** Channels of a thread. */
constexpr int kQuadChannels = 4;

struct DepthwisePlan {
  /** Of a piece of a line, which a thread has. */
  int32_t pixels;
  int32_t out_width;
  /** Fours of channels, pieces of a line, lines of an image. */
  Divider quads;
  Divider pieces;
  Divider lines;
  /** Threads. */
  int64_t items;
};

/** rows: output pixels of all images. forced_pieces: into how many a line is cut, 0: as many as is best. */
inline DepthwisePlan PlanDepthwise(int64_t rows, int64_t out_height, int64_t out_width, int64_t columns,
                                   int64_t most_pixels, int multiprocessors, int forced_pieces) {
  // Fewer pixels a thread where there would be less than half of the threads that a device has room for.
  constexpr int64_t kLeastThreads = 1024;
  const int64_t quads = (columns + kQuadChannels - 1) / kQuadChannels;
  const int64_t fitting = std::max<int64_t>(1, rows * quads / (kLeastThreads * multiprocessors));
  const int64_t wanted = forced_pieces > 0 ? (out_width + forced_pieces - 1) / forced_pieces : fitting;
  const int64_t pieces_of_wanted = (out_width + std::min(wanted, most_pixels) - 1) / std::min(wanted, most_pixels);
  DepthwisePlan plan;
  // Pieces of a line are as long as each other, but for the last one.
  plan.pixels = static_cast<int32_t>((out_width + pieces_of_wanted - 1) / pieces_of_wanted);
  plan.out_width = static_cast<int32_t>(out_width);
  plan.quads = DividerOf(quads);
  plan.pieces = DividerOf((out_width + plan.pixels - 1) / plan.pixels);
  plan.lines = DividerOf(out_height);
  plan.items = rows / out_width * plan.pieces.divisor * quads;
  return plan;
}

/** A thread's outputs. */
struct DepthwisePiece {
  int32_t column;
  int32_t first_pixel;
  int32_t pixels;
  /** Number of the first output pixel. */
  int64_t row;
  int32_t line;
  int64_t image;

  __device__ DepthwisePiece(const DepthwisePlan& plan, int64_t item) {
    Divider::Result place = plan.quads.Divide(item);
    column = static_cast<int32_t>(place.remainder) * kQuadChannels;
    place = plan.pieces.Divide(place.quotient);
    first_pixel = static_cast<int32_t>(place.remainder) * plan.pixels;
    pixels = min(plan.pixels, plan.out_width - first_pixel);
    row = place.quotient * plan.out_width + first_pixel;
    place = plan.lines.Divide(place.quotient);
    line = static_cast<int32_t>(place.remainder);
    image = place.quotient;
  }
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_DEPTHWISE_PLAN_H_
