// SPDX-License-Identifier: Apache-2.0
// Checked arguments of pooling, as backends take them.
#ifndef OCTET_CORE_POOL_AXES_H_
#define OCTET_CORE_POOL_AXES_H_

#include <cstdint>

namespace octet {

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

struct AvgPoolOptions {
  bool count_include_pad = false;
  /** 0: the number of elements. */
  int64_t divisor = 0;
};

}  // namespace octet

#endif  // OCTET_CORE_POOL_AXES_H_
