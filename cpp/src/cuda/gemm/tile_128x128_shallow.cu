// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/tile_launch.h"

namespace octet {
namespace cuda {

template cudaError_t LaunchTile<Tile128x128Shallow>(const TileLaunch<OperandRows>& launch);

}  // namespace cuda
}  // namespace octet
