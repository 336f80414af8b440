// SPDX-License-Identifier: Apache-2.0
// The matrix products that a convolution is, on ready input.
#ifndef OCTET_CPU_CONV2D_PRODUCT_H_
#define OCTET_CPU_CONV2D_PRODUCT_H_

#include "core/packed_conv2d.h"
#include "cpu/code_epilogue.h"
#include "cpu/conv2d_output.h"
#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_tiles.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {

class Conv2dProduct {
 public:
  /** Writes the offsets of runs to their place in the workspace. codes: of the first image's first line. sums: as of
   * Conv2dInput. */
  Conv2dProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero, const char* codes, char* workspace,
                const int32_t* sums);

  void RunPart(const Conv2dPart& part) const;

 private:
  void RunItem(const Conv2dPart& part, int64_t blocks, int64_t unit_parts, int64_t item) const;
  /** Sums of the codes under each pixel of a block. */
  void SumCodes(const Conv2dBlock& block, int64_t group, int32_t* a_sums) const;
  void RunPanel(const Conv2dBlock& block, int64_t group, int64_t panel, const int32_t* a_sums) const;

  const GemmKernels& kernels_;
  const PackedConv2d& weights_;
  const Conv2dGeometry& geometry_;
  const Conv2dPlan& plan_;
  const Conv2dOutput& output_;
  const int32_t zero_;
  const CodeEpilogue codes_made_;
  const char* const codes_;
  const int64_t* const run_offsets_;
  const int32_t* const sums_;
  const LineTiles tiles_;
  const bool lines_go_on_;
  /** Groups of codes in a run. */
  const int64_t run_groups_;
  /** Panels of a group. */
  const int64_t panels_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_PRODUCT_H_
