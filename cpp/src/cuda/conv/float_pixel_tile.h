// SPDX-License-Identifier: Apache-2.0
// The tiled product of floats on pixels.
#ifndef OCTET_CUDA_CONV_FLOAT_PIXEL_TILE_H_
#define OCTET_CUDA_CONV_FLOAT_PIXEL_TILE_H_

#include "cuda/conv/float_pixels.h"
#include "cuda/float/tile.h"

namespace octet {
namespace cuda {

extern template cudaError_t LaunchFloatTile(const FloatTileLaunch<FloatPixels, FloatRows>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_FLOAT_PIXEL_TILE_H_
