// SPDX-License-Identifier: Apache-2.0
// Where the pixels of images [N, H, W, C] of any strides lie, as rows of an epilogue.
#ifndef OCTET_CUDA_CONV_PIXEL_PLACES_H_
#define OCTET_CUDA_CONV_PIXEL_PLACES_H_

#include <cstdint>

#include "core/tensor_view.h"
#include "cuda/gemm/row_places.h"

namespace octet {
namespace cuda {

inline RowPlaces PlacesOf(const TensorView& view) {
  const int64_t size = view.item_size();
  RowPlaces places = {view.strides[2] * size,
                      view.strides[0] * size,
                      view.strides[1] * size,
                      view.strides[2] * size,
                      static_cast<int32_t>(view.shape[2]),
                      static_cast<int32_t>(view.shape[1] * view.shape[2]),
                      view.strides[3] * size};
  const bool even_lines = view.shape[1] == 1 || view.strides[1] == view.shape[2] * view.strides[2];
  const bool even_images = view.shape[0] == 1 || view.strides[0] == view.shape[1] * view.shape[2] * view.strides[2];
  if (even_lines && even_images) places.width = 0;
  return places;
}

/** Whether `bytes` bytes of neighbouring columns can be moved at once. */
inline bool InVectors(const char* data, const RowPlaces& places, int64_t size, int64_t bytes) {
  return places.column == size && places.AreMultiplesOf(bytes) &&
         reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(bytes) == 0;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_PIXEL_PLACES_H_
