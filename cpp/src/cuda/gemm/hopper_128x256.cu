// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/hopper_launch_tile.h"

namespace octet {
namespace cuda {
namespace {

using TheTile = HopperTile<Sharing::kRows, 1, 256, 4>;

}  // namespace

cudaError_t LaunchHopper128x256(const TileLaunch<OperandRows>& launch) { return LaunchHopperTile<TheTile>(launch); }

cudaError_t LaunchHopper128x256Pixels(const TileLaunch<BoxedPixels>& launch) {
  return LaunchHopperPixels<TheTile>(launch);
}

}  // namespace cuda
}  // namespace octet
