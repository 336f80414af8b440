// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/hopper_launch_tile.h"

namespace octet {
namespace cuda {
namespace {

using TheTile = HopperTile<Sharing::kTurns, 2, 128, 6>;

}  // namespace

cudaError_t LaunchHopper128x128Turns(const TileLaunch<OperandRows>& launch) {
  return LaunchHopperTile<TheTile>(launch);
}

cudaError_t LaunchHopper128x128TurnsPixels(const TileLaunch<BoxedPixels>& launch) {
  return LaunchHopperPixels<TheTile>(launch);
}

}  // namespace cuda
}  // namespace octet
