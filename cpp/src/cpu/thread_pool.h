// SPDX-License-Identifier: Apache-2.0
// Threads for one call: items 0..count-1 of a job are handed out to the calling thread and to parked workers.
//
// There is one set of workers in the process and one job at a time uses it. A call that finds it taken (other threads
// are in the library too) runs its items alone: it never waits for another call, so calls cannot wait for each other,
// and a machine whose callers are already as many as its CPUs is not asked for more threads.
#ifndef OCTET_CPU_THREAD_POOL_H_
#define OCTET_CPU_THREAD_POOL_H_

#include <cstdint>

namespace octet {
namespace cpu {

constexpr int kMaxThreads = 1024;

/** The process's setting. */
int NumThreads();
/** 1 <= num_threads <= kMaxThreads. */
void SetNumThreads(int num_threads);
/** What calls of this thread may use in place of NumThreads(); 0: that. 0 <= num_threads <= kMaxThreads. */
void SetCallerThreads(int num_threads);
/** The threads that a call of this thread may use, itself included. */
int CallThreads();

/** Workers that have been started and not yet ended. For tests. */
int StartedWorkers();

/**
 * Runs body(item) for every item in 0..count-1, each once, in any order, on up to CallThreads() threads, and returns
 * when all are done. body must not throw.
 */
void RunItems(int64_t count, void (*body)(void* context, int64_t item), void* context);

/** RunItems for a callable. */
template <typename Body>
void ParallelFor(int64_t count, const Body& body) {
  RunItems(
      count, [](void* context, int64_t item) { (*static_cast<const Body*>(context))(item); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_THREAD_POOL_H_
