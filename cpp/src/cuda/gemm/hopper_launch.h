// SPDX-License-Identifier: Apache-2.0
// Launches of the sm_90a kernel: a translation unit for each tile (hopper_*.cu), compiled for sm_90a alone.
#ifndef OCTET_CUDA_GEMM_HOPPER_LAUNCH_H_
#define OCTET_CUDA_GEMM_HOPPER_LAUNCH_H_

#include "cuda/gemm/boxed_pixels.h"
#include "cuda/gemm/tile_launch.h"

namespace octet {
namespace cuda {

/** K is not empty: each part has 128 codes or more. weight_bits is 8, with half bytes 4. */
cudaError_t LaunchHopper128x256(const TileLaunch<OperandRows>& launch);
cudaError_t LaunchHopper128x256Cluster(const TileLaunch<OperandRows>& launch);
cudaError_t LaunchHopper128x128Turns(const TileLaunch<OperandRows>& launch);
cudaError_t LaunchHopper128x256HalfBytes(const TileLaunch<OperandRows>& launch);

/** The same of one product: a convolution. */
cudaError_t LaunchHopper128x256Pixels(const TileLaunch<BoxedPixels>& launch);
cudaError_t LaunchHopper128x128TurnsPixels(const TileLaunch<BoxedPixels>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_LAUNCH_H_
