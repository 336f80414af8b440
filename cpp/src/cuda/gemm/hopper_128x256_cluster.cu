// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/hopper_launch_tile.h"

namespace octet {
namespace cuda {

cudaError_t LaunchHopper128x256Cluster(const TileLaunch<OperandRows>& launch) {
  return LaunchHopperTile<HopperTile<Sharing::kRows, 1, 256, 4, 2>>(launch);
}

}  // namespace cuda
}  // namespace octet
