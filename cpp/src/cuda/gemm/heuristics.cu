// SPDX-License-Identifier: Apache-2.0
// The choice of a kernel: of the rows of the table (kernel_table.cu) that fit, the one with the least estimated time
// (kernel_time.h).
#include "cuda/gemm/heuristics.h"

#include <algorithm>

#include "cuda/gemm/groups.h"
#include "cuda/gemm/kernel_time.h"
#include "cuda/gemm/matrix_vector.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {
namespace {

/** K that a part has at least: less is start and end of a pipeline alone. */
constexpr int64_t kLeastTilesOfPart = 8;
constexpr int kMostParts = 16;

// Rows of activations up to which the swapped kernels take all of them in one tile.
constexpr int64_t kMostSwapped = 32;

/** K for each row from which on the matrix-vector kernel takes the products of a batch: adding up the lanes of a warp
 * and the epilogue cost it some 35 instructions a column and row, which of less K are more than what memory lets it
 * issue. */
constexpr int64_t kVectorDepth = 128;

/** Blocks a multiprocessor that keep enough bytes under way to read weights at full bandwidth. */
constexpr int64_t kStreamingBlocks = 2;

Raster RasterOf(const GemmKernelInfo& info, int64_t m, int64_t n, int64_t k) {
  return RasterOver(m, n, info.activations * info.cluster, info.weights, k);
}

/** Whether a multiprocessor has 100 KB of shared memory, and not the 164 KB or more of sm_80, 87, 90 and 100. */
bool SharedMemoryIsSmall(int architecture) {
  return architecture == 86 || architecture == 89 || architecture / 10 == 12;
}

/** Whether a row can make such a product, on a device that it runs on. */
bool Takes(const GemmKernelInfo& info, int64_t m, int64_t k, int weight_bits) {
  if (!info.takes_rows) return false;
  if (info.activations == 0) return m <= kMostVectorRows;
  return !info.wgmma || (k > 0 && weight_bits == (info.half_bytes ? 4 : 8));
}

// Clusters are off until a device has confirmed their results and measured them: the emulator runs no clusters. The
// bytes that copies read say that they should be the faster ones.
constexpr bool kChooseClusters = false;

/** Whether the heuristics take a row for so many activations. */
bool Suits(const GemmKernelInfo& info, int architecture, int64_t m) {
  if (info.kernel == GemmKernel::k128x128Shallow && !SharedMemoryIsSmall(architecture)) return false;
  if (info.cluster > 1 && !kChooseClusters) return false;
  // On sm_80 two blocks of 128x128 a multiprocessor do as well, and one stores while the other multiplies.
  if (info.kernel == GemmKernel::k256x128 && architecture == 80) return false;
  if (info.activations == 0) return true;
  if (info.activations <= kMostSwapped) return m > kMostVectorRows && m <= info.activations;
  return m > kMostSwapped;
}

/** K that a kernel makes at a time, of which each part has some. */
int64_t StageDepth(const GemmKernelInfo& info) { return info.wgmma ? 2 * kTileDepth : kTileDepth; }

int64_t ForcedParts(const GemmKernelInfo& info, int64_t k, const ForcedPlan& forced) {
  return std::min<int64_t>(forced.parts, std::max<int64_t>(1, CeilDiv(k, StageDepth(info))));
}

int64_t MostParts(int64_t k) {
  return std::min<int64_t>(kMostParts, std::max<int64_t>(1, CeilDiv(k, kTileDepth) / kLeastTilesOfPart));
}

/** Parts of K for a row, and the time with them. */
struct Parts {
  int64_t parts;
  double time;
};

Parts BestParts(const GemmKernelInfo& info, const DeviceKind& device, int64_t m, int64_t n, int64_t k,
                int64_t products = 1) {
  if (info.activations <= kMostSwapped) {
    // Bound by reading weights: enough blocks to ask for them.
    const int64_t tiles = CeilDiv(m, info.activations) * CeilDiv(n, info.weights);
    const int64_t parts = std::min(MostParts(k), CeilDiv(kStreamingBlocks * device.multiprocessors, tiles));
    return {parts, TimeOf(info, device, m, n, k, parts)};
  }
  Parts best = {1, TimeOf(info, device, m, n, k, 1, products)};
  // Blocks that go from unit to unit are full with any number of parts, those of a launch for each with few of them.
  for (int64_t parts = 2; parts <= MostParts(k); parts += info.wgmma ? 1 : parts) {
    const double time = TimeOf(info, device, m, n, k, parts, products);
    if (time < best.time) best = {parts, time};
  }
  return best;
}

}  // namespace

GemmPlan PlanGemm(const DeviceKind& device, int64_t m, int64_t n, int64_t k, int weight_bits,
                  const ForcedPlan& forced) {
  GemmPlan plan = {GemmKernel::kMatrixVector, 1, {1, 1, 1}, false};
  const bool is_forced = forced.kernel >= 0 && Takes(kGemmKernels[forced.kernel], m, k, weight_bits);
  // Of rows with equal times the later, larger one: it moves fewer bytes.
  double least = -1.0;
  for (const GemmKernelInfo& info : kGemmKernels) {
    const bool chosen =
        is_forced ? static_cast<int>(info.kernel) == forced.kernel
                  : Runs(info, device) && Takes(info, m, k, weight_bits) && Suits(info, device.architecture, m);
    if (!chosen || info.activations == 0) continue;
    const Parts parts = BestParts(info, device, m, n, k);
    if (least >= 0.0 && parts.time > least) continue;
    least = parts.time;
    plan.kernel = info.kernel;
    plan.parts = static_cast<int32_t>(parts.parts);
    plan.raster = RasterOf(info, m, n, k);
  }
  if (plan.kernel == GemmKernel::kMatrixVector) {
    // A block makes 16 columns, or 4 with its warps sharing K: the latter where blocks are few.
    plan.cut_k = CeilDiv(n, 16) < kStreamingBlocks * device.multiprocessors;
  } else if (forced.parts > 0) {
    plan.parts = static_cast<int32_t>(ForcedParts(InfoOf(plan.kernel), k, forced));
  }
  return plan;
}

GemmPlan PlanBatch(const DeviceKind& device, int64_t count, int64_t m, int64_t n, int64_t k, const ForcedPlan& forced) {
  GemmPlan plan = {GemmKernel::k64x64, 1, {1, 1, 1}, false};
  const int64_t vector_blocks = count * CeilDiv(n, 16);
  const bool vector_fits = m <= kMostVectorRows && vector_blocks <= INT32_MAX / 4;
  const bool is_vector = forced.kernel == static_cast<int>(GemmKernel::kMatrixVector);
  if (vector_fits && (is_vector || (forced.kernel < 0 && k >= kVectorDepth * m))) {
    return {GemmKernel::kMatrixVector, 1, {1, 1, 1}, vector_blocks < kStreamingBlocks * device.multiprocessors};
  }
  const bool is_forced = forced.kernel > 0 && Takes(kGemmKernels[forced.kernel], m, k, 8);
  double least = -1.0;
  for (const GemmKernelInfo& info : kGemmKernels) {
    if (info.activations == 0) continue;
    // Of short K the swapped ones take the fewest rows too.
    const bool fits = info.activations <= kMostSwapped ? m <= info.activations : Suits(info, device.architecture, m);
    const bool chosen =
        is_forced ? static_cast<int>(info.kernel) == forced.kernel : Runs(info, device) && Takes(info, m, k, 8) && fits;
    if (!chosen) continue;
    const double time = TimeOf(info, device, m, n, k, 1, count);
    if (least >= 0.0 && time > least) continue;
    least = time;
    plan.kernel = info.kernel;
    plan.raster = RasterOf(info, m, n, k);
  }
  return plan;
}

bool TakesGroups(GemmKernel kernel) {
  // Groups of few rows, whose weights are read once by a swapped tile; of some rows, whose ends leave less of a small
  // tile empty; of many. What is between two of them is not worth the kernels. The kernels of sm_90a copy boxes of
  // tensor maps, which end with all rows and not with a group's: the tiles of sm_80 do on sm_90 too. The matrix-vector
  // kernel has to be launched for a number of rows that the host knows.
  switch (kernel) {
    case GemmKernel::k16x128Swapped:
    case GemmKernel::k64x64:
    case GemmKernel::k128x128:
    case GemmKernel::kTuring32x64Swapped:
    case GemmKernel::kTuring64x64:
      return true;
    default:
      return false;
  }
}

GemmPlan PlanGroups(const DeviceKind& device, int64_t groups, int64_t m, int64_t n, int64_t k,
                    const ForcedPlan& forced) {
  // As if all groups that can have rows had as many, and each ended in the middle of a tile.
  const int64_t active = std::min(groups, m);
  const int64_t rows = CeilDiv(m, active);
  GemmPlan plan = {GemmKernel::k64x64, 1, {1, 1, 1}, false};
  const bool is_forced = forced.kernel >= 0 && TakesGroups(kGemmKernels[forced.kernel].kernel);
  double least = -1.0;
  for (const GemmKernelInfo& info : kGemmKernels) {
    const bool fits = info.activations > kMostSwapped || rows <= info.activations;
    const bool chosen = is_forced ? static_cast<int>(info.kernel) == forced.kernel : Runs(info, device) && fits;
    if (!chosen || !TakesGroups(info.kernel)) continue;
    const int64_t tiles = std::max(active, CeilDiv(m + active * (info.activations / 2), info.activations));
    const Parts parts = BestParts(info, device, tiles * info.activations, n, k);
    if (least >= 0.0 && parts.time > least) continue;
    // Groups of few rows are bound by reading weights, which tiles of more rows read no faster.
    least = info.activations <= kMostSwapped ? 0.0 : parts.time;
    const int64_t most = MostGroupTiles(m, groups, info.activations);
    plan = {info.kernel, static_cast<int32_t>(parts.parts), RasterOf(info, most * info.activations, n, k), false};
  }
  if (forced.parts > 0) plan.parts = static_cast<int32_t>(ForcedParts(InfoOf(plan.kernel), k, forced));
  return plan;
}

GemmPlan PlanPixels(const DeviceKind& device, int64_t groups, int64_t m, int64_t boxed_m, int64_t n, int64_t k,
                    const ForcedPlan& forced) {
  const auto takes = [boxed_m](const GemmKernelInfo& info) {
    return info.takes_pixels && (!info.wgmma || boxed_m > 0);
  };
  const bool is_forced = forced.kernel > 0 && takes(kGemmKernels[forced.kernel]);
  GemmPlan plan = {GemmKernel::k128x64, 1, {1, 1, 1}, false};
  double least = -1.0;
  for (const GemmKernelInfo& info : kGemmKernels) {
    if (!takes(info) || !Runs(info, device)) continue;
    if (is_forced && static_cast<int>(info.kernel) != forced.kernel) continue;
    const int64_t rows = info.wgmma ? boxed_m : m;
    const Parts parts = BestParts(info, device, rows, n, k, groups);
    if (least >= 0.0 && parts.time > least) continue;
    least = parts.time;
    plan = {info.kernel, static_cast<int32_t>(parts.parts), RasterOf(info, rows, n, k), false};
  }
  if (forced.parts > 0) plan.parts = static_cast<int32_t>(ForcedParts(InfoOf(plan.kernel), k, forced));
  return plan;
}

int64_t SplitSums(const GemmPlan& plan, int64_t products) {
  const GemmKernelInfo& info = InfoOf(plan.kernel);
  const int64_t tiles = products * plan.raster.by_activations * plan.raster.by_weights * info.cluster;
  return tiles * info.activations * info.weights;
}

int64_t SplitBytes(const GemmPlan& plan, int64_t products) {
  if (plan.parts == 1) return 0;
  const GemmKernelInfo& info = InfoOf(plan.kernel);
  const int64_t sums = SplitSums(plan, products);
  // Each consumer of a Hopper tile counts by itself.
  const int64_t counters = sums / (static_cast<int64_t>(info.activations) * info.weights) * (info.wgmma ? 2 : 1);
  return (sums + counters) * 4;
}

}  // namespace cuda
}  // namespace octet
