// SPDX-License-Identifier: Apache-2.0
// Which calls have the epilogue of tile_codes.h, and what it takes.
#ifndef OCTET_CPU_CODE_EPILOGUE_H_
#define OCTET_CPU_CODE_EPILOGUE_H_

#include "core/epilogue_view.h"
#include "core/packed_gemm.h"
#include "cpu/epilogue_kernels.h"
#include "cpu/tile_codes.h"

namespace octet {
namespace cpu {

/**
 * Nothing but scale, bias, and an activation and a factor or a residual of codes between sums and codes, with values
 * that are numbers and so far below 2^31 steps that conversions to integers, which saturate later than those to codes,
 * are right for all.
 */
class CodeEpilogue {
 public:
  /**
   * outputs: how many codes are made. With few, what is made ready here is too much work. The epilogue's biases and
   * factors must live as long as this.
   */
  CodeEpilogue(const EpilogueKernels& kernels, const EpilogueView& epilogue, float a_scale, int32_t a_zero,
               int64_t outputs);

  /**
   * Sets the values of a panel of weights, whose first column of all panels has number first_column in the output, and
   * of codes what all tiles of the panel have: their places are still to be set. False where values may be beyond what
   * kernels take, or the call is none for them.
   */
  bool MakePanel(const PackedGemm& weights, int64_t first_column, int64_t panel, PanelValues* values,
                 TileCodes* codes) const;

 private:
  const EpilogueKernels& kernels_;
  bool usable_;
  numerics::Activation activation_;
  /** Whether there is an activation or a factor. */
  bool activates_;
  /** One for each column of the output; null: 0 and 1. */
  const float* bias_;
  const float* factor_;
  float a_scale_;
  int32_t a_zero_;
  /** Values are to be below it in magnitude before a residual. */
  float limit_;
  CodeSteps steps_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CODE_EPILOGUE_H_
