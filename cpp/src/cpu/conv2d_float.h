// SPDX-License-Identifier: Apache-2.0
// Convolutions in floats on checked arguments.
#ifndef OCTET_CPU_CONV2D_FLOAT_H_
#define OCTET_CPU_CONV2D_FLOAT_H_

#include "core/grid_view.h"
#include "core/packed_conv2d_float.h"
#include "cpu/backend.h"

namespace octet {
namespace cpu {

/** grid: of weights that are codes, axis 0 or -1; null for floats. blocks has the size of geometry.blocks() blocks. */
void PackFloatConv2d(const TensorView& weights, const GridView* grid, const Conv2dGeometry& geometry, char* blocks);

size_t FloatConv2dWorkspaceSize(const PackedFloatConv2d& weights, int64_t images, int64_t out_h, int64_t out_w);

/** Limits of the arguments are not looked at: codes stand for what their step says. */
void FloatConv2d(const Conv2dArguments& arguments, const PackedFloatConv2d& weights, char* workspace);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_CONV2D_FLOAT_H_
