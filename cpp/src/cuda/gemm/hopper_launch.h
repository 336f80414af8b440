// SPDX-License-Identifier: Apache-2.0
// Launches of the sm_90a kernel: a translation unit for each tile (hopper_*.cu), compiled for sm_90a alone.
#ifndef OCTET_CUDA_GEMM_HOPPER_LAUNCH_H_
#define OCTET_CUDA_GEMM_HOPPER_LAUNCH_H_

#include "cuda/gemm/tile_launch.h"

namespace octet {
namespace cuda {

/** weight_bits is 8, and the problem has one part of K, which is not empty. */
cudaError_t LaunchHopper128x256(const TileLaunch<OperandRows>& launch);
cudaError_t LaunchHopper128x256Cluster(const TileLaunch<OperandRows>& launch);
cudaError_t LaunchHopper128x128Turns(const TileLaunch<OperandRows>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_LAUNCH_H_
