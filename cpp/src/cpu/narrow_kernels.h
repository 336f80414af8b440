// SPDX-License-Identifier: Apache-2.0
// The integer part of convolutions whose groups are narrow (core/packed_conv2d.h), compiled once per instruction set.
// Nothing is multiplied by zeros: four bytes (or two s16) of a lane are channels of one group, neighbouring lanes have
// the other channels of 16 (or 8) neighbours in memory, of one group or of several, and what repeats itself along a
// vector is that, not four bytes as in matrix products. So activations need no shuffle: one load fetches them for all
// lanes. A lane has a part of an output channel's sum; the parts are brought together once for all taps.
#ifndef OCTET_CPU_NARROW_KERNELS_H_
#define OCTET_CPU_NARROW_KERNELS_H_

#include <cstdint>

namespace octet {
namespace cpu {

/** Bytes that kernels' own order of a panel's weights has for each of its bytes, at most. */
constexpr int64_t kNarrowBytes = 2;

/** Bytes from a pixel of the input to its neighbour. */
constexpr int64_t kNarrowPixel = 64;

/** Sums for pixels and the channels of one panel. */
struct NarrowTile {
  /** u8 codes of the first pixel's first tap, as many as columns at each tap. */
  const uint8_t* a = nullptr;
  /** Bytes from pixel to pixel: kNarrowPixel times the stride of the convolution. */
  int64_t a_stride = 0;
  int rows = 0;
  int64_t taps = 0;
  /** The offset of each tap from a. */
  const int64_t* tap_offsets = nullptr;
  /**
   * Whether taps are lines of three that lie kNarrowPixel apart, as the pixels do. Kernels may make use of it.
   */
  bool rolling = false;
  /** What `prepare` made, aligned to 64. */
  const int8_t* b = nullptr;
  /** 16 or 32. */
  int columns = 0;
  /** [rows][kPanelColumns], aligned to 64. */
  int32_t* sums = nullptr;
};

/** Kernels for groups of one size. */
struct NarrowKernels {
  /**
   * Brings the s8 weights of a panel of 16 or 32 columns, [taps * channels / 4][columns][4], into the order in which
   * `tile` takes them. Both are aligned to 64.
   */
  void (*prepare)(const int8_t* panel, int64_t taps, int columns, int8_t* to);
  void (*tile)(const NarrowTile& tile);
  /**
   * Copies `count` times kNarrowPixel codes, `stride` bytes apart, to neighbouring places, and changes the bits of
   * `flip` in each.
   */
  void (*copy)(const char* from, int64_t stride, int64_t count, uint8_t flip, uint8_t* to);
};

// channels: 4 or 8, of a group.
const NarrowKernels& ScalarNarrowKernels(int64_t channels);
#if defined(OCTET_HAVE_X86)
const NarrowKernels& Avx2NarrowKernels(int64_t channels);
const NarrowKernels& Avx512NarrowKernels(int64_t channels);
const NarrowKernels& AvxVnniNarrowKernels(int64_t channels);
const NarrowKernels& Avx512VnniNarrowKernels(int64_t channels);
#endif

/** The kernels of the instruction set in use. */
const NarrowKernels& CurrentNarrowKernels(int64_t channels);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_NARROW_KERNELS_H_
