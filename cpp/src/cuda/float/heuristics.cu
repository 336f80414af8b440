// SPDX-License-Identifier: Apache-2.0
// Nothing here has been measured: choices follow from counts of instructions until a device is at hand.
//
// Multiply-adds a clock and multiprocessor are 64 on sm_75, 80 and 100, 128 on the others; shared memory gives a warp
// 16 bytes a lane in 4 clocks (8 on sm_75). A k costs a thread of the 128x128 kernel 4 such reads and 64 multiply-adds:
// up to 128 a clock. The 64x64 kernel has 2 reads for 16: up to 64 a clock, half of what sm_86 and sm_90 could do, and
// all that sm_80 can. The kernel for few rows reads weights once for every 8 of them.
#include "cuda/float/heuristics.h"

#include <algorithm>

namespace octet {
namespace cuda {
namespace {

// Start, end and epilogue of a tile, in k of its main loop, and what sums of blocks cost in the workspace: estimates.
constexpr int64_t kFixedDepth = 128;
constexpr int64_t kSharedDepth = 128;
// Up to so many rows the tiles of 64 would be half empty.
constexpr int64_t kMostVectorRowsInAll = 32;
constexpr int64_t kVectorColumnsOfBlock = 128;
/** Thread blocks a multiprocessor that keep enough bytes under way. */
constexpr int64_t kStreamingBlocks = 4;

int64_t SideOf(FloatKernel kernel) { return kernel == FloatKernel::k128x128 ? 128 : 64; }

double RateOf(FloatKernel kernel, int architecture) {
  const bool half = architecture == 75 || architecture == 80 || architecture / 10 == 10;
  const double products = half ? 64.0 : 128.0;
  const double fed = (kernel == FloatKernel::k128x128 ? 128.0 : 64.0) / (architecture == 75 ? 2.0 : 1.0);
  return std::min(products, fed);
}

double TimeOf(FloatKernel kernel, const DeviceKind& device, const FloatShape& shape, int64_t parts) {
  const int64_t side = SideOf(kernel);
  const int64_t tiles = shape.count * CeilDiv(shape.m, side) * CeilDiv(shape.n, side);
  const int64_t waves = CeilDiv(tiles * parts, device.multiprocessors);
  const int64_t depth = CeilDiv(shape.k, parts) + kFixedDepth + (parts > 1 ? kSharedDepth : 0);
  return static_cast<double>(waves * side * side) * static_cast<double>(depth) / RateOf(kernel, device.architecture);
}

Raster RasterOf(FloatKernel kernel, const FloatShape& shape) {
  const int64_t side = SideOf(kernel);
  return RasterOver(shape.m, shape.n, side, side, shape.k * static_cast<int64_t>(sizeof(float)));
}

int32_t VectorParts(const DeviceKind& device, const FloatShape& shape) {
  const int64_t thread_blocks = CeilDiv(shape.n, kVectorColumnsOfBlock) * CeilDiv(shape.m, 8);
  const int64_t wanted = CeilDiv(kStreamingBlocks * device.multiprocessors, thread_blocks);
  return static_cast<int32_t>(std::max<int64_t>(1, std::min(shape.blocks, wanted)));
}

}  // namespace

const char* const kFloatKernelNames[kFloatKernelCount] = {"float_vector", "float_64x64", "float_128x128"};

FloatPlan PlanFloat(const DeviceKind& device, const FloatShape& shape, const ForcedPlan& forced) {
  const bool vector_fits = shape.weights && shape.count == 1 && shape.m <= kMostVectorRowsInAll;
  FloatPlan plan = {FloatKernel::kVector, 1, {1, 1, 1}};
  const bool is_vector = vector_fits && (forced.kernel < 0 || forced.kernel == static_cast<int>(FloatKernel::kVector));
  if (is_vector) {
    plan.parts = VectorParts(device, shape);
  } else {
    double least = -1.0;
    for (FloatKernel kernel : {FloatKernel::k64x64, FloatKernel::k128x128}) {
      if (forced.kernel > 0 && forced.kernel != static_cast<int>(kernel)) continue;
      for (int64_t parts = 1; parts == 1 || parts <= shape.blocks; parts *= 2) {
        const double time = TimeOf(kernel, device, shape, parts);
        if (least >= 0.0 && time > least) continue;
        // Of equal times the one with fewer parts.
        if (least >= 0.0 && time == least && parts > 1) continue;
        least = time;
        plan.kernel = kernel;
        plan.parts = static_cast<int32_t>(parts);
      }
    }
    plan.raster = RasterOf(plan.kernel, shape);
  }
  if (forced.parts > 0) {
    plan.parts = static_cast<int32_t>(std::max<int64_t>(1, std::min<int64_t>(forced.parts, shape.blocks)));
  }
  return plan;
}

}  // namespace cuda
}  // namespace octet
