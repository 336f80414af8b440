// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/launchers.h"

#include <cstdio>

#include "cuda/gemm/hopper_launch.h"

namespace octet {
namespace cuda {
namespace {

/** In the order of GemmKernel; the first one has no tile, one is of convolutions alone. */
constexpr TileLauncher kLaunchers[kGemmKernelCount] = {
    nullptr,
    LaunchTile<Tile16x128Swapped>,
    LaunchTile<Tile32x64Swapped>,
    LaunchTile<Tile64x64>,
    LaunchTile<Tile128x64>,
    nullptr,
    LaunchTile<Tile128x128>,
    LaunchTile<Tile128x128Shallow>,
    LaunchTile<Tile256x128>,
    LaunchTile<Turing32x64Swapped>,
    LaunchTile<Turing64x64>,
    LaunchTile<Turing128x128>,
    LaunchHopper128x256,
    LaunchHopper128x128Turns,
    LaunchHopper128x256Cluster,
    LaunchHopper128x256HalfBytes,
};

}  // namespace

octet_status PrepareSplit(const Call* call, const GemmPlan& plan, int64_t products, char* memory, SplitK* split) {
  *split = {plan.parts, nullptr, nullptr};
  if (plan.parts == 1) return OCTET_OK;
  split->sums = reinterpret_cast<int32_t*>(memory);
  split->arrived = split->sums + SplitSums(plan, products);
  const cudaError_t error = cudaMemsetAsync(memory, 0, static_cast<size_t>(SplitBytes(plan, products)), StreamOf(call));
  return error == cudaSuccess ? OCTET_OK : Report(call, "cudaMemsetAsync", error);
}

octet_status LaunchTiles(const Call* call, GemmKernel kernel, const TileLaunch<OperandRows>& launch) {
  const cudaError_t error = kLaunchers[static_cast<int>(kernel)](launch);
  if (error == cudaSuccess) return OCTET_OK;
  char name[64];
  std::snprintf(name, sizeof(name), "the kernel Tile (%s)", InfoOf(kernel).name);
  return Report(call, name, error);
}

}  // namespace cuda
}  // namespace octet
