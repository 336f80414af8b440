// SPDX-License-Identifier: Apache-2.0
// The table of kernels and the reason for each of its rows. Nothing here has been measured: choices follow from counts
// of bytes and instructions (PERFORMANCE.md derives them) until a device is at hand.
//
// Where more than one row fits, the one with the least estimated time wins:
//
//     time  = waves * tile * (K of a part + fixed depth) / min(multiply-adds, shared memory, cache)
//     waves = ceil(tiles * parts / multiprocessors)
//
// and with parts, the time to add them up. tile: its sums; multiply-adds: a clock, of a multiprocessor; shared memory:
// the multiply-adds that its 128 bytes a clock (64 on sm_75) can feed, from the bytes that a tile's copies and
// fragments move for each of them; cache: the same of the bytes that copies read.
#include "cuda/gemm/heuristics.h"

#include <algorithm>

#include "cuda/gemm/groups.h"
#include "cuda/gemm/matrix_vector.h"
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
// Adding up parts of K: a tile's sums go to the second-level cache and come back, 8 bytes each. Where that cache's
// speed is not known, as much as another epilogue.
constexpr double kSumBytes = 8.0;
constexpr double kSplitDepth = 256.0;
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

// The second-level cache of an A100 gives 5120 bytes a clock, to 108 multiprocessors. Nobody says so of an H100's, for
// 132: taken to be the same.
constexpr double kCacheBytes = 5120.0;

/** Of a clock and multiprocessor: multiply-adds, bytes of shared memory, and of the second-level cache. */
struct Rates {
  double products;
  double shared_bytes;
  /** 0: not a limit that is known. */
  double cache_bytes;
};

Rates RatesOf(const GemmKernelInfo& info, int architecture) {
  switch (architecture) {
    case 75:
      return {1024.0, 64.0, 0.0};
    case 80:
      return {2048.0, 128.0, kCacheBytes / 108.0};
    case 86:
    case 87:
    case 89:
    case 120:
      return {1024.0, 128.0, 0.0};
    case 90:
      // mma.sync reaches some 60 % of what wgmma does.
      return {info.wgmma ? 4096.0 : 2458.0, 128.0, kCacheBytes / 132.0};
    default:
      return {2458.0, 128.0, 0.0};
  }
}

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

Raster RasterOf(const GemmKernelInfo& info, int64_t m, int64_t n, int64_t k) {
  Raster raster;
  const int64_t activations = info.activations * info.cluster;
  raster.by_activations = static_cast<int32_t>(CeilDiv(m, activations));
  raster.by_weights = static_cast<int32_t>(CeilDiv(n, info.weights));
  // Some 4 MB of activations stay in the second-level cache (6 MB on the smallest device) while weights go by.
  const int64_t rows = (int64_t{4} << 20) / std::max<int64_t>(1, k * activations);
  raster.band = static_cast<int32_t>(std::min<int64_t>(raster.by_activations, std::max<int64_t>(1, rows)));
  return raster;
}

double Throughput(const GemmKernelInfo& info, const Rates& rates) {
  const double warp = static_cast<double>(info.warp_activations + info.warp_weights) /
                      (static_cast<double>(info.warp_activations) * info.warp_weights);
  // Bytes of weights, and of activations.
  const double of_weights = (info.half_bytes ? 0.5 : 1.0) / info.activations;
  const double of_activations = 1.0 / info.weights;
  const double tile = of_weights + of_activations;
  const double least = std::min(rates.products, rates.shared_bytes / (warp + tile));
  if (rates.cache_bytes == 0.0) return least;
  // Blocks of a cluster read weights once for all of them.
  const double cached = of_activations + of_weights / info.cluster;
  return std::min(least, rates.cache_bytes / cached);
}

/** products: how many of the size. */
double TimeOf(const GemmKernelInfo& info, const DeviceKind& device, int64_t m, int64_t n, int64_t k, int64_t parts,
              int64_t products = 1) {
  const int64_t tiles = products * CeilDiv(m, info.activations * info.cluster) * CeilDiv(n, info.weights);
  const int64_t waves = CeilDiv(tiles * parts, device.multiprocessors / info.cluster);
  const Rates rates = RatesOf(info, device.architecture);
  const double throughput = Throughput(info, rates);
  double depth = static_cast<double>(CeilDiv(k, parts) + info.fixed_depth);
  if (parts > 1) depth += rates.cache_bytes == 0.0 ? kSplitDepth : kSumBytes * throughput / rates.cache_bytes;
  return static_cast<double>(waves * info.activations * info.weights) * depth / throughput;
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
