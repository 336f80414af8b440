// SPDX-License-Identifier: Apache-2.0
// Which kernel makes a product, and in how many parts of K.
#ifndef OCTET_CUDA_GEMM_HEURISTICS_H_
#define OCTET_CUDA_GEMM_HEURISTICS_H_

#include <cstdint>

#include "cuda/gemm/raster.h"

namespace octet {
namespace cuda {

/** What plans depend on. */
struct DeviceKind {
  /** 10 * major + minor. */
  int architecture;
  int multiprocessors;
  /** Whether it launches clusters of blocks. */
  bool clusters;
};

/** In the order of kGemmKernels. */
enum class GemmKernel {
  kMatrixVector,
  k16x128Swapped,
  k32x64Swapped,
  k64x64,
  k128x64,
  k256x64Pixels,
  k128x128,
  k128x128Shallow,
  k256x128,
  kTuring32x64Swapped,
  kTuring64x64,
  kTuring128x128,
  kHopper128x256,
  kHopper128x128Turns,
  kHopper128x256Cluster,
  kHopper128x256HalfBytes,
};

/**
 * Start of the pipeline, epilogue and launch of a tile, in K of its main loop, where another block multiplies
 * meanwhile: of the order of the latency of memory (1 microsecond) and of 16 I2F a clock. An estimate.
 */
constexpr int kFixedDepth = 256;

struct GemmKernelInfo {
  GemmKernel kernel;
  const char* name;
  /** Architectures from..to that it is compiled and meant for. */
  int from;
  int to;
  /** Tile and warp tile: activations by weights. No tile: 0. */
  int activations;
  int weights;
  int warp_activations;
  int warp_weights;
  /** Whether there is one for convolutions too. */
  bool takes_pixels;
  /** Products of warpgroups (wgmma) and TMA copies: a K that is not empty, and weights of one number of bits. */
  bool wgmma = false;
  /** Blocks of a cluster, whose tiles are one below the other. */
  int cluster = 1;
  /** Of wgmma: weights have 4 bits, not 8. */
  bool half_bytes = false;
  /** What a tile takes besides its K, in K of its main loop. */
  int fixed_depth = kFixedDepth;
  /** Whether there is one for products of matrices. */
  bool takes_rows = true;
};

constexpr int kGemmKernelCount = 16;
extern const GemmKernelInfo kGemmKernels[kGemmKernelCount];

/** Whether a device has a kernel. */
bool Runs(const GemmKernelInfo& info, const DeviceKind& device);

inline const GemmKernelInfo& InfoOf(GemmKernel kernel) { return kGemmKernels[static_cast<int>(kernel)]; }

struct GemmPlan {
  GemmKernel kernel;
  /** Parts of K. */
  int32_t parts;
  /** Of a kernel with tiles. */
  Raster raster;
  /** A block's warps share their columns: of the matrix-vector kernel. */
  bool cut_k;
};

/** A choice made by a test or a benchmark. */
struct ForcedPlan {
  /** -1: none. */
  int kernel = -1;
  /** 0: as the heuristics say. */
  int parts = 0;
};

/** m and n > 0; weight_bits: on the device. A forced kernel that can't make the product is left out of account. */
GemmPlan PlanGemm(const DeviceKind& device, int64_t m, int64_t n, int64_t k, int weight_bits, const ForcedPlan& forced);

/** Of `count` > 1 products in one launch, in one part of K each. */
GemmPlan PlanBatch(const DeviceKind& device, int64_t count, int64_t m, int64_t n, int64_t k, const ForcedPlan& forced);

/** Whether a kernel has a form for groups of rows. */
bool TakesGroups(GemmKernel kernel);

/**
 * Of m rows in `groups` groups, each with weights of its own, whose sizes nobody knows: the raster has as many rows of
 * tiles as there can be.
 */
GemmPlan PlanGroups(const DeviceKind& device, int64_t groups, int64_t m, int64_t n, int64_t k,
                    const ForcedPlan& forced);

/**
 * Of a convolution: for each of `groups` groups m pixels, n output channels, k of taps and channels. boxed_m: pixels of
 * whole boxes, for kernels that copy those; 0: they can't. A kernel that takes none is not forced.
 */
GemmPlan PlanPixels(const DeviceKind& device, int64_t groups, int64_t m, int64_t boxed_m, int64_t n, int64_t k,
                    const ForcedPlan& forced);

/** Sums of all tiles of `products` products that have parts of K. */
int64_t SplitSums(const GemmPlan& plan, int64_t products);

/** Bytes of these sums and of the counters after them; 0 with one part. */
int64_t SplitBytes(const GemmPlan& plan, int64_t products = 1);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HEURISTICS_H_
