// SPDX-License-Identifier: Apache-2.0
// From the sums of a tile to its place in an output [N, H, W, C] of any strides.
#ifndef OCTET_CPU_CONV2D_OUTPUT_H_
#define OCTET_CPU_CONV2D_OUTPUT_H_

#include "core/packed_gemm.h"
#include "cpu/backend.h"
#include "cpu/code_epilogue.h"
#include "cpu/epilogue.h"
#include "cpu/tile_codes.h"

namespace octet {
namespace cpu {

/** The first pixel and channel of a tile, whose rows are pixels of one line, or of some where lines go on. */
struct TilePlace {
  int64_t image;
  int64_t line;
  int64_t pixel;
  int64_t channel;
};

class Conv2dOutput {
 public:
  explicit Conv2dOutput(const Conv2dArguments& arguments);

  /** Whether the first pixel of a line follows the last one of the line before as pixels of a line do. */
  bool LinesGoOn(int64_t out_w) const { return out_.LinesGoOn(out_w) && residual_.LinesGoOn(out_w); }

  /**
   * Whether FinishCodes can finish sums of a panel of weights, whose first channel of all panels is given: sets what is
   * needed for it.
   */
  bool MakePanel(const CodeEpilogue& epilogue, const PackedGemm& weights, int64_t first_channel, int64_t panel,
                 PanelValues* values, TileCodes* codes) const;
  /** Sets the places of a tile in codes. */
  void FinishCodes(const int32_t* sums, int rows, const TilePlace& place, TileCodes* codes) const {
    codes->out = out_.At(place);
    codes->out_stride = out_.strides[2];
    if (residual_.data != nullptr) {
      codes->residual = residual_.At(place);
      codes->residual_stride = residual_.strides[2];
    }
    kernels_.finish_codes(sums, rows, *codes);
  }
  const EpilogueKernels& kernels() const { return kernels_; }
  const EpilogueView& epilogue() const { return epilogue_; }
  float a_scale() const { return *a_scale_; }

  /** Sets what scaled sums are made with, but for what belongs to the weights, and runs the epilogue. */
  void Finish(ScaleStep step, int32_t a_zero, const TilePlace& place) const;
  /** The same for sums of floats, rows of kTileColumns, which are used up. */
  void FinishSums(int rows, int columns, const TilePlace& place, float* sums) const;

 private:
  /** A tensor with strides in bytes. */
  struct Image {
    char* data = nullptr;
    ElementType type = ElementType::kF32;
    int64_t strides[4];

    explicit Image(const TensorView& view);
    char* At(const TilePlace& place) const {
      return data + place.image * strides[0] + place.line * strides[1] + place.pixel * strides[2] +
             place.channel * strides[3];
    }
    bool LinesGoOn(int64_t width) const { return data == nullptr || strides[1] == width * strides[2]; }
    /** Whether channels lie side by side. */
    bool together() const { return strides[3] == SizeOf(type); }
  };

  /** Calls body with the epilogue, whose rows are those of a tile. */
  template <typename Body>
  void WithRows(int rows, int columns, const TilePlace& place, const Body& body) const;

  const EpilogueKernels& kernels_;
  const EpilogueView& epilogue_;
  const float* a_scale_;
  const Image out_;
  const Image residual_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_OUTPUT_H_
