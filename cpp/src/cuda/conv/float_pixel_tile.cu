// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/float_pixel_tile.h"

namespace octet {
namespace cuda {

template cudaError_t LaunchFloatTile(const FloatTileLaunch<FloatPixels, FloatRows>& launch);

}  // namespace cuda
}  // namespace octet
