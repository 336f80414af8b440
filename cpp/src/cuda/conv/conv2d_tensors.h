// SPDX-License-Identifier: Apache-2.0
// What convolutions of codes and of floats take alike from the tensors of a call.
#ifndef OCTET_CUDA_CONV_CONV2D_TENSORS_H_
#define OCTET_CUDA_CONV_CONV2D_TENSORS_H_

#include <cstdint>

#include "core/conv2d_arguments.h"
#include "core/packed_conv2d.h"
#include "cuda/conv/pixel_places.h"
#include "cuda/gemm/epilogue_values.h"

namespace octet {
namespace cuda {

/** Sets the sizes, strides and distances of a source in pixels: a PixelSource or FloatPixels. */
template <typename Source>
void SetPixels(const Conv2dArguments& arguments, const Conv2dGeometry& geometry, Source* source) {
  const TensorView& x = arguments.x;
  const TensorView& out = arguments.out;
  source->height = static_cast<int32_t>(x.shape[1]);
  source->width = static_cast<int32_t>(x.shape[2]);
  source->out_height = static_cast<int32_t>(out.shape[1]);
  source->out_width = static_cast<int32_t>(out.shape[2]);
  source->stride_h = static_cast<int32_t>(geometry.stride_h);
  source->stride_w = static_cast<int32_t>(geometry.stride_w);
  source->pad_top = static_cast<int32_t>(geometry.pad_top);
  source->pad_left = static_cast<int32_t>(geometry.pad_left);
  source->dilation_h = static_cast<int32_t>(geometry.dilation_h);
  source->dilation_w = static_cast<int32_t>(geometry.dilation_w);
  source->kernel_w = static_cast<int32_t>(geometry.kernel_w);
  source->rows = static_cast<int32_t>(x.shape[0] * out.shape[1] * out.shape[2]);
}

/**
 * Sets all of an epilogue that follows from the output and the residual, but for out_vectors. quads: whether the
 * columns of every group begin at multiples of four.
 */
inline void SetTensors(const Conv2dArguments& arguments, bool quads, Epilogue* epilogue) {
  const TensorView& out = arguments.out;
  const TensorView& residual = arguments.residual;
  const bool has_residual = arguments.epilogue.residual.data != nullptr;
  epilogue->view = arguments.epilogue;
  epilogue->view.residual_first = arguments.epilogue.residual_first && has_residual;
  epilogue->out_places = PlacesOf(out);
  epilogue->view.out = {out.data, out.type, epilogue->out_places.row};
  epilogue->residual_places = {};
  epilogue->residual_vectors = false;
  if (has_residual) {
    const int64_t size = residual.item_size();
    epilogue->residual_places = PlacesOf(residual);
    epilogue->view.residual = {residual.data, residual.type, epilogue->residual_places.row};
    epilogue->residual_vectors = quads && InVectors(residual.data, epilogue->residual_places, size, 4 * size);
  }
  epilogue->columns = static_cast<int32_t>(out.shape[3]);
  epilogue->rows = out.shape[0] * out.shape[1] * out.shape[2];
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_CONV2D_TENSORS_H_
