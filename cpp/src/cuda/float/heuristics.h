// SPDX-License-Identifier: Apache-2.0
// Which kernel makes a product of floats, and how many thread blocks share the K of a tile.
#ifndef OCTET_CUDA_FLOAT_HEURISTICS_H_
#define OCTET_CUDA_FLOAT_HEURISTICS_H_

#include <cstdint>

#include "cuda/gemm/heuristics.h"

namespace octet {
namespace cuda {

enum class FloatKernel { kVector, k64x64, k128x128 };

constexpr int kFloatKernelCount = 3;
/** Names that a choice is made by, in the order of FloatKernel. */
extern const char* const kFloatKernelNames[kFloatKernelCount];

struct FloatShape {
  int64_t m;
  int64_t n;
  int64_t k;
  /** Products of that size. */
  int64_t count;
  /** Blocks of K (numerics/product.h). */
  int64_t blocks;
  /** Whether the right operand is packed weights, with the kernel for few rows. */
  bool weights;
};

struct FloatPlan {
  FloatKernel kernel;
  int32_t parts;
  /** Of a kernel with tiles. */
  Raster raster;

  int side_parts() const { return kernel == FloatKernel::k128x128 ? 2 : 1; }
};

/** forced.kernel: a FloatKernel, which is taken where it can make the product. m, n > 0. */
FloatPlan PlanFloat(const DeviceKind& device, const FloatShape& shape, const ForcedPlan& forced);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_HEURISTICS_H_
