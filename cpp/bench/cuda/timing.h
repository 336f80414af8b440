// SPDX-License-Identifier: Apache-2.0
// Times of calls on a CUDA device, between events, with cold caches.
#ifndef OCTET_BENCH_CUDA_TIMING_H_
#define OCTET_BENCH_CUDA_TIMING_H_

#include <functional>
#include <memory>

#include "tensors.h"

namespace octet {
namespace bench {

/**
 * Times calls. Before each run memory of twice the size of the second-level cache is written: once at least, and as
 * often as keeps the device busy until the host has enqueued the call, so that the time between the events is that of
 * the device and not that of launches.
 */
class Timer {
 public:
  /** timed: else calls are run once and have no times. cache_bytes: of the second level. */
  Timer(bool timed, int64_t cache_bytes);
  ~Timer();
  Timer(const Timer&) = delete;

  bool timed() const { return flushed_ != nullptr; }

  /** Median microseconds of 20 runs after 3 others; 0 after one run where there are no times. */
  double Median(const std::function<void()>& call) const;

  /** Of 3 runs: to choose between calls. */
  double Glance(const std::function<void()>& call) const;

 private:
  double Run(int runs, const std::function<void()>& call) const;
  /** Between events, of work that is enqueued `flushes` times before and once between. */
  double Between(int flushes, const std::function<void()>& call) const;
  void Flush() const;

  std::unique_ptr<Memory> flushed_;
  double flush_time_ = 0.0;
  cudaEvent_t before_ = nullptr;
  cudaEvent_t after_ = nullptr;
};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_TIMING_H_
