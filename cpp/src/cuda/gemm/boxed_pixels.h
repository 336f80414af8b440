// SPDX-License-Identifier: Apache-2.0
// A convolution's input as TMA copies read it: the activations of a tile under a tap are a box of the image, that many
// channels of neighbouring pixels of neighbouring lines of neighbouring images. What lies outside of the image is zeros
// without a question asked, so codes of a zero point other than 0 need an image with its padding around it.
//
// A tile has 128 output pixels: boxes' sides are powers of two, and pixels of a line at least eight, as many as the
// epilogue takes at once. Boxes that reach beyond the output make products that are not stored.
//
// A box has neighbours only. Where a convolution has a stride of two, even pixels are neighbours in a map of their own,
// as are odd ones. TMA has strides of elements as well, but the emulator does not count a box's sides as the driver
// does where there are any, so nothing here could test them.
#ifndef OCTET_CUDA_GEMM_BOXED_PIXELS_H_
#define OCTET_CUDA_GEMM_BOXED_PIXELS_H_

#include <cstdint>

namespace octet {
namespace cuda {

/** Rows of a tile, and the least pixels of a line in a box: as logarithms. */
constexpr int kBoxedRowsLog = 7;
constexpr int kLeastBoxWidthLog = 3;
/** Channels of a box at most: those of a stage. */
constexpr int32_t kMostBoxChannels = 128;
/** Maps of places of pixels in a stride of two by two. */
constexpr int kMostPixelMaps = 4;

/** What a kernel knows of boxes. */
struct PixelBoxes {
  /** Sides of a box, as logarithms: pixels of a line, lines; the rest of 128 are images. */
  int32_t width_log;
  int32_t height_log;
  /** Boxes along them. */
  int32_t by_width;
  int32_t by_height;
  /** Of the output. */
  int32_t out_width;
  int32_t out_height;
  int32_t images;
  int32_t kernel_w;
  int32_t dilation_w;
  int32_t dilation_h;
  int32_t pad_left;
  int32_t pad_top;
  /** 0 or 1: logarithms of 1 and 2. */
  int32_t stride_w_log;
  int32_t stride_h_log;
  /** Boxes of the channels of a tap. */
  int32_t tap_boxes;
};

/** Codes [N, H, W, C]; strides are bytes, multiples of 16, and channels have no gaps. */
struct BoxedPixels {
  const int8_t* data;
  int64_t image;
  int64_t line;
  int64_t pixel;
  int32_t width;
  int32_t height;
  int32_t channels;
  /** Channels of a box: a power of two from 16 to 128; a divisor of the channels where there is more than one tap. */
  int32_t box_channels;
  PixelBoxes boxes;
};

/** Sides and numbers of the boxes that fill the least tiles; other fields are left alone. */
inline void ChooseBoxes(int32_t images, int32_t out_height, int32_t out_width, PixelBoxes* boxes) {
  const auto count = [](int32_t size, int log) { return static_cast<int64_t>((size - 1) >> log) + 1; };
  int64_t least = 0;
  // Of equal ones that with the longest lines.
  for (int width = kBoxedRowsLog; width >= kLeastBoxWidthLog; --width) {
    for (int height = kBoxedRowsLog - width; height >= 0; --height) {
      const int64_t tiles =
          count(out_width, width) * count(out_height, height) * count(images, kBoxedRowsLog - width - height);
      if (least != 0 && tiles >= least) continue;
      least = tiles;
      boxes->width_log = width;
      boxes->height_log = height;
    }
  }
  boxes->by_width = static_cast<int32_t>(count(out_width, boxes->width_log));
  boxes->by_height = static_cast<int32_t>(count(out_height, boxes->height_log));
  boxes->out_width = out_width;
  boxes->out_height = out_height;
  boxes->images = images;
}

inline int64_t TilesOf(const PixelBoxes& boxes) {
  const int images_log = kBoxedRowsLog - boxes.width_log - boxes.height_log;
  return static_cast<int64_t>(boxes.by_width) * boxes.by_height * (((boxes.images - 1) >> images_log) + 1);
}

/** Where a tile's box lies in the output. */
struct BoxPlace {
  int32_t x;
  int32_t y;
  int32_t image;
};

__device__ inline BoxPlace PlaceOf(const PixelBoxes& boxes, int32_t tile) {
  const int32_t line = tile / boxes.by_width;
  const int32_t image = line / boxes.by_height;
  return {(tile - line * boxes.by_width) << boxes.width_log, (line - image * boxes.by_height) << boxes.height_log,
          image << (kBoxedRowsLog - boxes.width_log - boxes.height_log)};
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_BOXED_PIXELS_H_
