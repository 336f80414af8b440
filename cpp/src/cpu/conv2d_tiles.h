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
  /** Within the line. */
  int64_t number;
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
  LineTiles(int64_t out_w, int64_t max_rows) : tiles_(PartsOf(out_w, max_rows)), sizes_(out_w, tiles_) {}

  /** The most pixels a tile has. */
  int64_t rows() const { return sizes_[0]; }

  int64_t Count(const Conv2dPart& part) const { return part.images * part.lines * tiles_; }

  Conv2dTile At(const Conv2dPart& part, int64_t index) const {
    const int64_t line = index / tiles_;
    const int64_t tile = index % tiles_;
    return {line / part.lines, line % part.lines, sizes_.Start(tile), static_cast<int>(sizes_[tile]), tile};
  }

  Conv2dTile After(const Conv2dPart& part, const Conv2dTile& at) const {
    Conv2dTile next = at;
    next.pixel += at.rows;
    if (++next.number == tiles_) {
      next.number = next.pixel = 0;
      if (++next.line == part.lines) {
        next.line = 0;
        ++next.slot;
      }
    }
    next.rows = static_cast<int>(sizes_[next.number]);
    return next;
  }

 private:
  int64_t tiles_;
  PartSizes sizes_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_TILES_H_
