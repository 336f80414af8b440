// SPDX-License-Identifier: Apache-2.0
// The benchmarks of octet_cuda_bench.
#ifndef OCTET_BENCH_CUDA_BENCH_H_
#define OCTET_BENCH_CUDA_BENCH_H_

#include "cuda_timing.h"

namespace octet {
namespace bench {

/** timed: else everything is run once, in small shapes. cold: what is written to make caches cold. */
void GemmBench(bool timed, const Memory& cold);
void AttentionBench(bool timed, const Memory& cold);
void FloatBench(bool timed, const Memory& cold);

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_BENCH_H_
