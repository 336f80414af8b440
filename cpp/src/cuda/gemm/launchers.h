// SPDX-License-Identifier: Apache-2.0
// What products of every kind have in common: the kernels with tiles, and the choice that a test has made.
#ifndef OCTET_CUDA_GEMM_LAUNCHERS_H_
#define OCTET_CUDA_GEMM_LAUNCHERS_H_

#include "cuda/gemm/heuristics.h"
#include "cuda/gemm/tile_launch.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {

ForcedPlan CurrentForcedPlan();

/** For octet_gemm_force_kernel. */
octet_status ForceKernel(const Call* call, const char* kernel, int32_t parts);

/** Where parts of K of `products` products are added up, in SplitBytes of memory: enqueues clearing it. */
octet_status PrepareSplit(const Call* call, const GemmPlan& plan, int64_t products, char* memory, SplitK* split);

/** Launches a kernel with tiles for a call. */
octet_status LaunchTiles(const Call* call, GemmKernel kernel, const TileLaunch<OperandRows>& launch);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_LAUNCHERS_H_
