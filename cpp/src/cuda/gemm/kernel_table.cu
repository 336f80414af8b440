// SPDX-License-Identifier: Apache-2.0
// The table of kernels and the reason for each of its rows. Nothing here has been measured: choices follow from counts
// of bytes and instructions (PERFORMANCE.md derives them) until a device is at hand.
#include "cuda/gemm/heuristics.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kAnyLater = 1000;

// K of the Hopper kernels that multiply nothing during the epilogue of a tile of 128x256 sums: instructions an element
// of codes (gemm_epilogue_counters_test.cc), from four schedulers, over the clocks of a step of 32 K (PERFORMANCE.md).
constexpr int OpenDepth(double instructions, int step_clocks) {
  const double clocks = instructions * 128 * 256 / kWarpSize / 4;
  return static_cast<int>(clocks * kStepDepth / step_clocks);
}

}  // namespace

const GemmKernelInfo kGemmKernels[kGemmKernelCount] = {
    // M <= 8: reading weights is all of the time; dp4a keeps up (8 rows: 32 instructions for 64 bytes a lane).
    {GemmKernel::kMatrixVector, "matrix_vector", 75, kAnyLater, 0, 0, 0, 0, false},
    // M 9..16, 17..32: still bound by reading weights, whose rows lie on the 16-wide side of mma, 8 stages ahead;
    // activations are one tile, so every weight is read once.
    {GemmKernel::k16x128Swapped, "16x128_swapped", 80, kAnyLater, 16, 128, 16, 32, false},
    {GemmKernel::k32x64Swapped, "32x64_swapped", 80, kAnyLater, 32, 64, 16, 32, false},
    // Few tiles: four times as many blocks as 128x128 has, at 0.67 of its speed on sm_80, all of it on sm_86.
    {GemmKernel::k64x64, "64x64", 80, kAnyLater, 64, 64, 32, 32, false},
    // N up to 64, or a last wave that is half empty; 0.89 of the speed on sm_80.
    {GemmKernel::k128x64, "128x64", 80, kAnyLater, 128, 64, 64, 32, true},
    // Convolutions of up to 64 channels and many pixels: with warp tiles of 64x64 shared memory has bytes for all
    // multiply-adds of sm_80. 80 KB: two blocks a multiprocessor, as with 128x128.
    {GemmKernel::k256x64Pixels, "256x64_pixels", 80, kAnyLater, 256, 64, 64, 64, true, false, 1, false, kFixedDepth,
     false},
    // The largest warp tile that leaves registers for two steps of fragments: 96 of 128 bytes of shared memory a clock
    // on sm_80. 80 KB: two blocks a multiprocessor of 164 KB, so that one multiplies while the other stores.
    {GemmKernel::k128x128, "128x128", 80, kAnyLater, 128, 128, 64, 64, true},
    // The same where a multiprocessor has 100 KB: three stages, 48 KB, keep two blocks on it.
    {GemmKernel::k128x128Shallow, "128x128_shallow", 80, kAnyLater, 128, 128, 64, 64, false},
    // Half the copies of 128x128 for each product: for large products on sm_86 and later, whose multiply-adds are half
    // as many a clock, at one block a multiprocessor.
    {GemmKernel::k256x128, "256x128", 80, kAnyLater, 256, 128, 64, 64, false},
    // sm_75: two stages, no cp.async. Shared memory gives 64 bytes a clock, which 64x64 warp tiles need 48 of.
    {GemmKernel::kTuring32x64Swapped, "turing_32x64_swapped", 75, 75, 32, 64, 16, 32, false},
    {GemmKernel::kTuring64x64, "turing_64x64", 75, 75, 64, 64, 32, 32, true},
    {GemmKernel::kTuring128x128, "turing_128x128", 75, 75, 128, 128, 64, 64, true},
    // sm_90a: twice the multiply-adds of mma.sync. The largest tile that leaves shared memory for four stages: copies
    // and products take all of its 128 bytes a clock, copies somewhat more than the second-level cache gives: 317
    // clocks a step. One block a multiprocessor: nothing multiplies while it stores, 22.1 instructions an element.
    {GemmKernel::kHopper128x256, "hopper_128x256", 90, 90, 128, 256, 64, 256, true, true, 1, false,
     OpenDepth(22.1, 317)},
    // Short K: one consumer multiplies while the other one stores, with sums of 128x128 each, so that shared memory
    // feeds 0.8 of the multiply-adds and the second-level cache 0.6. An epilogue takes a K of 425, hidden but for the
    // last one and where K is shorter.
    {GemmKernel::kHopper128x128Turns, "hopper_128x128_turns", 90, 90, 128, 128, 64, 128, true, true},
    // 128x256 in pairs of blocks, which copy half of the weights for each other. By force alone: kChooseClusters.
    {GemmKernel::kHopper128x256Cluster, "hopper_128x256_cluster", 90, 90, 128, 256, 64, 256, false, true, 2, false,
     OpenDepth(22.1, 256)},
    // Weights of 4 bits: half the copies. Products read 64 weights from registers and 128 activations from shared
    // memory; that words of weights go through shared memory too, 16 bytes a step, is as if they read 256 activations.
    {GemmKernel::kHopper128x256HalfBytes, "hopper_128x256_half_bytes", 90, 90, 128, 256, 256, 64, false, true, 1, true,
     OpenDepth(29.0, 256)},
};

bool Runs(const GemmKernelInfo& info, const DeviceKind& device) {
  return info.from <= device.architecture && device.architecture <= info.to && (info.cluster == 1 || device.clusters);
}

}  // namespace cuda
}  // namespace octet
