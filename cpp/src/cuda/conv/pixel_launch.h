// SPDX-License-Identifier: Apache-2.0
// Launches of the tiled kernel on pixels, as in gemm/tile_launch.h.
#ifndef OCTET_CUDA_CONV_PIXEL_LAUNCH_H_
#define OCTET_CUDA_CONV_PIXEL_LAUNCH_H_

#include "cuda/conv/pixel_source.h"
#include "cuda/gemm/tile_launch.h"

namespace octet {
namespace cuda {

/** Of pixels alone: few channels and many pixels. Warps of 64x64, 80 KB: two blocks a multiprocessor of 164 KB. */
using Tile256x64 = Tile<256, 64, 64, 64, 4>;

template <typename T>
cudaError_t LaunchPixels(const TileLaunch<PixelSource>& launch) {
  return launch.signed_activations ? LaunchCodes<T, Codes<true, 8>>(launch) : LaunchCodes<T, Codes<false, 8>>(launch);
}

extern template cudaError_t LaunchPixels<Tile128x128>(const TileLaunch<PixelSource>& launch);
extern template cudaError_t LaunchPixels<Tile128x64>(const TileLaunch<PixelSource>& launch);
extern template cudaError_t LaunchPixels<Tile256x64>(const TileLaunch<PixelSource>& launch);
extern template cudaError_t LaunchPixels<Turing128x128>(const TileLaunch<PixelSource>& launch);
extern template cudaError_t LaunchPixels<Turing64x64>(const TileLaunch<PixelSource>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_PIXEL_LAUNCH_H_
