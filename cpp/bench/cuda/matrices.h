// SPDX-License-Identifier: Apache-2.0
// Sizes of what is bound by memory.
#ifndef OCTET_BENCH_CUDA_MATRICES_H_
#define OCTET_BENCH_CUDA_MATRICES_H_

#include <cstdint>

namespace octet {
namespace bench {

struct Matrix {
  int64_t rows, columns;
};

/** One that a second-level cache holds, and one that none does. */
constexpr Matrix kMatrices[] = {{1024, 1024}, {8192, 4096}};
/** For devices whose time is short. */
constexpr Matrix kSmallMatrices[] = {{5, 70}};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_MATRICES_H_
