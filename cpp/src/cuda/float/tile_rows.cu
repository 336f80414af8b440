// SPDX-License-Identifier: Apache-2.0
#include "cuda/float/tile.h"

namespace octet {
namespace cuda {

template cudaError_t LaunchFloatTile(const FloatTileLaunch<FloatRows, FloatRows>& launch);

}  // namespace cuda
}  // namespace octet
