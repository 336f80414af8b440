// SPDX-License-Identifier: Apache-2.0
// Checks of what convolutions of integers and of floats have in common.
#ifndef OCTET_API_CONV2D_GEOMETRY_H_
#define OCTET_API_CONV2D_GEOMETRY_H_

#include <cstring>

#include "api/check.h"
#include "core/conv2d_arguments.h"
#include "core/packed_conv2d.h"
#include "octet/conv2d.h"
#include "octet/epilogue.h"

namespace octet {
namespace api {

/** The most channels: offsets of lines, rows and channels stay far from overflow. */
constexpr int64_t kMostConv2dChannels = INT32_MAX;

/** Sets what is not the weights' in a geometry. */
octet_status ReadConv2dParams(const Checker& check, const octet_conv2d_params* params, Conv2dGeometry* geometry);

/** Sets what is the weights' [Cout, Cin / groups, height, width] in a geometry whose groups are set. */
octet_status ReadFilters(const Checker& check, const TensorView& weights, Conv2dGeometry* geometry);

/** Checks weights [Cout, Cin / groups, height, width] of at least one tap. `data`: as of ReadWeightTensor. */
octet_status ReadConv2dWeights(Checker* check, const DLTensor* weights, TypeSet types, bool data, TensorView* view);

octet_conv2d_params Conv2dParamsOf(const Conv2dGeometry& geometry);

/** Writes a geometry to the header of packed weights or to a handle. */
template <typename Header>
void WriteGeometry(const Conv2dGeometry& geometry, Header* header) {
  header->in_channels = geometry.in_channels;
  header->out_channels = geometry.out_channels;
  header->kernel_h = geometry.kernel_h;
  header->kernel_w = geometry.kernel_w;
  const octet_conv2d_params params = Conv2dParamsOf(geometry);
  static_assert(sizeof(header->params) == sizeof(params), "the same members");
  std::memcpy(header->params, &params, sizeof(params));
}

/** Size of the output for an input of in_h x in_w, which are called `what` in messages. */
octet_status Conv2dOutSize(const Checker& check, const Conv2dGeometry& geometry, const char* what, int64_t in_h,
                           int64_t in_w, int64_t* out_h, int64_t* out_w);

/** Checks an input, [N, H, W, Cin]. out_h, out_w: of its output. */
octet_status ReadConv2dInput(Checker* check, const DLTensor* x, const Conv2dGeometry& geometry, TensorView* view,
                             int64_t* out_h, int64_t* out_w);

/** Checks output and epilogue of the convolution of arguments->x, and sets them in arguments. */
octet_status ReadConv2dOutput(Checker* check, const octet_epilogue* epilogue, const DLTensor* out,
                              const Conv2dGeometry& geometry, int64_t out_h, int64_t out_w, Conv2dArguments* arguments);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_CONV2D_GEOMETRY_H_
