// SPDX-License-Identifier: Apache-2.0
#include "cuda/conv/pixel_launch.h"

namespace octet {
namespace cuda {

template cudaError_t LaunchPixels<Tile256x64>(const TileLaunch<PixelSource>& launch);

}  // namespace cuda
}  // namespace octet
