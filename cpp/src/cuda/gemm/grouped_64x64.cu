// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/grouped_launch.h"

namespace octet {
namespace cuda {

template cudaError_t LaunchGrouped<Tile64x64>(const GroupedLaunch& launch);

}  // namespace cuda
}  // namespace octet
