// SPDX-License-Identifier: Apache-2.0
// The parts of a convolution's output one after the other, and the input of each made ready by several threads.
#ifndef OCTET_CPU_CONV2D_PARTS_H_
#define OCTET_CPU_CONV2D_PARTS_H_

#include <algorithm>

#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_tiles.h"
#include "cpu/parts.h"

namespace octet {
namespace cpu {

/** Calls body with a Part for each part of the output. */
template <typename Body>
void ForEachPart(const Conv2dPlan& plan, const Body& body) {
  for (int64_t i = 0; i < plan.image_parts; ++i) {
    for (int64_t l = 0; l < plan.line_parts; ++l) {
      Conv2dPart part;
      part.first_image = PartStart(plan.images, plan.image_parts, i);
      part.images = PartStart(plan.images, plan.image_parts, i + 1) - part.first_image;
      part.first_line = PartStart(plan.out_h, plan.line_parts, l);
      part.lines = PartStart(plan.out_h, plan.line_parts, l + 1) - part.first_line;
      body(part);
    }
  }
}

/** Makes the lines under a part ready; input has a function MakeLine as Conv2dInput does. */
template <typename Input>
void MakePartReady(const Input& input, const Conv2dGeometry& geometry, const Conv2dPlan& plan, const Conv2dPart& part) {
  // Elements of the input that a thread makes ready at a time, which takes some microseconds.
  constexpr int64_t kPieceElements = 16384;
  const int64_t lines = ReadyLines(geometry, part.lines);
  const int64_t all = part.images * lines;
  const int64_t elements = std::max<int64_t>(1, plan.planes * plan.plane_channels * plan.padded_w);
  const int64_t pieces = PartsOf(all, std::max<int64_t>(1, kPieceElements / elements));
  ForItems(pieces, all * elements < 4 * kPieceElements, [&](int64_t piece) {
    const int64_t end = PartStart(all, pieces, piece + 1);
    for (int64_t i = PartStart(all, pieces, piece); i < end; ++i) {
      const int64_t line = i % lines;
      input.MakeLine(i / lines, line, part.first_image + i / lines,
                     part.first_line * geometry.stride_h - geometry.pad_top + line);
    }
  });
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_PARTS_H_
