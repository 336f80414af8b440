// SPDX-License-Identifier: Apache-2.0
// Depthwise convolutions on ready input, whose planes are one and have a channel for each of the output's.
#ifndef OCTET_CPU_CONV2D_DEPTHWISE_H_
#define OCTET_CPU_CONV2D_DEPTHWISE_H_

#include "core/packed_conv2d.h"
#include "cpu/code_epilogue.h"
#include "cpu/conv2d_output.h"
#include "cpu/conv2d_plan.h"
#include "cpu/conv2d_tiles.h"
#include "cpu/depthwise_kernels.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {

class DepthwiseProduct {
 public:
  /** Writes the offsets of taps to their place in the workspace. Sums of codes are not needed. */
  DepthwiseProduct(const GemmKernels& kernels, const PackedConv2d& weights, const Conv2dGeometry& geometry,
                   const Conv2dPlan& plan, const Conv2dOutput& output, int32_t zero, const char* codes, char* workspace,
                   const int32_t* sums);

  void RunPart(const Conv2dPart& part) const;

 private:
  void RunPanel(const Conv2dBlock& block, int64_t panel) const;
  /** Chooses an order of taps in which kernels can use codes for some pixels, where there is one. */
  void OrderByColumn(int bits, const int64_t* offsets);
  void PutColumnTap(int64_t place, int64_t y, int64_t x, const int64_t* offsets);
  /** Weights of a panel in the order of column_taps_: [groups][columns][kGroup]. */
  void TakeByColumn(int64_t panel, int columns, int8_t* to) const;
  /** Sets sums of products for a panel and a tile. `ones`: with 1 for each weight. */
  void Sum(DepthwiseTile tile, int64_t panel, bool ones) const;

  const GemmKernels& kernels_;
  const DepthwiseKernel kernel_;
  const Conv2dGeometry& geometry_;
  const Conv2dPlan& plan_;
  const Conv2dOutput& output_;
  const int32_t zero_;
  const CodeEpilogue codes_made_;
  const uint8_t* const codes_;
  const int64_t* const tap_offsets_;
  const LineTiles tiles_;
  const PackedGemm weights_;
  /** Taps of groups in the order of columns of the kernel (-1: none), and their offsets. No groups: as packed. */
  int64_t column_groups_ = 0;
  /** As in DepthwiseTile. */
  int rolling_ = 0;
  int64_t rolling_groups_ = 0;
  int64_t column_taps_[kMostManyRollingGroups * kGroup];
  int64_t column_offsets_[kMostManyRollingGroups * kGroup];
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_DEPTHWISE_H_
