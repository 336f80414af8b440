// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/grouped_launch.h"

namespace octet {
namespace cuda {

GroupedLauncher GroupedLauncherOf(GemmKernel kernel) {
  switch (kernel) {
    case GemmKernel::k16x128Swapped:
      return LaunchGrouped<Tile16x128Swapped>;
    case GemmKernel::k64x64:
      return LaunchGrouped<Tile64x64>;
    case GemmKernel::k128x128:
      return LaunchGrouped<Tile128x128>;
    case GemmKernel::kTuring32x64Swapped:
      return LaunchGrouped<Turing32x64Swapped>;
    case GemmKernel::kTuring64x64:
      return LaunchGrouped<Turing64x64>;
    default:
      return nullptr;
  }
}

}  // namespace cuda
}  // namespace octet
