// SPDX-License-Identifier: Apache-2.0
// Pooling on checked arguments: images [N, H, W, C] of any strides.
#ifndef OCTET_CPU_POOL_H_
#define OCTET_CPU_POOL_H_

#include <cstdint>

#include "core/operand.h"

namespace octet {
namespace cpu {

/** How windows lie along one dimension of an image. */
struct PoolAxis {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;
  int64_t dilation = 1;

  /** Pixels from the first to the last tap. */
  int64_t reach() const { return dilation * (kernel - 1) + 1; }
};

struct PoolAxes {
  PoolAxis h;
  PoolAxis w;
};

/** x and out have the same type. */
void MaxPool2d(const TensorView& x, const PoolAxes& axes, const TensorView& out);

struct AvgPoolOptions {
  bool count_include_pad = false;
  /** 0: the number of elements. */
  int64_t divisor = 0;
};

/** Dilations are 1. */
void AvgPool2d(const Operand& x, const PoolAxes& axes, const AvgPoolOptions& options, const Operand& out);

void AdaptiveAvgPool2d(const Operand& x, const Operand& out);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_POOL_H_
