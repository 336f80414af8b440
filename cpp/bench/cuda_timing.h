// SPDX-License-Identifier: Apache-2.0
// Memory and times of benchmarks on a CUDA device. Each run finds the second-level cache cold: memory twice its size is
// written before. Times are between CUDA events, the median of 20 runs.
#ifndef OCTET_BENCH_CUDA_TIMING_H_
#define OCTET_BENCH_CUDA_TIMING_H_

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "octet/octet.h"

namespace octet {
namespace bench {

constexpr int kRuns = 20;
constexpr int kWarmUps = 3;

#define BENCH_CHECK(call)                                                 \
  do {                                                                    \
    if ((call) != 0) {                                                    \
      std::fprintf(stderr, "%s failed: %s\n", #call, octet_last_error()); \
      std::exit(1);                                                       \
    }                                                                     \
  } while (false)

/** Memory of the device, filled with a byte. */
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) {
    BENCH_CHECK(cudaMalloc(&data_, std::max<size_t>(bytes, 1)));
    BENCH_CHECK(cudaMemset(data_, 1, bytes));
  }
  ~Memory() { cudaFree(data_); }
  Memory(const Memory&) = delete;
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_;
  void* data_ = nullptr;
};

constexpr DLDataType kS8 = {kDLInt, 8, 1};
constexpr DLDataType kF16 = {kDLFloat, 16, 1};
constexpr DLDataType kF32 = {kDLFloat, 32, 1};
constexpr DLDevice kHost = {kDLCPU, 0};
constexpr DLDevice kDevice = {kDLCUDA, 0};

struct Matrix {
  Matrix(void* data, DLDevice device, DLDataType type, int64_t rows, int64_t columns) : shape{rows, columns} {
    tensor = {data, device, 2, type, shape, nullptr, 0};
  }
  int64_t shape[2];
  DLTensor tensor;
};

/** 64-byte aligned memory of the host. */
struct alignas(64) Line {
  char bytes[64];
};

/** Median microseconds of a call; one run without a time where it can't be taken. */
template <typename Call>
double Time(bool timed, const Memory& cold, const Call& call) {
  cudaEvent_t before, after;
  BENCH_CHECK(cudaEventCreate(&before));
  BENCH_CHECK(cudaEventCreate(&after));
  std::vector<float> times;
  for (int run = 0; run < (timed ? kWarmUps + kRuns : 1); ++run) {
    if (timed) BENCH_CHECK(cudaMemsetAsync(cold.data(), run, cold.bytes(), nullptr));
    BENCH_CHECK(cudaEventRecord(before, nullptr));
    call();
    BENCH_CHECK(cudaEventRecord(after, nullptr));
    BENCH_CHECK(cudaEventSynchronize(after));
    float milliseconds = 0.0f;
    BENCH_CHECK(cudaEventElapsedTime(&milliseconds, before, after));
    if (run >= kWarmUps) times.push_back(milliseconds);
  }
  cudaEventDestroy(before);
  cudaEventDestroy(after);
  if (times.empty()) return 0.0;
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return 1000.0 * static_cast<double>(times[times.size() / 2]);
}

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_TIMING_H_
