// SPDX-License-Identifier: Apache-2.0
#include "timing.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace octet {
namespace bench {
namespace {

constexpr int kRuns = 20;
constexpr int kGlances = 3;
constexpr int kWarmUps = 3;

}  // namespace

Timer::Timer(bool timed, int64_t cache_bytes) {
  if (!timed) return;
  flushed_ = std::make_unique<Memory>(static_cast<size_t>(2 * cache_bytes));
  BENCH_CHECK(cudaEventCreate(&before_));
  BENCH_CHECK(cudaEventCreate(&after_));
  for (int run = 0; run < kWarmUps; ++run) flush_time_ = Between(1, [&] { Flush(); });
}

Timer::~Timer() {
  if (before_ != nullptr) cudaEventDestroy(before_);
  if (after_ != nullptr) cudaEventDestroy(after_);
}

void Timer::Flush() const { BENCH_CHECK(cudaMemsetAsync(flushed_->data(), 0, flushed_->bytes(), nullptr)); }

double Timer::Between(int flushes, const std::function<void()>& call) const {
  for (int i = 0; i < flushes; ++i) Flush();
  BENCH_CHECK(cudaEventRecord(before_, nullptr));
  call();
  BENCH_CHECK(cudaEventRecord(after_, nullptr));
  BENCH_CHECK(cudaEventSynchronize(after_));
  float milliseconds = 0.0f;
  BENCH_CHECK(cudaEventElapsedTime(&milliseconds, before_, after_));
  return 1000.0 * static_cast<double>(milliseconds);
}

double Timer::Run(int runs, const std::function<void()>& call) const {
  if (!timed()) {
    call();
    BENCH_CHECK(cudaDeviceSynchronize());
    return 0.0;
  }
  double host_time = 0.0;
  for (int run = 0; run < kWarmUps; ++run) {
    const auto start = std::chrono::steady_clock::now();
    call();
    host_time = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    BENCH_CHECK(cudaDeviceSynchronize());
  }
  // Twice the host's time: launches take longer now and then.
  const int flushes = 1 + static_cast<int>(2.0 * host_time / flush_time_);
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) times.push_back(Between(flushes, call));
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[static_cast<size_t>(runs / 2)];
}

double Timer::Median(const std::function<void()>& call) const { return Run(kRuns, call); }

double Timer::Glance(const std::function<void()>& call) const { return Run(kGlances, call); }

}  // namespace bench
}  // namespace octet
