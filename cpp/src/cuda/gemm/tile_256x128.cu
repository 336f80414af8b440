// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/tile_launch.h"

namespace octet {
namespace cuda {

template cudaError_t LaunchTile<Tile256x128>(const TileLaunch<OperandRows>& launch);

}  // namespace cuda
}  // namespace octet
