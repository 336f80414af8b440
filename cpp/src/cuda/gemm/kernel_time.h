// SPDX-License-Identifier: Apache-2.0
// The estimated time of a kernel:
//
//     time  = waves * tile * (K of a part + fixed depth) / min(multiply-adds, shared memory, cache)
//     waves = ceil(tiles * parts / multiprocessors)
//
// and with parts, the time to add them up. tile: its sums; multiply-adds: a clock, of a multiprocessor; shared memory:
// the multiply-adds that its 128 bytes a clock (64 on sm_75) can feed, from the bytes that a tile's copies and
// fragments move for each of them; cache: the same of the bytes that copies read.
#ifndef OCTET_CUDA_GEMM_KERNEL_TIME_H_
#define OCTET_CUDA_GEMM_KERNEL_TIME_H_

#include <cstdint>

#include "cuda/gemm/heuristics.h"

namespace octet {
namespace cuda {

/** In clocks, of a kernel with tiles. products: how many of the size. */
double TimeOf(const GemmKernelInfo& info, const DeviceKind& device, int64_t m, int64_t n, int64_t k, int64_t parts,
              int64_t products = 1);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_KERNEL_TIME_H_
