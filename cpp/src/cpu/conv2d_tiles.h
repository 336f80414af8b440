// SPDX-License-Identifier: Apache-2.0
// How the output of a convolution is cut up: parts, which the workspace has room for the input of, and tiles of
// neighbouring pixels of a line, or two short lines, which kernels take.
#ifndef OCTET_CPU_CONV2D_TILES_H_
#define OCTET_CPU_CONV2D_TILES_H_

#include <algorithm>
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
  /** Pixels: of this line, or, where a tile has two of them, the line below as well. */
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
  /** with_pairs: whether tiles may have two lines, where these are so short. */
  LineTiles(int64_t out_w, int64_t max_rows, bool with_pairs)
      : tiles_(PartsOf(out_w, max_rows)), sizes_(out_w, tiles_), lines_(with_pairs && 2 * out_w <= max_rows ? 2 : 1) {}

  /** The most pixels a tile has. */
  int64_t rows() const { return lines_ * sizes_[0]; }

  int64_t Count(const Conv2dPart& part) const { return part.images * CountOfImage(part); }

  Conv2dTile At(const Conv2dPart& part, int64_t index) const {
    const int64_t of_image = index % CountOfImage(part);
    Conv2dTile at;
    at.slot = index / CountOfImage(part);
    at.line = of_image / tiles_ * lines_;
    at.number = of_image % tiles_;
    at.pixel = sizes_.Start(at.number);
    at.rows = RowsOf(part, at);
    return at;
  }

  Conv2dTile After(const Conv2dPart& part, const Conv2dTile& at) const {
    Conv2dTile next = at;
    next.pixel += at.rows;
    if (++next.number == tiles_) {
      next.number = next.pixel = 0;
      next.line += lines_;
      if (next.line >= part.lines) {
        next.line = 0;
        ++next.slot;
      }
    }
    next.rows = RowsOf(part, next);
    return next;
  }

 private:
  int64_t CountOfImage(const Conv2dPart& part) const { return PartsOf(part.lines, lines_) * tiles_; }
  int RowsOf(const Conv2dPart& part, const Conv2dTile& at) const {
    return static_cast<int>(sizes_[at.number] * std::min(lines_, part.lines - at.line));
  }

  int64_t tiles_;
  PartSizes sizes_;
  /** Of a tile: with two of them a line is one tile's. */
  int64_t lines_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_TILES_H_
