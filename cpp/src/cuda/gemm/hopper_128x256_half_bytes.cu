// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/hopper_launch_tile.h"

namespace octet {
namespace cuda {

cudaError_t LaunchHopper128x256HalfBytes(const TileLaunch<OperandRows>& launch) {
  return LaunchHopperTile<HopperTile<Sharing::kRows, 2, 128, 6, 1, 4>>(launch);
}

}  // namespace cuda
}  // namespace octet
