// SPDX-License-Identifier: Apache-2.0
// Convolutions of narrow groups (core/packed_conv2d.h). A thread takes a region of the output, 64 of its channels, and
// puts the pixels under it on its stack, padded and side by side: they stay in the first-level cache, no two of them at
// strides that share places in it, and codes need no pass over the whole input before.
//
// Measured on a Xeon with AVX512-VNNI, one thread, beside blocks that hold some groups as one and multiply by zeros
// between them, on input made ready in the workspace: 3 x 3 convolutions of 32 groups of 4 and of 8 channels (ResNeXt,
// 56 x 56 and 28 x 28 pixels) take 0.32 and 0.48 of the time, those of 8 images 0.3 and 0.4, with stride 2 and 8
// channels 0.49. Products were seven tenths of the time before, the more so with 8 images, whose pixels came from
// outside the first-level cache for every block; at 28 x 28 pixels they are six tenths of what is left, the epilogue
// 0.15 and the copies 0.07. Slow at first: an argument copied as a whole for each strip of pixels, whose loads waited
// for stores of its parts, a tenth of the time; and pixels copied by eight codes at a time, as much. On the same
// machine the kernels of AVX2, AVX-512 and AVX-VNNI take 0.35, 0.31 and 0.34 of the time with groups of 4 channels, and
// 0.6, 0.56 and 0.55 with 8.
#ifndef OCTET_CPU_CONV2D_NARROW_H_
#define OCTET_CPU_CONV2D_NARROW_H_

#include "core/packed_conv2d.h"
#include "cpu/code_epilogue.h"
#include "cpu/conv2d_output.h"
#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_tiles.h"
#include "cpu/gemm_kernels.h"
#include "cpu/narrow_kernels.h"

namespace octet {
namespace cpu {

/** Codes of a part's images, with channels side by side. Strides in bytes. */
struct NarrowSource {
  const char* data = nullptr;
  int64_t image_stride = 0;
  int64_t line_stride = 0;
  int64_t pixel_stride = 0;
  /** What is outside of it is padding. */
  int64_t h = 0;
  int64_t w = 0;
  int64_t pad_top = 0;
  int64_t pad_left = 0;
  /** What makes u8 codes of the codes. */
  uint8_t flip = 0;
};

class NarrowProduct {
 public:
  /** With the input as it lies in x: codes whose channels lie side by side. given: before idle strides were taken. */
  NarrowProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& given,
                const Conv2dGeometry& geometry, const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero,
                const TensorView& x);
  /** With input that is ready in the workspace. Sums of codes are not needed. */
  NarrowProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero, const char* codes, char* workspace,
                const int32_t* sums);

  /** Whether the input can stay where it is. */
  static bool Reads(const TensorView& x);

  void RunPart(const Conv2dPart& part) const;

 private:
  struct Region;
  struct Panel;
  struct Sums;

  NarrowProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero, const NarrowSource& source);
  void RunRegion(const Region& region) const;
  void MakeReady(const Region& region, uint8_t* ready) const;
  void CopyPixels(const char* from, int64_t count, int64_t channels, uint8_t* to) const;
  void MakePanel(int64_t panel, Panel* to) const;
  void MakeOnes(int8_t* to) const;
  void Finish(Panel* panel, int rows, const TilePlace& place, Sums* sums) const;

  const GemmKernels& kernels_;
  const NarrowKernels& narrow_;
  const Conv2dGeometry& geometry_;
  const Conv2dPlan& plan_;
  const Conv2dOutput& output_;
  const int32_t zero_;
  const CodeEpilogue codes_made_;
  const NarrowSource source_;
  const PackedGemm weights_;
  const int64_t panels_;
  /** How the output is cut: parts of a line, and at most so many lines. */
  int64_t pixel_parts_ = 1;
  int64_t lines_ = 1;
  /** Pixels that lie ready side by side. */
  int64_t ready_w_ = 0;
  /** Lines that follow one another in memory and have one epilogue. */
  int64_t lines_together_ = 1;
  int64_t tap_offsets_[kMostNarrowTaps];
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_NARROW_H_
