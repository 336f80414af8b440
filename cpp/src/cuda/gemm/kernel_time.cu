// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm/kernel_time.h"

#include <algorithm>

namespace octet {
namespace cuda {
namespace {

// Adding up parts of K: a tile's sums go to the second-level cache and come back, 8 bytes each. Where that cache's
// speed is not known, as much as another epilogue.
constexpr double kSumBytes = 8.0;
constexpr double kSplitDepth = 256.0;

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

}  // namespace

double TimeOf(const GemmKernelInfo& info, const DeviceKind& device, int64_t m, int64_t n, int64_t k, int64_t parts,
              int64_t products) {
  const int64_t tiles = products * CeilDiv(m, info.activations * info.cluster) * CeilDiv(n, info.weights);
  // A part of a device may have fewer multiprocessors than a cluster has blocks.
  const int64_t clusters = std::max<int64_t>(1, device.multiprocessors / info.cluster);
  const int64_t waves = CeilDiv(tiles * parts, clusters);
  const Rates rates = RatesOf(info, device.architecture);
  const double throughput = Throughput(info, rates);
  double depth = static_cast<double>(CeilDiv(k, parts) + info.fixed_depth);
  if (parts > 1) depth += rates.cache_bytes == 0.0 ? kSplitDepth : kSumBytes * throughput / rates.cache_bytes;
  return static_cast<double>(waves * info.activations * info.weights) * depth / throughput;
}

}  // namespace cuda
}  // namespace octet
