// SPDX-License-Identifier: Apache-2.0
// How the output of a convolution is cut up: parts, which the workspace has room for the input of, and tiles of
// neighbouring pixels of a line, which kernels take.
#ifndef OCTET_CPU_CONV2D_TILES_H_
#define OCTET_CPU_CONV2D_TILES_H_

#include <cstdint>

#include "cpu/parts.h"

namespace octet {
namespace cpu {

/** Some images, some lines of each. */
struct Conv2dPart {
  int64_t first_image;
  int64_t images;
  int64_t first_line;
  int64_t lines;
};

struct Conv2dTile {
  /** Image and line within the part. */
  int64_t slot;
  int64_t line;
  int64_t pixel;
  int rows;
};

/** Tiles first..end-1 of a part. */
struct Conv2dBlock {
  const Conv2dPart& part;
  int64_t first;
  int64_t end;
};

/** The tiles of a part, numbered along lines. */
class LineTiles {
 public:
  LineTiles(int64_t out_w, int64_t max_rows) : out_w_(out_w), tiles_(PartsOf(out_w, max_rows)) {}

  /** The most pixels a tile has. */
  int64_t rows() const { return PartsOf(out_w_, tiles_); }

  int64_t Count(const Conv2dPart& part) const { return part.images * part.lines * tiles_; }

  Conv2dTile At(const Conv2dPart& part, int64_t index) const {
    const int64_t line = index / tiles_;
    const int64_t begin = PartStart(out_w_, tiles_, index % tiles_);
    const int64_t end = PartStart(out_w_, tiles_, index % tiles_ + 1);
    return {line / part.lines, line % part.lines, begin, static_cast<int>(end - begin)};
  }

 private:
  int64_t out_w_;
  int64_t tiles_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_TILES_H_
