// SPDX-License-Identifier: Apache-2.0
#include "cpu/thread_pool.h"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace octet {
namespace cpu {
namespace {

// How often a thread looks for news before it sleeps: some 20 microseconds, about what waking a sleeper costs.
constexpr int kSpins = 2000;

inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

int InitialThreads() {
  if (const char* wanted = std::getenv("OCTET_NUM_THREADS")) {
    char* end = nullptr;
    const long value = std::strtol(wanted, &end, 10);
    if (end != wanted && *end == '\0' && value >= 1 && value <= kMaxThreads) return static_cast<int>(value);
  }
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count >= 1) return count < kMaxThreads ? count : kMaxThreads;
  }
  const unsigned count = std::thread::hardware_concurrency();
  return count >= 1 && count < kMaxThreads ? static_cast<int>(count) : 1;
}

std::atomic<int>& ThreadSetting() {
  static std::atomic<int> setting(InitialThreads());
  return setting;
}

class Pool {
 public:
  void Run(int64_t count, int threads, void (*body)(void*, int64_t), void* context) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    const int wanted = static_cast<int>(count < threads ? count : threads) - 1;
    const int helpers = turn.owns_lock() ? StartWorkers(wanted) : 0;
    if (helpers == 0) {
      for (int64_t item = 0; item < count; ++item) body(context, item);
      return;
    }
    body_ = body;
    context_ = context;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      tickets_.store(static_cast<uint64_t>(helpers), std::memory_order_release);
    }
    wake_.notify_all();
    TakeItems();
    // Nothing is left for workers that have not come yet: only those at work are waited for.
    tickets_.fetch_and(kAtWork, std::memory_order_acq_rel);
    WaitForHelpers();
  }

  int started() const { return started_.load(std::memory_order_relaxed); }

  void Stop() {
    std::lock_guard<std::mutex> turn(turn_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_.store(true, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    started_.store(0, std::memory_order_relaxed);
  }

 private:
  // tickets_: how many workers may still join the job, and in the upper half how many are at work on it.
  static constexpr uint64_t kOpen = 0xffffffffu;
  static constexpr uint64_t kAtWork = kOpen << 32;
  static constexpr uint64_t kOneAtWork = uint64_t{1} << 32;

  /** Brings the number of workers up to `wanted`, if it can, and returns how many of them may be used. */
  int StartWorkers(int wanted) {
    if (stopping_.load(std::memory_order_relaxed)) return 0;
    while (static_cast<int>(workers_.size()) < wanted) {
      try {
        workers_.emplace_back([this] { Work(); });
        started_.fetch_add(1, std::memory_order_relaxed);
      } catch (const std::system_error&) {
        break;
      } catch (const std::bad_alloc&) {
        break;
      }
    }
    const int have = static_cast<int>(workers_.size());
    return have < wanted ? have : wanted;
  }

  void TakeItems() {
    for (int64_t item = next_.fetch_add(1, std::memory_order_relaxed); item < count_;
         item = next_.fetch_add(1, std::memory_order_relaxed)) {
      body_(context_, item);
    }
  }

  void WaitForHelpers() {
    const auto all_back = [this] { return tickets_.load(std::memory_order_acquire) == 0; };
    for (int spin = 0; spin < kSpins; ++spin) {
      if (all_back()) return;
      Pause();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, all_back);
  }

  /** Turns an open ticket, if there is one, into a worker at work. */
  bool Join() {
    uint64_t tickets = tickets_.load(std::memory_order_acquire);
    while ((tickets & kOpen) != 0) {
      if (tickets_.compare_exchange_weak(tickets, tickets - 1 + kOneAtWork, std::memory_order_acq_rel)) return true;
    }
    return false;
  }

  void Work() {
    const auto news = [this] {
      return (tickets_.load(std::memory_order_acquire) & kOpen) != 0 || stopping_.load(std::memory_order_acquire);
    };
    for (;;) {
      for (int spin = 0; spin < kSpins && !news(); ++spin) Pause();
      if (!news()) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, news);
      }
      if (Join()) {
        TakeItems();
        if (tickets_.fetch_sub(kOneAtWork, std::memory_order_acq_rel) == kOneAtWork) {
          // Under the lock, or a caller between its last look and its sleep would miss the call.
          std::lock_guard<std::mutex> lock(mutex_);
          done_.notify_one();
        }
      } else if (stopping_.load(std::memory_order_acquire)) {
        return;
      }
    }
  }

  /** Held by the call whose job the workers run. */
  std::mutex turn_;
  std::vector<std::thread> workers_;
  std::atomic<int> started_{0};

  // The job. Written while no worker is at work and no ticket open.
  void (*body_)(void*, int64_t) = nullptr;
  void* context_ = nullptr;
  int64_t count_ = 0;
  alignas(64) std::atomic<int64_t> next_{0};
  alignas(64) std::atomic<uint64_t> tickets_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<bool> stopping_{false};
};

// The pool itself is never destroyed: threads that still call the library while the process ends find a pool without
// workers.
alignas(Pool) char pool_memory[sizeof(Pool)];
std::atomic<bool> pool_exists{false};

Pool& ThePool() {
  static Pool* pool = [] {
    Pool* created = new (pool_memory) Pool;
    pool_exists.store(true, std::memory_order_release);
    return created;
  }();
  return *pool;
}

/** Ends the workers when the library is unloaded, before their code goes. */
struct StopAtUnload {
  ~StopAtUnload() {
    if (pool_exists.load(std::memory_order_acquire)) ThePool().Stop();
  }
};
StopAtUnload stop_at_unload;

thread_local int caller_threads = 0;

}  // namespace

int NumThreads() { return ThreadSetting().load(std::memory_order_relaxed); }

void SetNumThreads(int num_threads) { ThreadSetting().store(num_threads, std::memory_order_relaxed); }

void SetCallerThreads(int num_threads) { caller_threads = num_threads; }

int CallThreads() { return caller_threads > 0 ? caller_threads : NumThreads(); }

int StartedWorkers() { return pool_exists.load(std::memory_order_acquire) ? ThePool().started() : 0; }

void RunItems(int64_t count, void (*body)(void* context, int64_t item), void* context) {
  const int threads = CallThreads();
  if (count < 2 || threads < 2) {
    for (int64_t item = 0; item < count; ++item) body(context, item);
    return;
  }
  ThePool().Run(count, threads, body, context);
}

}  // namespace cpu
}  // namespace octet
